"""Expectations that work out only once what Great Expectations would ask them again and again.

Belongs here: :func:`remembering`, and why it is faster.
Does not belong here: what an expectation means or asks, which stays Great Expectations' own.

An expectation of GX builds its configuration anew, its model dumped and all, whenever any part of
it is read: some ninety times to validate once, which is most of what validating costs. The
variants made here are the same classes but for two answers that they keep: their configuration and
the metrics that they depend on. They are not registered, so that nobody else meets them.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from assets.gx_polars.great_expectations_api import (
    Expectation,
    ExpectationConfiguration,
    MetaExpectation,
    ModelMetaclass,
    PrivateAttr,
    get_expectation_impl,
)


class _KnownConfiguration(ExpectationConfiguration):
    """A configuration that knows the expectation it was read from."""

    def __init__(self, plain: ExpectationConfiguration, owner: Expectation) -> None:
        super().__init__(type=plain.type, kwargs=plain.kwargs, meta=plain.meta, id=plain.id)
        self.severity = plain.severity
        self._owner = owner

    def to_domain_obj(self) -> Expectation:
        """The expectation, instead of a new one like it."""
        return self._owner


_BUILD_CONFIGURATION: Final[Callable[[Expectation], Any]] = vars(Expectation)["configuration"].fget


def remembering(configuration: ExpectationConfiguration) -> Expectation:
    """The expectation of a configuration, as a variant that keeps its answers.

    Its arguments must not be changed afterwards.

    Raises:
        ValueError: If Great Expectations refuses the arguments.
    """
    variant = _variant(get_expectation_impl(configuration.type))
    return variant(
        id=configuration.id,
        meta=configuration.meta,
        severity=configuration.severity,
        **configuration.kwargs,
    )


def plain_configuration(expectation: Expectation) -> ExpectationConfiguration:
    """The expectation's configuration, as Great Expectations builds it."""
    built: ExpectationConfiguration = _BUILD_CONFIGURATION(expectation)
    return built


@cache
def _variant(original: type[Expectation]) -> type[Expectation]:
    def configuration(self: Any) -> ExpectationConfiguration:
        known = self._remembered
        if "configuration" not in known:
            known["configuration"] = _KnownConfiguration(plain_configuration(self), self)
        kept: ExpectationConfiguration = known["configuration"]
        return kept

    def get_validation_dependencies(self: Any, *args: Any, **kwargs: Any) -> Any:
        known = self._remembered
        if "dependencies" not in known:
            known["dependencies"] = original.get_validation_dependencies(self, *args, **kwargs)
        return known["dependencies"]

    # GX's own metaclass would register the variant, and its renderers, in place of the original
    variant: type[Expectation] = ModelMetaclass.__new__(
        MetaExpectation,
        original.__name__,
        (original,),
        {
            "__module__": __name__,
            "__qualname__": original.__qualname__,
            "_remembered": PrivateAttr(default_factory=dict),
            "configuration": property(configuration),
            "get_validation_dependencies": get_validation_dependencies,
        },
    )
    return variant
