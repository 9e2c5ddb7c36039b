"""Text of an extract is read exactly, or not at all."""

import datetime as dt
import zoneinfo
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.transforms.reading import read_as
from schemas.config.mapping import ColumnMap
from schemas.table import POLARS_TYPES, Column, ColumnType


def read(
    texts: list[str | None], kind: ColumnType, *, zone: str = "Europe/Paris", **options: Any
) -> list[Any]:
    spec = ColumnMap.model_validate({"from": "raw", **options})
    frame = pl.DataFrame({"raw": texts}, schema={"raw": pl.String})
    values = read_as(pl.col("raw"), Column("c", kind, "C."), spec, time_zone=zone)
    found = frame.select(values.alias("c")).to_series()
    assert found.dtype == POLARS_TYPES[kind]
    return found.to_list()


def one(text: str | None, kind: ColumnType, **options: Any) -> Any:
    """Read one text, amid others: columns are read whole."""
    return read([None, text, "junk"], kind, **options)[1]


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize("kind", POLARS_TYPES)
def test_no_text_gives_no_value(kind: ColumnType) -> None:
    assert read([None], kind) == [None]


def test_text_is_left_as_it_is() -> None:
    assert read(["007", " a ", "1.50"], "text") == ["007", " a ", "1.50"]


# --- numbers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("\u00a07", 7.0),
        ("007", 7.0),
        ("-2.5", -2.5),
        ("+3", 3.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
    ],
)
def test_plain_numbers(text: str, expected: float) -> None:
    assert one(text, "number") == expected
    assert one(text, "decimal") == Decimal(str(expected))


NO_NUMBERS = ["NaN", "nan", "inf", "-Infinity", "1e400", "", "-", "12abc", "0x10", "1_000", "1 2"]


@pytest.mark.parametrize("text", NO_NUMBERS)
@pytest.mark.parametrize("kind", ["number", "decimal", "integer"])
def test_what_is_no_finite_number_is_unreadable(text: str, kind: ColumnType) -> None:
    assert one(text, kind) is None


@pytest.mark.parametrize("kind", ["number", "decimal"])
@pytest.mark.parametrize(
    ("text", "expected"), [("1,5", 1.5), ("-0,25", -0.25), (",5", 0.5), ("12", 12.0)]
)
def test_decimal_comma(text: str, expected: float, kind: ColumnType) -> None:
    assert float(one(text, kind, decimal=",")) == expected


@pytest.mark.parametrize("text", ["1.5", "1.234,5", "1,5,5"])
def test_another_mark_is_not_guessed_at(text: str) -> None:
    assert one(text, "number", decimal=",") is None


@pytest.mark.parametrize("mark", [",", "'", "\u2019", " ", "\u00a0", "_"])
def test_thousands_marks(mark: str) -> None:
    texts = [f"1{mark}234", f"-1{mark}234{mark}567.25", f"12{mark}345", "1234567", ".5", "12"]
    expected = [1234.0, -1234567.25, 12345.0, 1234567.0, 0.5, 12.0]
    assert read([*texts], "number", thousands=mark) == expected


@pytest.mark.parametrize(
    "text", ["12,3", "1,23", "1234,567", ",123", "1,2345", "1,234,56", "1.234,567", "1,,234"]
)
@pytest.mark.parametrize("kind", ["number", "decimal", "integer"])
def test_wrongly_grouped_thousands_are_unreadable(text: str, kind: ColumnType) -> None:
    assert one(text, kind, thousands=",") is None


def test_blank_as_thousands_mark_takes_no_break_spaces_too() -> None:
    texts = ["1 234,5", "1\u00a0234,5", "1\u202f234,5"]
    assert read([*texts], "number", thousands=" ", decimal=",") == [1234.5] * 3


def test_point_as_thousands_mark() -> None:
    texts = ["1.234,50", "1.5", "1,5"]
    assert read([*texts], "number", thousands=".", decimal=",") == [1234.5, None, 1.5]


def test_whole_numbers() -> None:
    texts = ["7", "007", "7.0", "7.00", "-7", "7.5", "1e3", "9223372036854775807"]
    assert read([*texts], "integer") == [7, 7, 7, 7, -7, None, None, 2**63 - 1]


