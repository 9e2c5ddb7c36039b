"""The one door to Great Expectations: every name of it that this package uses.

Belongs here: the import of Great Expectations and the warnings that it causes.
Does not belong here: anything else; other modules import GX's names from this one only.

Importing GX takes 5 to 10 seconds, so nothing that filters rows may import this module. No data
context is ever created, so GX writes no project files, and nothing is sent anywhere: reports of use
come from contexts only.
"""

import warnings

with warnings.catch_warnings():
    # GX 1.24 imports `sre_constants` and `sre_parse`, which the standard library has deprecated
    warnings.filterwarnings(
        "ignore", message=r"module 'sre_\w+' is deprecated", category=DeprecationWarning
    )
    import great_expectations.expectations.core  # registers expectations and their metrics
    from great_expectations.compatibility.pydantic import ModelMetaclass, PrivateAttr
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.core.batch import BatchData, BatchMarkers
    from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
    from great_expectations.execution_engine.execution_engine import ExecutionEngine
    from great_expectations.expectations.expectation import Expectation, MetaExpectation
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.expectations.metadata_types import FailureSeverity
    from great_expectations.expectations.metrics.metric_provider import MetricProvider
    from great_expectations.expectations.registry import (
        _registered_metrics as registered_metrics,
    )
    from great_expectations.expectations.registry import (
        get_expectation_impl,
        register_metric,
    )
    from great_expectations.validator.metric_configuration import MetricConfiguration
    from great_expectations.validator.validator import Validator

__all__ = [
    "BatchData",
    "BatchMarkers",
    "ExecutionEngine",
    "Expectation",
    "ExpectationConfiguration",
    "ExpectationValidationResult",
    "FailureSeverity",
    "MetaExpectation",
    "MetricConfiguration",
    "MetricPartialFunctionTypes",
    "MetricProvider",
    "ModelMetaclass",
    "PrivateAttr",
    "Validator",
    "get_expectation_impl",
    "great_expectations",
    "register_metric",
    "registered_metrics",
]
