import warnings
from typing import Any

import polars as pl
import pytest

from assets.gx_polars.errors import InvalidRowConditionError
from assets.gx_polars.great_expectations_api import great_expectations
from assets.gx_polars.row_conditions import rows_selected

FRAME = pl.DataFrame(
    {
        "n": [1, 2, None, 4],
        "s": ["a", "b", "a", None],
        "two words": [True, False, None, True],
        "m": [1, 1, 1, 5],
    }
)


def selected(**kwargs: object) -> list[bool]:
    rows = rows_selected(kwargs)
    assert rows is not None
    return FRAME.select(rows).to_series().to_list()


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('col("n") > 1', [0, 1, 0, 1]),
        ('col("n") == 2', [0, 1, 0, 0]),
        ('col("n") != 2', [1, 0, 1, 1]),
        ('col("s") == "a"', [1, 0, 1, 0]),
        ("col(\"s\") == 'a'", [1, 0, 1, 0]),
        ('col("n").notnull()', [1, 1, 0, 1]),
        ('col("n") <= 1.5', [1, 0, 0, 0]),
    ],
)
def test_the_grammar_of_great_expectations_is_read(condition: str, expected: list[int]) -> None:
    found = selected(row_condition=condition, condition_parser="great_expectations")
    assert found == [bool(row) for row in expected]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("n > 1", [0, 1, 0, 1]),
        ("1 < n", [0, 1, 0, 1]),
        ("1 <= n < 4", [1, 1, 0, 0]),
        ("n > 1 and s == 'b'", [0, 1, 0, 0]),
        ("(n > 3) | (s == 'b')", [0, 1, 0, 1]),
        ("not n > 1", [1, 0, 1, 0]),
        ("s in ['a', 'c']", [1, 0, 1, 0]),
        ("s not in ['a']", [0, 1, 0, 1]),
        ("n.isnull()", [0, 0, 1, 0]),
        ("s.notnull()", [1, 1, 1, 0]),
        ("`two words` == True", [1, 0, 0, 1]),
        ("`two words`", [1, 0, 0, 1]),
        ("n == m", [1, 0, 0, 0]),
        ("n != m", [0, 1, 1, 1]),
        ("n < m", [0, 0, 0, 1]),
    ],
)
def test_pandas_queries_are_read(condition: str, expected: list[int]) -> None:
    found = selected(row_condition=condition, condition_parser="pandas")
    assert found == [bool(row) for row in expected]
    # and pandas itself selects the same rows
    frame = FRAME.to_pandas()
    if "`two words`" not in condition:
        assert frame.query(condition, engine="python").index.tolist() == [
            index for index, row in enumerate(expected) if row
        ]


def test_condition_objects_are_read() -> None:
    with warnings.catch_warnings():
        # GX 1.24 imports the deprecated `sre_constants` on first use of its expectations
        warnings.simplefilter("ignore")
        from great_expectations.expectations.row_conditions import Column
    assert great_expectations is not None
    n, s = Column("n"), Column("s")
    cases: list[tuple[Any, list[int]]] = [
        (n > 1, [0, 1, 0, 1]),
        (n.is_null(), [0, 0, 1, 0]),
        (s.is_not_null(), [1, 1, 1, 0]),
        (s.is_in(["a"]), [1, 0, 1, 0]),
        (s.is_not_in(["a"]), [0, 1, 0, 1]),
        ((n > 1) & (s == "b"), [0, 1, 0, 0]),
        ((n > 3) | (s == "b"), [0, 1, 0, 1]),
    ]
    for condition, expected in cases:
        assert selected(row_condition=condition) == [bool(row) for row in expected]
        assert selected(row_condition=condition.dict()) == [bool(row) for row in expected]


@pytest.mark.parametrize("condition", [None, ""])
def test_no_condition_selects_all_rows(condition: str | None) -> None:
    assert rows_selected({"row_condition": condition}) is None


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"row_condition": "n > 1"}, "condition_parser None"),
        ({"row_condition": "n > 1", "condition_parser": "spark"}, "'spark'"),
        ({"row_condition": "n >", "condition_parser": "pandas"}, "no pandas query|not a pandas"),
        ({"row_condition": "n + 1 > 2", "condition_parser": "pandas"}, "no Polars form"),
        ({"row_condition": "f(n)", "condition_parser": "pandas"}, "no Polars form"),
        ({"row_condition": "n", "condition_parser": "great_expectations"}, "grammar"),
        ({"row_condition": 5}, "is a int"),
        ({"row_condition": {"type": "odd"}}, "'odd'"),
    ],
)
def test_a_condition_that_cannot_be_read_is_refused(kwargs: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRowConditionError, match=message):
        rows_selected(kwargs)
