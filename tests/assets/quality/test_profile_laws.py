"""However partitions come, change and go, the counts are those of a plain recount."""

import datetime as dt
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from assets.lake.layout import Lake
from assets.quality.profiles import observe
from assets.transforms.quality.observed import CATEGORIES, NULLS, REDELIVERIES, SCORES, Observed
from tests.assets.history.builder import Row, day, instant
from tests.assets.quality.lakes import project, put_core

LAWS = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
WINDOW = 3
COMPANY = project(
    "erp_product",
    "survey_response",
    "survey_answer",
    quality={"checks": {"redelivered": {"days": WINDOW}}},
)
NULLABLE = ("category", "family", "name")
SEGMENTS = ("category", "family")

texts = st.sampled_from(["x", "y", "", None])
products = st.lists(
    st.fixed_dictionaries(
        {"product_id": st.sampled_from("123"), "name": texts, "category": texts, "family": texts}
    ),
    max_size=3,
    unique_by=lambda row: row["product_id"],
)
responses = st.lists(
    st.fixed_dictionaries(
        {
            "response_id": st.sampled_from("rs"),
            "survey_id": st.sampled_from("AB"),
            "responded_at": st.just(instant("2026-03-01T08:00:00")),
        }
    ),
    max_size=2,
    unique_by=lambda row: row["response_id"],
)
answers = st.lists(
    st.fixed_dictionaries(
        {
            "response_id": st.sampled_from("rst"),
            "question_id": st.sampled_from("pq"),
            "score": st.sampled_from([1.0, 2.5, None]),
        }
    ),
    max_size=3,
    unique_by=lambda row: (row["response_id"], row["question_id"]),
)
contents = {"erp_product": products, "survey_response": responses, "survey_answer": answers}
changes = st.one_of(
    *(
        st.tuples(st.just(table), st.integers(0, 6), st.one_of(rows, rows, st.none()))
        for table, rows in contents.items()
    )
)

Core = Mapping[tuple[str, dt.date], Sequence[Row]]


def partitions(core: Core, table: str) -> Iterator[tuple[dt.date, Sequence[Row]]]:
    return ((date, rows) for (name, date), rows in sorted(core.items()) if name == table)


def frame(rows: list[tuple[Any, ...]], schema: pl.Schema) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema, orient="row")


def recounted(core: Core) -> dict[str, pl.DataFrame]:
    """The counts of products and scores, worked out row by row."""
    about = ("erp_product", "main")
    nulls, categories, redeliveries, scores = [], [], [], []
    known = dict(partitions(core, "erp_product"))
    for date, rows in known.items():
        nulls += [
            (*about, date, name, len(rows), sum(row[name] is None for row in rows))
            for name in NULLABLE
        ]
        for name in SEGMENTS:
            counts = Counter(row[name] for row in rows if row[name] is not None)
            categories += [(*about, date, name, value, n) for value, n in counts.items()]
        earlier = [known.get(date - dt.timedelta(days=back), ()) for back in range(1, WINDOW + 1)]
        again = sum(any(row in rows_of for rows_of in earlier) for row in rows)
        redeliveries.append((*about, date, len(rows), again))
    surveys = {
        (date, row["response_id"]): row["survey_id"]
        for date, rows in partitions(core, "survey_response")
        for row in rows
    }
    for date, rows in partitions(core, "survey_answer"):
        counts = Counter(
            (surveys.get((date, row["response_id"])), row["question_id"], row["score"])
            for row in rows
            if row["score"] is not None
        )
        scores += [("survey_answer", "main", date, *key, n) for key, n in counts.items()]
    return {
        "nulls": frame(nulls, NULLS),
        "categories": frame(categories, CATEGORIES),
        "redeliveries": frame(redeliveries, REDELIVERIES),
        "scores": frame(scores, SCORES),
    }


def assert_same(found: Observed, expected: Mapping[str, pl.DataFrame]) -> None:
    for name, rows in expected.items():
        counted = getattr(found, name)
        if name != "scores":
            counted = counted.filter(pl.col("table") == "erp_product")
        assert_frame_equal(counted, rows, check_row_order=False)


@LAWS
@given(st.lists(changes, min_size=1, max_size=6), st.integers(1, 3))
def test_counts_are_those_of_a_plain_recount(
    steps: list[tuple[str, int, list[Row] | None]], every: int
) -> None:
    folder = Path(tempfile.mkdtemp())
    core: dict[tuple[str, dt.date], Sequence[Row]] = {}
    try:
        lake = Lake(folder)
        for number, (table, on, rows) in enumerate(steps):
            if rows is None:
                core.pop((table, day(on)), None)
                lake.core(table, "main", day(on)).remove()
            else:
                core[table, day(on)] = rows
                put_core(lake, table, day(on), rows)
            if number % every == 0:
                assert_same(observe(lake, COMPANY), recounted(core))
        found = observe(lake, COMPANY)
        shutil.rmtree(folder / "quality", ignore_errors=True)
        fresh = observe(lake, COMPANY)
    finally:
        shutil.rmtree(folder)

    assert_same(found, recounted(core))
    for name in ("nulls", "categories", "scores", "redeliveries"):
        assert_frame_equal(getattr(found, name), getattr(fresh, name))
