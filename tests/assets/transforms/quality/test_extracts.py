"""All checks together, on a company of two sources."""

import datetime as dt
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.transforms.quality.extracts import judge_extracts
from assets.transforms.quality.observed import (
    EXTRACTS,
    PARTITIONS,
    REDELIVERIES,
    REFUSALS,
    Observed,
)
from assets.transforms.quality.outcome import OUTCOME
from tests.assets.transforms.quality.frames import (
    categories,
    day,
    nulls,
    project,
    scores,
    shuffled,
    with_empty_chunks,
)

TABLES = {
    "erp_product": {"columns": {"product_id": "id", "name": "Name", "category": "Cat"}},
    "survey_answer": {"columns": {"response_id": "r", "question_id": "q", "score": "s"}},
}
DAYS = range(40)
AS_OF = day(39)


def company(**more: Any) -> Any:
    sources = {
        "shop": {"tables": TABLES},
        "fixed": {"files": {"path": "all.csv"}, "mode": "snapshot", "tables": {}},
    }
    return project(sources, **more)


def observed() -> Observed:
    columns = [{"name": "id", "type": "text"}]
    dates = [day(i) for i in DAYS]
    extracts = [(source, date, 100, columns) for source in ("shop", "fixed") for date in dates]
    parts = [(t, "shop", date, 100, 90, 10, 0) for t in TABLES for date in dates]
    reasons = [(t, "shop", date, "name", "expect_x", 10) for t in TABLES for date in dates]
    came = [(t, "shop", date, 90, 60) for t in TABLES for date in dates]
    return Observed(
        extracts=pl.DataFrame(extracts, schema=EXTRACTS, orient="row"),
        partitions=pl.DataFrame(parts, schema=PARTITIONS, orient="row"),
        refusals=pl.DataFrame(reasons, schema=REFUSALS, orient="row"),
        nulls=nulls(dict.fromkeys(DAYS, (90, 3))),
        categories=categories({i: {"a": 60, "b": 30} for i in DAYS}),
        scores=scores({i: [1, 2, 3, 4, 5] * 4 for i in DAYS}),
        redeliveries=pl.DataFrame(came, schema=REDELIVERIES, orient="row"),
    )


def test_every_check_of_every_source_and_table() -> None:
    found = judge_extracts(observed(), company(), as_of=AS_OF)
    assert found.schema == OUTCOME
    counts = found.group_by("asset", "check_name", "source", maintain_order=True).len()
    assert counts.rows() == [
        ("core/erp_product", "categories", "shop", 40),
        ("core/erp_product", "null_rate", "shop", 40),
        ("core/erp_product", "redelivered", "shop", 40),
        ("core/erp_product", "refused", "shop", 40),
        ("core/survey_answer", "redelivered", "shop", 40),
        ("core/survey_answer", "refused", "shop", 40),
        ("core/survey_answer", "scores", "shop", 40),
        ("raw/fixed", "columns", "fixed", 40),
        ("raw/fixed", "freshness", "fixed", 1),
        ("raw/shop", "columns", "shop", 40),
        ("raw/shop", "freshness", "shop", 1),
        ("raw/shop", "volume", "shop", 40),
    ]


def test_every_outcome_has_a_message_and_a_mend_where_one_is_due() -> None:
    found = judge_extracts(observed(), company(), as_of=AS_OF + dt.timedelta(days=1))
    assert set(found["status"]) == {"passed", "warn", "skipped"}
    assert found.select(pl.exclude("period_start").exclude(FIGURES).null_count().sum()).row(0) == (
        (0,) * (len(OUTCOME) - 1 - len(FIGURES))
    )
    is_due = pl.col("status").is_in(["warn", "error"])
    assert found.filter((pl.col("mend") != "") != is_due).is_empty()
    assert found.filter(pl.col("message") == "").is_empty()


FIGURES = ("observed", "lower_limit", "upper_limit", "rows_unexpected")


def test_an_outcome_is_there_once() -> None:
    found = judge_extracts(observed(), company(), as_of=AS_OF)
    key = ("asset", "check_name", "subject", "source", "period_grain", "period_start")
    assert found.select(key).is_duplicated().sum() == 0


def test_limits_of_a_source_come_before_those_of_a_table() -> None:
    quality = {
        "tables": {"erp_product": {"refused": {"warn_above": 0.2}}},
        "sources": {"shop": {"redelivered": {"warn_above": 0.8}}},
    }
    found = judge_extracts(observed(), company(quality=quality), as_of=AS_OF)
    upper = found.filter(pl.col("check_name").is_in(["refused", "redelivered"])).select(
        "asset", "check_name", "upper_limit", "status"
    )
    assert upper.unique(maintain_order=True).rows() == [
        ("core/erp_product", "redelivered", 0.8, "passed"),
        ("core/erp_product", "refused", 0.2, "passed"),
        ("core/survey_answer", "redelivered", 0.8, "passed"),
        ("core/survey_answer", "refused", 0.05, "warn"),
    ]


def test_nothing_observed_is_never_loaded() -> None:
    found = judge_extracts(Observed(), company(), as_of=AS_OF)
    assert found.select("asset", "check_name", "status").rows() == [
        ("raw/fixed", "freshness", "warn"),
        ("raw/shop", "freshness", "warn"),
    ]


def test_what_the_configuration_no_longer_has_is_not_judged() -> None:
    found = judge_extracts(observed(), project({"other": {"tables": TABLES}}), as_of=AS_OF)
    assert found["source"].to_list() == ["other"]


def test_whole_tables_come_again_every_day() -> None:
    sources = {"shop": {"mode": "snapshot", "tables": TABLES}}
    found = judge_extracts(observed(), project(sources), as_of=AS_OF)
    assert "redelivered" not in set(found["check_name"])


@pytest.mark.parametrize("change", [lambda frame: shuffled(frame, 1), with_empty_chunks])
def test_order_and_chunks_of_the_counts_do_not_matter(
    change: Callable[[pl.DataFrame], pl.DataFrame],
) -> None:
    plain = observed()
    names = [field.name for field in fields(Observed)]
    mixed = replace(plain, **{name: change(getattr(plain, name)) for name in names})
    assert_frame_equal(
        judge_extracts(mixed, company(), as_of=AS_OF),
        judge_extracts(plain, company(), as_of=AS_OF),
    )


def test_a_restated_day_changes_no_outcome_before_it() -> None:
    plain = observed()
    after = plain.nulls.with_columns(
        nulls=pl.when(pl.col("date") == day(30)).then(90).otherwise("nulls")
    )
    both = [
        judge_extracts(given, company(), as_of=AS_OF)
        for given in (plain, replace(plain, nulls=after))
    ]
    before = pl.col("period_start").is_null() | (pl.col("period_start") < day(30))
    is_other = pl.col("check_name") != "null_rate"
    assert_frame_equal(*(frame.filter(before | is_other) for frame in both))
    changed = [
        one["period_start"]
        for one, other in zip(*(frame.to_dicts() for frame in both), strict=True)
        if one != other
    ]
    assert changed == [day(i) for i in range(30, 40)]
