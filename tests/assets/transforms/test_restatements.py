"""What a publish changes in what was published before, and the reasons that evidence leaves."""

import datetime as dt
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.transforms.restatements import (
    Differences,
    Since,
    differences,
    restatements,
    with_exclusions,
)
from schemas.warehouse import KPI_EXCLUSION, KPI_VALUE

MARCH = dt.date(2024, 3, 1)
FIRST = dt.datetime(2024, 4, 1, 6, tzinfo=dt.UTC)
KPIS = {
    "kpi_code": pl.String, "is_redefined": pl.Boolean, "changed_from": pl.Date,
    "has_new": pl.Boolean, "has_reloaded": pl.Boolean, "is_lookup_changed": pl.Boolean,
    "is_additive": pl.Boolean, "logical_dates": pl.String,
}  # fmt: skip
NOTHING = {
    "kpi_code": "nps", "is_redefined": False, "changed_from": None, "has_new": False,
    "has_reloaded": False, "is_lookup_changed": False, "is_additive": True, "logical_dates": None,
}  # fmt: skip


def row(**given: Any) -> dict[str, Any]:
    return {
        "kpi_code": "nps", "period_grain": "month", "period_start": MARCH,
        "period_end": dt.date(2024, 3, 31), "is_complete": True, "segment_set": "total",
        "segment_key": "all", "value": 10.0, "n": 4, "excluded": 1, "method_id": "nps-v1",
    } | given  # fmt: skip


def values(*rows: dict[str, Any]) -> pl.DataFrame:
    frame = pl.DataFrame([*rows], schema=KPI_VALUE.polars_schema())
    return with_exclusions(frame, KPI_EXCLUSION.polars_schema().to_frame())


def stamp(number: int) -> pl.DataFrame:
    known_at = FIRST + dt.timedelta(days=number)
    return pl.DataFrame(
        {"run_id": [f"run-{number}"], "known_at": [known_at], "publish_id": [f"p{number}"]}
    )


def nothing() -> pl.DataFrame:
    return values().with_columns(pl.lit(None, pl.String).alias("publish_id"))


