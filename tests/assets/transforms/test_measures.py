"""Measures sum to the same integers on Polars and on DuckDB, from one definition."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.transforms.measures import Measure, counted_buckets, summed
from assets.transforms.measures_catalogue import all_measures
from assets.transforms.measures_survey import CXI_METRICS, MOMENT_CHOICES
from schemas.config.kpis import KpiConfig
from tests.assets.transforms.survey_frames import answers, choices

DAYS = [dt.date(2026, 1, 1), dt.date(2026, 1, 2), dt.date(2026, 1, 2), dt.date(2026, 1, 3)]
FACTS = {
    "answer": pl.concat(
        [
            answers("nps", [9, 0, float("nan"), None, 7.5, 11]),
            answers("csat", [1, 2, 5], weight=0.3),
            answers("ces", [1, 7, 3], weight=1 / 3),
            answers("nps", [9, 3, 7], is_customer=False, weight=0.1),
            *[answers(metric, [1, 4, 5], weight=0.7) for metric in CXI_METRICS],
            choices("moment_of_truth", [*MOMENT_CHOICES, None, "other"], weight=0.2),
            answers("repurchase_intent", [1, 5, 5], weight=1.7),
            answers("engagement", [1, None, 4], is_customer=False, weight=0.9),
            choices("comment", [None, None]),
            choices("sentiment", ["positive", "negative", "other", None], weight=0.6),
        ]
    ),
    "order": pl.DataFrame(
        {
            "ordered_on": DAYS,
            "net_fixed": pl.Series([10**17, 5, None, -7], dtype=pl.Int128),
            "cost_fixed": pl.Series([7, None, None, 3], dtype=pl.Int128),
            "has_lines": [True, True, False, True],
            "delivered_on": [DAYS[0], DAYS[0], None, DAYS[3]],
            "promised_on": [DAYS[0], None, DAYS[2], DAYS[0]],
            "is_return": [False, False, False, True],
            "is_return_known": [True, False, True, True],
            "is_cancelled": [False, False, True, False],
            "has_rate": [True, False, True, True],
            "country": ["FR", None, "DE", "FR"],
        }
    ).with_columns(pl.col("net_fixed", "cost_fixed").cast(pl.Decimal(38, 0))),
    "lead": pl.DataFrame(
        {
            "created_on": DAYS,
            "closed_on": [*DAYS[:2], None, None],
            "closed_or_created_on": DAYS,
            "outcome": ["won", "lost", "won", "open"],
            "country": ["FR", None, "DE", "FR"],
        }
    ),
    "invitation": pl.DataFrame(
        {
            "dated_on": DAYS,
            "delivered_on": [*DAYS[:3], None],
            "is_customer": [True, True, True, True],
            "is_answered": [True, False, True, False],
            "is_window_open": [False, False, True, None],
            "country": ["FR", None, "DE", "FR"],
        }
    ),
    "interaction": pl.DataFrame(
        {
            "opened_on": DAYS,
            "resolved_on": [*DAYS[:3], None],
            "first_response_seconds": [0, 90, None, -5],
            "resolution_seconds": [10**6, 0, -1, None],
            "first_response_business_seconds": [0, None, None, None],
            "resolution_business_seconds": [10**5, 0, None, None],
            "handle_seconds": [300, 0, None, -5],
            "cost_fixed": pl.Series([10**17, -5, None, 7], dtype=pl.Int128),
            "contact_count": [1, 2, None, 1],
            "reopen_count": [0, None, 1, None],
            "resolved_on_first_contact": [True, None, False, True],
            "country": ["FR", None, "DE", "FR"],
        }
    ).with_columns(pl.col("cost_fixed").cast(pl.Decimal(38, 0))),
}
MEASURES = {one.code: one for one in all_measures(KpiConfig())}


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def _texts(frame: pl.DataFrame) -> pl.DataFrame:
    """Every value as text: engines name their wide integers differently."""
    return frame.with_columns(pl.all().cast(pl.String)).sort(pl.all())


def _on_duckdb(relation: Any) -> pl.DataFrame:
    return pl.DataFrame(relation.to_arrow_table())


@pytest.mark.parametrize("measure", MEASURES.values(), ids=list(MEASURES))
def test_sums_are_the_same_on_duckdb(
    measure: Measure, connection: duckdb.DuckDBPyConnection
) -> None:
    fact = FACTS[measure.fact]
    relation: Any = connection.from_arrow(fact.to_arrow())
    right = summed(fact.lazy(), measure, ["country"]).collect()
    found = _on_duckdb(summed(relation, measure, ["country"]))
    assert right.height > 0
    assert_frame_equal(_texts(found.select(right.columns)), _texts(right))


@pytest.mark.parametrize(
    "measure", [m for m in MEASURES.values() if m.has_histogram], ids=lambda m: m.code
)
def test_histograms_are_the_same_on_duckdb(
    measure: Measure, connection: duckdb.DuckDBPyConnection
) -> None:
    fact = FACTS[measure.fact]
    relation: Any = connection.from_arrow(fact.to_arrow())
    right = counted_buckets(fact.lazy(), measure, ["country"]).collect()
    found = _on_duckdb(counted_buckets(relation, measure, ["country"]))
    assert right.height > 0
    assert_frame_equal(_texts(found.select(right.columns)), _texts(right))


def test_the_first_reason_that_holds_excludes_a_row() -> None:
    sums = summed(FACTS["order"].lazy(), MEASURES["transaction_value"], []).collect()
    names = ["counts", *MEASURES["transaction_value"].reasons]
    found = {
        names[reason]: n for reason, n in sums.group_by("reason").agg(pl.col("n").sum()).rows()
    }
    assert found == {"counts": 2, "cancelled": 1, "no_rate": 1}
