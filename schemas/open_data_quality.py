"""Expectations as quality rules of the Open Data Contract Standard.

Belongs here: one rule of type `custom` for Great Expectations an expectation, its dimension, and
the rules of the standard's own library. Does not belong here: the rest of a contract's document
(`schemas.open_data_contract`).
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal

from schemas.table import Expectation, Table

ENGINE = "greatExpectations"

Impact = Literal["quarantine", "error", "warn"]
"""What follows where a rule is not met."""

_IMPACTS: Mapping[Impact, str] = {
    "quarantine": "A record that does not meet it is put into quarantine.",
    "error": "Publish is blocked until it is mended or waived.",
    "warn": "It is shown and published; nothing is blocked.",
}
_SEVERITIES = {"error": "error", "warn": "warning"}
_DIMENSIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("completeness", ("null",)),
    ("uniqueness", ("unique",)),
    ("consistency", ("_pair_", "multicolumn", "creasing", "other_table", "within_record")),
    ("coverage", ("row_count",)),
    (
        "accuracy",
        ("mean", "median", "quantile", "stdev", "_sum_", "z_scores", "divergence", "most_common"),
    ),
)
"""Dimension → parts of the names of its expectations; the first that fits. The rest conforms."""


def quality_rule(expectation: Expectation, *, impact: Impact | None) -> dict[str, Any]:
    """The rule that stands for an expectation; its implementation holds it word for word.

    Args:
        expectation: Row-level expectation or check of a contract.
        impact: What follows where it is not met; None where that is not for us to say.
    """
    kwargs = plain(expectation.kwargs)
    rule: dict[str, Any] = {
        "name": expectation.type.removeprefix("expect_"),
        "description": _in_words(expectation.type, kwargs),
        "type": "custom",
        "engine": ENGINE,
        "implementation": {"type": expectation.type, "kwargs": kwargs},
        "dimension": dimension(expectation.type),
        "severity": _SEVERITIES[expectation.severity],
    }
    if impact:
        rule["businessImpact"] = _IMPACTS[impact]
    if expectation.mend:
        rule["customProperties"] = [{"property": "mend", "value": expectation.mend}]
    return rule


def library_rules(table: Table, expectations: Iterable[Expectation]) -> list[dict[str, Any]]:
    """Rules of the standard's library that no expectation and no other key states.

    That a key of one column is unique is said by its property; a compound key has no such place.
    """
    is_said = any(
        each.type == "expect_compound_columns_to_be_unique"
        and sorted(each.kwargs.get("column_list", ())) == sorted(table.key)
        for each in expectations
    )
    if len(table.key) == 1 or table.history != "latest" or is_said:
        return []
    return [
        {
            "name": "key_is_unique",
            "description": f"The combination of {', '.join(table.key)} is unique.",
            "type": "library",
            "metric": "duplicateValues",
            "arguments": {"properties": list(table.key)},
            "mustBe": 0,
            "unit": "rows",
            "dimension": "uniqueness",
            "severity": "error",
        }
    ]


def dimension(expectation_type: str) -> str:
    """The standard's dimension of data quality that an expectation measures."""
    for name, parts in _DIMENSIONS:
        if any(part in expectation_type for part in parts):
            return name
    return "conformity"


def plain(value: Any) -> Any:
    """An argument as YAML and JSON can hold it: dates as ISO 8601, decimals as numbers."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _in_words(expectation_type: str, kwargs: Mapping[str, Any]) -> str:
    given = [
        f"{name} {_listed(value)}"
        for name, value in kwargs.items()
        if name not in {"column", "row_condition", "condition_parser"} and value is not None
    ]
    condition = kwargs.get("row_condition")
    sentence = expectation_type.replace("_", " ").capitalize()
    arguments = f": {'; '.join(given)}" if given else ""
    return f"{sentence}{arguments}{f', where {condition}' if condition else ''}."


def _listed(value: Any) -> str:
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
