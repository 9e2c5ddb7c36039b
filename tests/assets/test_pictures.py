import datetime as dt
import math

from hypothesis import given
from hypothesis import strategies as st

from assets.pictures import counts_by_day, escaped, sparkline

DAYS = [dt.date(2026, 3, day) for day in range(1, 5)]


def test_a_line_goes_from_zero_to_the_most() -> None:
    assert sparkline([0, 5, 10]) == "▁▅█"
    assert sparkline([90, 100]) == "▇█"


def test_missing_and_infinite_values_are_dots() -> None:
    assert sparkline([None, math.nan, math.inf, 1.0]) == "···█"


def test_no_values_and_only_zeros() -> None:
    assert sparkline([]) == ""
    assert sparkline([0, 0]) == "▁▁"


@given(st.lists(st.none() | st.floats()))
def test_one_character_a_value(values: list[float | None]) -> None:
    assert len(sparkline(values)) == len(values)


def test_counts_by_day_with_the_most_frequent_first() -> None:
    counts = {"rare": {DAYS[1]: 1}, "often": {DAYS[0]: 2, DAYS[3]: 4}, "never": {}}
    assert counts_by_day(counts, DAYS).splitlines() == [
        "| | 2026-03-01 … 2026-03-04 | rows | last met on |",
        "|---|---|---:|---|",
        "| often | `▅▁▁█` | 6 | 2026-03-04 |",
        "| rare | `▁█▁▁` | 1 | 2026-03-02 |",
        "| never | `▁▁▁▁` | 0 |  |",
    ]


def test_a_cell_stays_a_cell() -> None:
    assert escaped("a|b\nc") == "a\\|b c"
