"""The grammar of mappings: short forms, and what is refused."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.config.mapping import ColumnMap, TableMap, Unpivot


def test_short_forms() -> None:
    mapping = TableMap.model_validate(
        {"columns": {"a": "raw"}, "custom": {"b": "other"}, "where": {"x": "1", "y": None}}
    )
    assert mapping.columns["a"] == ColumnMap.model_validate({"from": "raw"})
    assert mapping.custom["b"].source == "other"
    assert mapping.where == {"x": ("1",), "y": (None,)}
    spec = ColumnMap.model_validate({"from": "a", "format": "%Y", "null_values": "-"})
    assert (spec.format, spec.null_values) == (("%Y",), ("-",))


@pytest.mark.parametrize("value", ["x", 1, 1.5, True, False])
def test_constants_keep_their_type(value: Any) -> None:
    found = ColumnMap.model_validate({"value": value}).value
    assert (found, type(found)) == (value, type(value))


def test_a_factor_is_exact() -> None:
    assert ColumnMap.model_validate({"from": "a", "multiply": 0.01}).multiply == Decimal("0.01")


@pytest.mark.parametrize(
    ("given", "columns"),
    [
        ({"from": "a"}, ("a",)),
        ({"from": ["a", "b"]}, ("a", "b")),
        ({"template": "{a b}-{c}-{}"}, ("a b", "c")),
        ({"template": "plain"}, ()),
        ({"value": "{a}"}, ()),
    ],
)
def test_raw_columns(given: dict[str, Any], columns: tuple[str, ...]) -> None:
    assert ColumnMap.model_validate(given).raw_columns == columns


LOOKUP = {"source": "s", "match": "m", "take": "t"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "exactly one of"),
        ({"from": "a", "value": "b"}, "exactly one of"),
        ({"from": "a", "template": "{b}"}, "exactly one of"),
        ({"template": "{a}", "lookup": LOOKUP}, "needs `from`"),
        ({"from": "a", "lookup": {**LOOKUP, "aggregate": "mean"}}, "'sum'"),
        ({"from": "a", "time_zone": "Paris"}, "not an IANA time zone"),
        ({"from": "a", "decimal": ",", "thousands": ","}, "must differ"),
        ({"from": "a", "thousands": "."}, "must differ"),
        ({"from": "a", "thousands": ""}, "at least 1 character"),
        ({"from": "a", "thousands": "  "}, "at most 1 character"),
        ({"from": "a", "multiply": "0.0000000000001"}, "12 decimal places"),
        ({"from": "a", "repeated_hour": "first"}, "'earliest'"),
        ({"from": "a", "otherwise": "drop"}, "'quarantine'"),
        ({"from": "a", "formt": "%Y"}, "not permitted"),
    ],
)
def test_what_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ColumnMap.model_validate(given)


def test_an_unpivot_needs_a_column() -> None:
    with pytest.raises(ValidationError, match="at least one column"):
        Unpivot.model_validate({"null_values": ["-"]})
