"""Making the metrics known to Great Expectations.

Belongs here: the list of all metrics and their registration for one execution engine.
Does not belong here: how any metric is computed.

A metric is registered twice: ``<name>.aggregate_fn``, and ``<name>``, which has no function of its
own but depends on it, which is how Great Expectations learns that the engine computes it in a
bundle with all others. Every metric depends on its own ``aggregate_fn`` and on
nothing else, so that one bundle holds them all and one pass over the data serves it.
"""

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any, Final, Protocol, TypeAlias

import polars as pl

from assets.gx_polars.great_expectations_api import (
    ExecutionEngine,
    MetricPartialFunctionTypes,
    MetricProvider,
    register_metric,
    registered_metrics,
)
from assets.gx_polars.metrics import aggregates, distinct, distributions, table
from assets.gx_polars.metrics.map_conditions import map_metrics
from assets.gx_polars.metrics.metric import Found, Metric, SchemaMetric

METRICS: Final[dict[str, Metric]] = {
    metric.name: metric
    for metric in chain(
        map_metrics(),
        aggregates.METRICS,
        distinct.METRICS,
        distributions.METRICS,
        table.METRICS,
    )
}


SCHEMA_METRICS: Final[dict[str, SchemaMetric]] = {
    metric.name: metric for metric in table.SCHEMA_METRICS
}

EngineClass: TypeAlias = type[ExecutionEngine[Any]]


class Batches(Protocol):
    """What a metric asks of the engine."""

    def schema(self, domain_kwargs: Mapping[str, Any]) -> pl.Schema:
        """The schema of the table that a domain names."""


class PolarsMetricProvider(MetricProvider):
    """The provider of every metric of the engine; what differs is in the metrics themselves."""


def register_metrics(engine: EngineClass) -> None:
    """Register all metrics for the engine; those registered already are left alone."""
    for metric in METRICS.values():
        if _is_registered(metric.name, engine):
            continue
        # the keys are those that Great Expectations itself registered for the metric
        _register(engine, f"{metric.name}.{_SUFFIX}", _in_a_bundle, like=metric.name)
        _register(engine, metric.name, None, like=metric.name)
    for schema_metric in SCHEMA_METRICS.values():
        if not _is_registered(schema_metric.name, engine):
            _register(engine, schema_metric.name, _read(schema_metric), like=schema_metric.name)


_SUFFIX: Final = MetricPartialFunctionTypes.AGGREGATE_FN.metric_suffix


def _is_registered(name: str, engine: EngineClass) -> bool:
    return engine.__name__ in registered_metrics.get(name, {}).get("providers", {})


def _register(
    engine: EngineClass, name: str, provider: Callable[..., Any] | None, *, like: str
) -> None:
    known = registered_metrics.get(like, {})
    register_metric(
        metric_name=name,
        metric_domain_keys=tuple(known.get("metric_domain_keys", ())),
        metric_value_keys=tuple(known.get("metric_value_keys", ())),
        execution_engine=engine,
        metric_class=PolarsMetricProvider,
        metric_provider=provider,
    )


def _in_a_bundle(
    cls: type,  # noqa: ARG001 - Great Expectations passes it by this name
    metric_domain_kwargs: dict[str, Any],
    metric_value_kwargs: dict[str, Any],
    **_: object,
) -> tuple[None, dict[str, Any], dict[str, Any]]:
    """What to compute, to Great Expectations; the engine knows by the metric's name."""
    return None, metric_domain_kwargs, metric_value_kwargs


def _read(metric: SchemaMetric) -> Callable[..., Any]:
    def read(
        cls: type,  # noqa: ARG001 - Great Expectations passes it by this name
        execution_engine: Batches,
        metric_domain_kwargs: dict[str, Any],
        **_: object,
    ) -> Found:
        return metric.value(execution_engine.schema(metric_domain_kwargs))

    return read
