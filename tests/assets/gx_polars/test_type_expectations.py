import polars as pl
import pytest

from assets.gx_polars.type_expectations import is_known_type, is_of_type
from assets.gx_polars.validation import validate


@pytest.mark.parametrize(
    ("dtype", "names"),
    [
        (pl.Int64(), ["Int64", "int64", "int", "integer", "number"]),
        (pl.Float32(), ["Float32", "float32", "float"]),
        (pl.String(), ["String", "str", "string", "Utf8"]),
        (pl.Enum(["a"]), ["Enum", "str", "category"]),
        (pl.Boolean(), ["Boolean", "bool"]),
        (pl.Date(), ["Date", "date"]),
        (pl.Datetime("us"), ["Datetime", "datetime", "datetime64[ns]"]),
        (pl.Decimal(18, 2), ["Decimal", "decimal", "Decimal(precision=18, scale=2)"]),
        (pl.List(pl.Int64), ["List", "list", "List(Int64)"]),
    ],
)
def test_a_dtype_has_these_names(dtype: pl.DataType, names: list[str]) -> None:
    for name in names:
        assert is_known_type(name)
        assert is_of_type(dtype, name), name


@pytest.mark.parametrize("name", ["Int32", "str", "Decimal(precision=18, scale=3)"])
def test_a_dtype_has_no_other_names(name: str) -> None:
    assert not is_of_type(pl.Int64(), name)


def test_type_expectations_observe_the_dtype() -> None:
    frame = pl.DataFrame({"x": [1]})
    suite = [
        {"type": "expect_column_values_to_be_in_type_list",
         "kwargs": {"column": "x", "type_list": ["str", "int"]}},
        {"type": "expect_column_type_to_be", "kwargs": {"column": "x", "type_": "Float64"}},
        {"type": "expect_column_values_to_be_in_type_list",
         "kwargs": {"column": "x", "type_list": None}},
    ]  # fmt: skip
    results = validate(frame, suite)
    assert [result.success for result in results] == [True, False, True]
    assert [result.result["observed_value"] for result in results] == ["Int64"] * 3