def test_a_whole_number_too_large_is_unreadable_and_does_not_wrap() -> None:
    assert one("9223372036854775808", "integer") is None
    assert one("9223372036854775807", "integer", multiply="10") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.12345", "0.1234"),
        ("0.12355", "0.1236"),
        ("-0.12345", "-0.1234"),
        ("1.00005", "1.0000"),
        ("1.99999", "2.0000"),
        ("0.1234500001", "0.1235"),
    ],
)
def test_money_beyond_four_decimals_is_rounded_half_to_even(text: str, expected: str) -> None:
    assert one(text, "decimal") == Decimal(expected)


@pytest.mark.parametrize(
    ("text", "factor", "expected"),
    [
        ("12345", "0.01", "123.4500"),
        ("1.99999", "100", "199.9990"),
        ("123456", "0.00001", "1.2346"),
        ("0.000001", "1000000", "1.0000"),
        ("0,5", "2", None),
    ],
)
def test_factors_are_exact(text: str, factor: str, expected: str | None) -> None:
    assert one(text, "decimal", multiply=factor) == (expected and Decimal(expected))


def test_whole_numbers_with_a_factor_are_rounded_not_cut() -> None:
    texts = ["1.5", "2.37", "0.0083", "0.0084", "0.025", "-0.02"]
    assert read([*texts], "integer", multiply="60") == [90, 142, 0, 1, 2, -1]


def test_numbers_with_a_factor_stay_finite() -> None:
    assert read(["1.5", "1e308"], "number", multiply="10") == [15.0, None]


@settings(max_examples=60, deadline=None)
@given(st.decimals(min_value=-(10**12), max_value=10**12, places=4), st.sampled_from(",. '"))
def test_money_comes_back_as_it_was_written(amount: Decimal, mark: str) -> None:
    decimal = "," if mark == "." else "."
    grouped = f"{amount:,.4f}".replace(",", "T").replace(".", decimal).replace("T", mark)
    assert one(grouped, "decimal", thousands=mark, decimal=decimal) == amount


# --- booleans


def test_booleans() -> None:
    yes, no = ["true", "T", " Yes ", "y", "1", "1.0"], ["FALSE", "f", "No", "n", "0", "0.0"]
    assert read([*yes], "boolean") == [True] * len(yes)
    assert read([*no], "boolean") == [False] * len(no)
    assert read(["2", "oui", "", "-1"], "boolean") == [None] * 4


# --- dates


def test_dates_are_iso_by_default() -> None:
    texts = ["2024-02-29", " 2024-02-29 ", "2023-02-29", "29/02/2024", "2024-02-29 00:00:00"]
    day = dt.date(2024, 2, 29)
    assert read([*texts], "date") == [day, day, None, None, None]


def test_several_date_formats_in_one_column() -> None:
    texts = ["31/03/2024", "2024-03-31", "31.03.2024 23:59", "20240331", "03/31/2024"]
    formats = ["%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y %H:%M", "%Y%m%d"]
    day = dt.date(2024, 3, 31)
    assert read([*texts], "date", format=formats) == [day, day, day, day, None]


def test_the_first_format_that_fits_is_taken() -> None:
    assert one("02/03/2024", "date", format=["%d/%m/%Y", "%m/%d/%Y"]) == dt.date(2024, 3, 2)
    assert one("02/03/2024", "date", format=["%m/%d/%Y", "%d/%m/%Y"]) == dt.date(2024, 2, 3)


@pytest.mark.parametrize(
    ("text", "form"),
    [("24-03-31", "%Y-%m-%d"), ("31/03/24", "%d/%m/%Y"), ("31/03/24 10:00", "%d/%m/%Y %H:%M")],
)
def test_two_digits_are_no_four_digit_year(text: str, form: str) -> None:
    assert one(text, "date", format=form) is None
    assert one(text, "instant", format=form) is None
    short = form.replace("%Y", "%y")
    assert one(text, "date", format=short) == dt.date(2024, 3, 31)
    assert one(text, "instant", format=short).date() >= dt.date(2024, 3, 30)


