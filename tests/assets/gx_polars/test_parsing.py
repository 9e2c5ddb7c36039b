import datetime as dt

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.gx_polars.parsing import is_dateutil_parseable, is_json_parseable, matches_strftime

FORMATS = ["%Y-%m-%d", "%d/%m/%Y", "%Y-%m-%d %H:%M:%S", "%Y%m%d", "%H:%M", "%d %b %Y", "%Y-%j"]
LOOSE = st.from_regex(r"[0-9]{1,4}[-/ ]?[0-9]{1,2}[-/ ]?[0-9]{0,4}( [0-9:]{4,8})?", fullmatch=True)
STRICT = st.datetimes(dt.datetime(1, 1, 1)).flatmap(  # noqa: DTZ001 - naive
    lambda moment: st.sampled_from(FORMATS).map(moment.strftime)
)


def by_python(text: str | None, strftime_format: str) -> bool:
    if text is None:
        return False
    try:
        dt.datetime.strptime(text, strftime_format)  # noqa: DTZ007 - only whether it parses
    except ValueError:
        return False
    return True


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | LOOSE | STRICT | st.text(max_size=5)), st.sampled_from(FORMATS))
def test_a_format_is_judged_as_strptime_judges_it(
    texts: list[str | None], strftime_format: str
) -> None:
    frame = pl.DataFrame({"x": texts}, schema={"x": pl.String})
    found = frame.select(matches_strftime(pl.col("x"), strftime_format)).to_series().to_list()
    assert [row is True for row in found] == [by_python(text, strftime_format) for text in texts]


def test_impossible_dates_and_trailing_texts_do_not_match() -> None:
    texts = ["2024-02-29", "2023-02-29", "2024-02-29\n", "0000-01-01", "2024-02-29T00:00"]
    frame = pl.DataFrame({"x": texts})
    found = frame.select(matches_strftime(pl.col("x"), "%Y-%m-%d")).to_series().to_list()
    assert found == [True, False, False, False, False]


def test_dateutil_reads_what_people_write() -> None:
    frame = pl.DataFrame({"x": ["5 January 2024", "2024-01-05T10:00Z", "99/99/99", "", None]})
    found = frame.select(is_dateutil_parseable(pl.col("x"))).to_series().to_list()
    assert found == [True, True, False, False, None]


def test_json_is_read_and_too_deep_json_is_not() -> None:
    frame = pl.DataFrame({"x": ["[1]", "1", "{'a': 1}", "[" * 100_000, None]})
    found = frame.select(is_json_parseable(pl.col("x"))).to_series().to_list()
    assert found == [True, True, False, False, None]