def after(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> Differences:
    first = differences(nothing(), values(*before), stamp(0))
    return differences(first.values, values(*now), stamp(1))


def since(*, is_moved: bool = False, is_recut: bool = False, **given: Any) -> Since:
    kpis = pl.DataFrame([NOTHING | given], schema=KPIS)
    sets = pl.DataFrame(
        {
            "segment_set": ["total", "by_region"],
            "is_recut": [False, is_recut],
            "is_dimension_changed": [False, is_moved],
        }
    )
    return Since(kpis, sets)


def reasons(found: Differences, known: Since | None) -> list[tuple[Any, ...]]:
    rows = restatements(found, known).sort("segment_set", "segment_key", descending=True)
    return rows.select("segment_key", "reasons", "is_conclusive").rows()


NEW = {"changed_from": MARCH, "has_new": True}
AGAIN = {"changed_from": MARCH, "has_reloaded": True}


def test_everything_is_new_at_first() -> None:
    found = differences(nothing(), values(row(), row(kpi_code="csat")), stamp(0))
    assert found.appended.height == 2
    assert found.appended["is_withdrawn"].any() is False
    assert found.pairs.is_empty()
    assert found.values["known_at"].to_list() == [FIRST, FIRST]


def test_equal_rows_keep_their_stamps_and_append_nothing() -> None:
    same = [row(value=None), row(kpi_code="csat", ci_low=1.5)]
    found = after(same, same)
    assert found.appended.is_empty()
    assert found.pairs.is_empty()
    assert found.values["publish_id"].to_list() == ["p0", "p0"]
    assert found.values["known_at"].to_list() == [FIRST, FIRST]


def test_only_what_differs_is_appended() -> None:
    found = after([row(), row(kpi_code="csat")], [row(target=1.0), row(kpi_code="csat")])
    assert found.appended.select("kpi_code", "target", "publish_id").rows() == [("nps", 1.0, "p1")]
    assert found.values["run_id"].to_list() == ["run-1", "run-0"]
    assert restatements(found, None).is_empty()


def test_other_reasons_for_exclusion_are_a_difference() -> None:
    first = differences(nothing(), values(row()), stamp(0))
    given = {name: row()[name] for name in KPI_VALUE.key} | {"reason": 'no "score"', "count": 1}
    exclusions = pl.DataFrame([given], schema=KPI_EXCLUSION.polars_schema())
    full = with_exclusions(pl.DataFrame([row()], schema=KPI_VALUE.polars_schema()), exclusions)
    found = differences(first.values, full, stamp(1))
    assert found.appended["exclusions"].to_list() == ['{"no \\"score\\"":1}']


def test_a_row_that_is_gone_is_withdrawn_and_restated() -> None:
    found = after([row(), row(kpi_code="csat")], [row(kpi_code="csat")])
    withdrawn = found.appended.select("kpi_code", "value", "n", "is_withdrawn", "period_end")
    assert withdrawn.rows() == [("nps", None, None, True, dt.date(2024, 3, 31))]
    assert found.values["kpi_code"].to_list() == ["csat"]
    (restated,) = restatements(found, since(**NEW)).to_dicts()
    assert (restated["old_value"], restated["new_value"]) == (10.0, None)
    assert (restated["old_n"], restated["new_n"]) == (4, None)
    assert restated["reasons"] == "removed_rows"


def test_a_withdrawn_row_that_is_back_is_new() -> None:
    gone = after([row()], [])
    back = differences(gone.values, values(row()), stamp(2))
    assert back.appended.select("value", "publish_id").rows() == [(10.0, "p2")]
    assert back.pairs.is_empty()


def test_an_incomplete_period_is_not_restated() -> None:
    found = after([row(is_complete=False)], [row(value=20.0)])
    assert found.appended.height == 1
    assert restatements(found, since(**NEW)).is_empty()


def test_what_is_told_of_a_restatement() -> None:
    found = after([row()], [row(value=20.0, n=5)])
    (told,) = restatements(found, since(**NEW, logical_dates="2024-04-02")).to_dicts()
    assert told["old_known_at"] == FIRST
    assert told["known_at"] == FIRST + dt.timedelta(days=1)
    assert (told["old_publish_id"], told["publish_id"]) == ("p0", "p1")
    assert (told["old_n"], told["new_n"], told["old_excluded"], told["new_excluded"]) == (
        4,
        5,
        1,
        1,
    )
    assert told["logical_dates"] == "2024-04-02"


CASES = [
    pytest.param({"n": 5}, NEW, "late_rows", True, id="a later extract"),
    pytest.param({"excluded": 2}, NEW, "late_rows", True, id="a late row that is left out"),
    pytest.param({"n": 5}, AGAIN, "corrected_rows", True, id="an extract loaded again"),
    pytest.param({"n": 5}, NEW | AGAIN, "late_rows,corrected_rows", False, id="both"),
    pytest.param({"n": 3}, NEW, "removed_rows", True, id="rows are gone"),
    pytest.param({}, NEW, "corrected_rows", True, id="as many rows"),
    pytest.param({"method_id": "nps-v2"}, {}, "definition_change", True, id="method"),
    pytest.param({}, {"is_redefined": True}, "definition_change", True, id="parameters"),
    pytest.param(
        {"n": 5}, NEW | {"is_redefined": True}, "late_rows,definition_change", False,
        id="parameters and rows",
    ),
    pytest.param({"suppression": "min_n"}, NEW, "suppression", True, id="withheld since"),
    pytest.param(
        {"n": 5}, NEW | {"is_additive": False}, "late_rows,corrected_rows", False,
        id="followed over time",
    ),
    pytest.param(
        {}, {"is_lookup_changed": True}, "corrected_rows", True, id="a question's scale",
    ),
    pytest.param({"n": 5}, {}, "other", False, id="nothing is known to have changed"),
    pytest.param(
        {"n": 5}, NEW | {"changed_from": dt.date(2024, 4, 1)}, "other", False,
        id="only later months changed",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("change", "known", "expected", "is_conclusive"), CASES)
def test_reasons_of_the_total(
    change: dict[str, Any], known: dict[str, Any], expected: str, *, is_conclusive: bool
) -> None:
    found = after([row()], [row(**{"value": 20.0} | change)])
    assert reasons(found, since(**known)) == [("all", expected, is_conclusive)]


def test_nothing_is_claimed_without_evidence() -> None:
    assert reasons(after([row()], [row(value=1.0)]), None) == [("all", "other", False)]


def north(**given: Any) -> dict[str, Any]:
    return row(segment_set="by_region", segment_key="North", **given)


def test_a_customer_who_moved_changes_segments_and_not_the_total() -> None:
    found = after([row(), north()], [row(), north(value=20.0, n=3)])
    assert reasons(found, since(is_moved=True)) == [("North", "segment_change", True)]
    both = since(is_moved=True, **NEW)
    assert reasons(found, both) == [("North", "segment_change", True)]


def test_a_segment_and_its_total_may_change_for_several_reasons() -> None:
    found = after([row(), north()], [row(value=5.0, n=5), north(value=20.0, n=5)])
    assert reasons(found, since(is_moved=True, **NEW)) == [
        ("all", "late_rows", True),
        ("North", "late_rows,segment_change", False),
    ]


def test_an_event_that_carries_another_segment_now_is_a_corrected_row() -> None:
    found = after([row(), north()], [row(), north(value=20.0, n=5)])
    assert reasons(found, since(**NEW)) == [("North", "corrected_rows", True)]


def test_a_set_of_other_dimensions_is_another_definition() -> None:
    found = after([row(), north()], [row(), north(value=20.0)])
    assert reasons(found, since(is_recut=True)) == [("North", "definition_change", True)]


def test_columns_that_are_new_or_gone_do_not_hinder() -> None:
    first = differences(nothing(), values(row()), stamp(0))
    wider = values(row()).with_columns(pl.lit(None, pl.String).alias("region"))
    same = differences(first.values, wider, stamp(1))
    assert same.appended.is_empty()
    narrower = differences(
        same.values.with_columns(pl.lit("x").alias("region")), values(row()), stamp(2)
    )
    assert narrower.appended.is_empty()
    assert_frame_equal(narrower.values, first.values)
