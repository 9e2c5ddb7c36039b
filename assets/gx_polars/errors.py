"""Errors of the package, all of them about a suite, none about data.

Belongs here: the exceptions that a badly written expectation raises when it is checked or built.
Does not belong here: anything raised because of what a column holds; data never raises.
"""


class GxPolarsError(ValueError):
    """Base of all errors of this package."""


class UnsupportedExpectationError(GxPolarsError):
    """The expectation has no row-level or Polars implementation."""


class InvalidKwargsError(GxPolarsError):
    """The expectation's arguments cannot be satisfied or understood (``min_value > max_value``)."""


class InvalidRowConditionError(GxPolarsError):
    """The row condition cannot be read or uses something that Polars cannot evaluate."""