# --- instants


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-05T10:00:00Z", "2024-01-05T10:00:00"),
        ("2024-01-05T10:00:00.25Z", "2024-01-05T10:00:00.25"),
        ("2024-01-05T10:00:00+02:00", "2024-01-05T08:00:00"),
        ("2024-01-05T10:00:00-0530", "2024-01-05T15:30:00"),
        ("2024-01-05 10:00:00+02", "2024-01-05T08:00:00"),
        ("2024-07-05 10:00:00", "2024-07-05T08:00:00"),
        ("2024-01-05T10:00:00", "2024-01-05T09:00:00"),
        ("2024-01-05 10:00:00.123456", "2024-01-05T09:00:00.123456"),
        (" 2024-01-05 10:00 ", "2024-01-05T09:00:00"),
        ("2024-01-05", "2024-01-04T23:00:00"),
    ],
)
def test_iso_instants(text: str, expected: str) -> None:
    assert one(text, "instant") == utc(expected)


@pytest.mark.parametrize("text", ["", "2024-02-30 10:00:00", "10:00", "1704448800", "2024-01-05X"])
def test_what_is_no_instant_is_unreadable(text: str) -> None:
    assert one(text, "instant") is None


def test_the_zone_of_the_column_goes_before_the_companys() -> None:
    assert one("2024-01-05 10:00:00", "instant", time_zone="Asia/Tokyo") == utc("2024-01-05T01:00")


def test_formats_with_and_without_offset_in_one_column() -> None:
    formats = ["%d/%m/%Y %H:%M", "%Y-%m-%dT%H:%M:%S%z", "%d/%m/%Y"]
    texts = ["05/01/2024 10:00", "2024-01-05T10:00:00+0100", "05/01/2024", "2024-01-05"]
    nine = utc("2024-01-05T09:00")
    expected = [nine, nine, utc("2024-01-04T23:00"), None]
    assert read([*texts], "instant", format=formats) == expected


REPEATED, SKIPPED = "2024-10-27 02:30:00", "2024-03-31 02:30:00"


@pytest.mark.parametrize("form", [[], ["%Y-%m-%d %H:%M:%S"]])
@pytest.mark.parametrize(
    ("rule", "expected"),
    [("earliest", "2024-10-27T00:30"), ("latest", "2024-10-27T01:30"), ("quarantine", None)],
)
def test_the_repeated_hour(rule: str, expected: str | None, form: list[str]) -> None:
    found = one(REPEATED, "instant", repeated_hour=rule, skipped_hour="latest", format=form)
    assert found == (expected and utc(expected))


@pytest.mark.parametrize("form", [[], ["%Y-%m-%d %H:%M:%S"]])
@pytest.mark.parametrize(
    ("rule", "expected"),
    [("earliest", "2024-03-31T00:30"), ("latest", "2024-03-31T01:30"), ("quarantine", None)],
)
def test_the_skipped_hour(rule: str, expected: str | None, form: list[str]) -> None:
    found = one(SKIPPED, "instant", skipped_hour=rule, repeated_hour="quarantine", format=form)
    assert found == (expected and utc(expected))


def test_by_default_the_earlier_of_the_repeated_and_none_of_the_skipped_hour() -> None:
    assert read([REPEATED, SKIPPED], "instant") == [utc("2024-10-27T00:30"), None]


def test_a_day_that_a_zone_skips() -> None:
    """Samoa went from the 29th to the 31st of December 2011."""
    skipped = "2011-12-30 10:00:00"
    found = [one(skipped, "instant", zone="Pacific/Apia", skipped_hour=rule)
             for rule in ("earliest", "latest")]  # fmt: skip
    assert found == [utc("2011-12-29T20:00"), utc("2011-12-30T20:00")]


@settings(max_examples=60, deadline=None)
@given(
    st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2035, 1, 1)).map(  # noqa: DTZ001  local
        lambda local: local.replace(microsecond=0)
    ),
    st.sampled_from(["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
)
def test_local_times_are_as_python_has_them(local: dt.datetime, zone: str) -> None:
    here = zoneinfo.ZoneInfo(zone)
    early = local.replace(tzinfo=here, fold=0).astimezone(dt.UTC)
    late = local.replace(tzinfo=here, fold=1).astimezone(dt.UTC)
    exists = early.astimezone(here).replace(tzinfo=None) == local
    found = one(str(local), "instant", zone=zone)
    assert found == (min(early, late) if exists else None)
    for rule, pick in (("earliest", min), ("latest", max)):
        rules = {"repeated_hour": rule, "skipped_hour": rule}
        assert one(str(local), "instant", zone=zone, **rules) == pick(early, late)
