"""Chunks are named by what is in them, and recent changes touch recent chunks."""

import dataclasses
import datetime as dt
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from assets.publish.content import Content
from assets.publish.postgres import chunks
from assets.publish.postgres.chunks import cut, index_key
from schemas.history_tables import KPI_VALUE_HISTORY
from schemas.table import Column
from schemas.warehouse import KPI_VALUE

KEY = ["kpi_code", "segment_set", "period_start", "period_grain", "segment_key"]
LATEST = dt.date(2026, 6, 30)


@pytest.fixture(autouse=True)
def no_least_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "LEAST_ROWS", 1)


def values(*rows: tuple[str, dt.date, float]) -> Content:
    frame = pl.DataFrame(rows, schema=["period_grain", "period_start", "value"], orient="row")
    known = {name: pl.lit("a") for name in ("kpi_code", "segment_set", "segment_key")}
    named = frame.with_columns(**known)
    missing = [name for name in KPI_VALUE.polars_schema() if name not in named.columns]
    whole = named.with_columns(pl.lit(None).alias(name) for name in missing)
    schema = KPI_VALUE.polars_schema()
    return Content(KPI_VALUE, whole.select(schema.names()).cast(schema))


def test_what_is_filtered_by_comes_first_in_the_key() -> None:
    assert list(index_key(KPI_VALUE)) == KEY


def test_recent_days_are_cut_finer_than_old_ones() -> None:
    first = dt.date(2023, 1, 1)
    days = [first + dt.timedelta(n) for n in range((LATEST - first).days + 1)]
    found = cut(values(*(("day", day, 1.0) for day in days)))
    assert list(found.names) == [
        "day-2023", "day-2024", "day-2025-q1", "day-2025-q2", "day-2025-q3", "day-2025-q4",
        *(f"day-2026-{month}" for month in range(1, 7)),
    ]  # fmt: skip


def test_an_ordinary_day_loads_recent_chunks_only() -> None:
    last = dt.date(2026, 6, 17)
    days = [("day", last - dt.timedelta(n), 1.0) for n in range(900)]
    weeks = [("week", dt.date(2026, 6, 15) - dt.timedelta(7 * n), 1.0) for n in range(120)]
    before = cut(values(*days, *weeks)).names
    this_week = ("week", dt.date(2026, 6, 15), 2.0)
    after = cut(values(("day", last + dt.timedelta(1), 1.0), *days, this_week, *weeks[1:])).names
    assert list(before) == list(after)
    assert [label for label in after if after[label] != before[label]] == [
        "day-2026-6", "week-2026-6",
    ]  # fmt: skip


def test_coarse_grains_are_cut_by_year_or_not_at_all() -> None:
    starts = [dt.date(year, 1, 1) for year in (2024, 2025, 2026)]
    grains = ("month", "quarter", "fiscal_year")
    found = cut(values(*((grain, start, 1.0) for grain in grains for start in starts)))
    assert list(found.names) == [
        "fiscal_year", "month-2024", "month-2025", "month-2026", "quarter",
    ]  # fmt: skip


def test_bounds_are_those_of_the_rows() -> None:
    found = cut(values(("week", dt.date(2026, 1, 5), 1.0), ("week", dt.date(2025, 3, 3), 2.0)))
    assert list(found.names) == ["week-2025-q1", "week-2026-1"]
    chunk = found.chunk("week-2026-1")
    assert chunk.bounds == {
        "period_grain": ("week", "week"),
        "period_start": (dt.date(2026, 1, 5), dt.date(2026, 1, 5)),
    }
    assert chunk.rows["value"].to_list() == [1.0]


def test_publishes_grow_together_as_they_grow_old() -> None:
    days = ((2024, 3, 1, 6), (2026, 5, 1, 6), (2026, 5, 2, 6), (2026, 6, 1, 6), (2026, 6, 1, 7))
    latest = ((2026, 6, 30, 6), (2026, 6, 30, 7))
    instants = [dt.datetime(*each, tzinfo=dt.UTC) for each in (*days, *latest)]
    schema = KPI_VALUE_HISTORY.polars_schema()
    rows = pl.DataFrame({"known_at": instants}).with_columns(
        pl.lit(None).alias(name) for name in schema if name != "known_at"
    )
    found = cut(Content(KPI_VALUE_HISTORY, rows.select(schema.names()).cast(schema)))
    assert list(found.names) == [
        "2024", "2026-05", "2026-06-01", "2026-06-30T06:00:00.000000", "2026-06-30T07:00:00.000000"
    ]  # fmt: skip


Rows = list[tuple[str, dt.date, float]]
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["day", "week", "year"]),
        st.dates(dt.date(2022, 1, 1), LATEST),
        st.floats(allow_nan=True),
    ),
    max_size=12,
    unique_by=lambda row: row[:2],
)


@settings(max_examples=40)
@given(ROWS, st.randoms(use_true_random=False))
def test_every_row_is_in_one_chunk_whatever_their_order(rows: Rows, random: Random) -> None:
    content = values(*rows)
    found = cut(content)
    parts = [found.chunk(label).rows for label in found.names]
    assert_frame_equal(pl.concat(parts).sort(KEY), content.rows.sort(KEY))
    shuffled = random.sample(rows, len(rows))
    assert cut(values(*shuffled)).names == found.names


@settings(max_examples=40)
@given(ROWS.filter(bool), st.floats(allow_nan=False))
def test_a_changed_row_renames_its_chunk_and_no_other(rows: Rows, value: float) -> None:
    before = cut(values(*rows)).names
    changed = values((*rows[0][:2], value), *rows[1:])
    after = cut(changed).names
    assert list(before) == list(after)
    differing = [label for label in before if before[label] != after[label]]
    is_same = changed.rows.equals(values(*rows).rows)
    assert len(differing) == (0 if is_same else 1)


def test_a_changed_contract_renames_chunks() -> None:
    content = values(("day", LATEST, 1.0))
    more = dataclasses.replace(
        KPI_VALUE, columns=(*KPI_VALUE.columns, Column("more", "text", "More."))
    )
    wider = Content(more, content.rows.with_columns(more=pl.lit("x")))
    assert not set(cut(content).names.values()) & set(cut(wider).names.values())


def test_a_table_without_rows_is_one_chunk() -> None:
    found = cut(Content(KPI_VALUE, KPI_VALUE.polars_schema().to_frame()))
    assert list(found.names) == ["all"]
    assert found.chunk("all").rows.height == 0
