"""A person's next answer takes the place of an answer, as of each period's end."""

import dataclasses
import datetime as dt
from collections import Counter
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.transforms.answering_again import of_persons, superseded_responses
from assets.transforms.grains import PeriodCalendar
from assets.transforms.measures import Measure
from assets.transforms.measures_survey import survey_measures
from assets.transforms.rolling_up import ANSWERED_AGAIN, DailyStates, rolled_up
from assets.transforms.segments import TOTAL, SegmentSet
from assets.transforms.states import compute_states
from schemas.config.kpis import KpiConfig
from tests.assets.kpi.histories import at
from tests.assets.transforms.survey_frames import SCHEMA, ready

D = dt.date
PERSONS: dict[str, pl.DataType] = {
    **SCHEMA, "response_id": pl.String(), "responded_at": pl.Datetime("us", "UTC"),
    "person_id": pl.String(),
}  # fmt: skip
Row = dict[str, Any]


def measure(code: str, days: int) -> Measure:
    known = {one.code: one for one in survey_measures(KpiConfig(), "none")}
    return dataclasses.replace(known[code], code=f"{code}:dedupe={days}", dedupe_days=days)


def answer(response: str, day: str, score: float | None = 10.0, /, **changed: Any) -> Row:
    return {
        "response_id": response, "responded_at": at(f"{day} 12:00"), "score": score,
        "responded_on": D.fromisoformat(day), "person_id": "p", "is_customer": True,
        "metric": "nps", "weight": 1.0, "scale_min": 0.0, "scale_max": 10.0,
        "is_higher_better": True, "is_na_code": False, "country": "FR", **changed,
    }  # fmt: skip


def answers(rows: list[Row]) -> pl.LazyFrame:
    return ready(pl.DataFrame(rows, schema=PERSONS)).lazy()


def superseded(rows: list[Row], code: str = "nps", days: int = 90) -> dict[str, dt.date]:
    asked = measure(code, days)
    found = superseded_responses(answers(rows), [asked])
    return dict(found[asked.code].rows())


def test_the_next_answer_takes_the_place_within_the_days() -> None:
    rows = [answer("a", "2026-01-01"), answer("b", "2026-01-31"), answer("c", "2026-05-02")]
    assert superseded(rows) == {"a": D(2026, 1, 31)}
    assert superseded(rows, days=91) == {"a": D(2026, 1, 31), "b": D(2026, 5, 2)}
    assert superseded(rows, days=29) == {}


def test_the_order_is_that_of_the_instants_and_then_of_the_responses() -> None:
    rows = [answer("b", "2026-01-01"), answer("a", "2026-01-01")]
    assert superseded(rows) == {"a": D(2026, 1, 1)}
    rows[1]["responded_at"] += dt.timedelta(seconds=1)
    assert superseded(rows) == {"b": D(2026, 1, 1)}


@pytest.mark.parametrize(
    "changed",
    [
        {"person_id": "q"},
        {"person_id": None},
        {"score": None},
        {"score": 10.5},
        {"metric": "csat"},
        {"is_customer": False},
        {"is_na_code": True},
    ],
)
def test_what_does_not_count_for_the_same_person_takes_no_place(changed: Row) -> None:
    rows = [answer("a", "2026-01-01"), {**answer("b", "2026-01-02"), **changed}]
    assert superseded(rows) == {}


def test_answers_of_nobody_known_always_count() -> None:
    rows = [answer(name, "2026-01-01", person_id=None) for name in "abc"]
    assert superseded(rows) == {}


def test_answers_of_one_response_stand_beside_each_other() -> None:
    scale = {"metric": "csat", "scale_min": 1.0, "scale_max": 5.0}
    rows = [answer("a", "2026-01-01", 5.0, **scale), answer("a", "2026-01-01", 1.0, **scale)]
    assert superseded(rows, "csat") == {}
    rows.append(answer("b", "2026-01-09", 4.0, **scale))
    assert superseded(rows, "csat") == {"a": D(2026, 1, 9)}


def test_employees_are_followed_among_themselves() -> None:
    rows = [answer(name, f"2026-01-0{day}", is_customer=False) for day, name in enumerate("ab", 1)]
    assert superseded(rows, "enps") == {"a": D(2026, 1, 2)}
    assert superseded(rows, "nps") == {}


def test_only_respondents_are_followed() -> None:
    schema = {"response_id": pl.String, "account_id": pl.String, "employee_id": pl.String}
    rows = [("r1", "p", None), ("r2", None, "e"), ("r3", "p", "e"), ("r4", "q", "f"),
            ("r5", None, None)]  # fmt: skip
    others = pl.LazyFrame(rows, schema=schema, orient="row")
    asked = pl.LazyFrame([("x", "p", None), ("y", None, "e")], schema=schema, orient="row")
    found = of_persons(others, asked).collect()["response_id"].sort().to_list()
    assert found == ["r1", "r2", "r3"]


def daily(rows: list[Row], *, days: int = 90) -> DailyStates:
    """States of NPS, by country too."""
    asked, frame = measure("nps", days), answers(rows)
    found = superseded_responses(frame, [asked])
    country = SegmentSet("country", ("country",))
    states = compute_states(
        frame, [asked], [TOTAL, country], dimensions=["country"], superseded=found
    )
    return DailyStates(states.state.lazy(), states.exclusion.lazy(), states.histogram.lazy())


def test_an_answer_counts_in_periods_that_end_before_the_next() -> None:
    # 0 in January in France, 10 in February in Germany: the quarter has the second alone
    rows = [answer("a", "2026-01-10", 0.0), answer("b", "2026-02-10", 10.0, country="DE")]
    states = daily(rows)
    months = PeriodCalendar().starting_in(
        "month", D(2026, 1, 1), D(2026, 12, 31), as_of=D(2026, 6, 1)
    )
    found = rolled_up(states, "month", months)
    counted = found.state.filter(pl.col("segment_set") == "total").sort("period_start")
    assert counted.select("n", "x", "z").rows() == [(1, 0, 1), (1, 1, 0)]
    assert found.exclusion.is_empty()
    quarters = PeriodCalendar().starting_in(
        "quarter", D(2026, 1, 1), D(2026, 12, 31), as_of=D(2026, 6, 1)
    )
    whole = rolled_up(states, "quarter", quarters)
    by_key = dict(whole.state.select("segment_key", "n").rows())
    # the one who moved counts where the latest answer was given
    assert by_key == {"all": 1, "DE": 1}
    left_out = whole.exclusion.select("segment_key", "reason", "count").sort("segment_key").rows()
    assert left_out == [("FR", ANSWERED_AGAIN, 1), ("all", ANSWERED_AGAIN, 1)]


def test_an_answer_that_does_not_count_keeps_its_own_reason() -> None:
    rows = [answer("a", "2026-01-10"), answer("a", "2026-01-10", None), answer("b", "2026-01-11")]
    states = daily(rows)
    reasons = states.exclusion.filter(pl.col("segment_set") == "total").collect()
    assert reasons.select("reason", "count").rows() == [("no_score", 1)]


drawn = st.lists(
    st.tuples(
        st.sampled_from(["p", "q", None]),
        st.integers(0, 900),
        st.sampled_from([0.0, 7.0, 10.0, None]),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(drawn, st.integers(1, 400), st.sampled_from(PeriodCalendar().grains))
def test_every_grain_counts_as_the_definition_says(
    people: list[tuple[str | None, int, float | None]], days: int, grain: str
) -> None:
    first = D(2023, 6, 1)
    rows = [
        answer(f"r{i:02}", str(first + dt.timedelta(days=day)), score, person_id=person)
        for i, (person, day, score) in enumerate(people)
    ]
    last = first + dt.timedelta(days=900)
    periods = PeriodCalendar().starting_in(grain, first, last, as_of=last)
    found = rolled_up(daily(rows, days=days), grain, periods)
    state = found.state.filter(pl.col("segment_set") == "total")
    again = found.exclusion.filter(
        pl.col("segment_set") == "total", pl.col("reason") == ANSWERED_AGAIN
    )
    counts, left = _by_definition([row for row in rows if row["score"] is not None], days, periods)
    assert dict(state.select("period_start", "n").rows()) == counts
    assert dict(again.select("period_start", "count").rows()) == left


def _by_definition(
    rows: list[Row], days: int, periods: pl.DataFrame
) -> tuple[dict[dt.date, int], dict[dt.date, int]]:
    """Answers that count in each period, and those given again by its end."""
    counts, left = Counter[dt.date](), Counter[dt.date]()
    for start, end in periods.rows():
        for row in rows:
            if not start <= row["responded_on"] <= end:
                continue
            is_again = any(
                row["person_id"] is not None
                and other["person_id"] == row["person_id"]
                and (other["responded_at"], other["response_id"])
                > (row["responded_at"], row["response_id"])
                and other["responded_on"] <= end
                and (other["responded_on"] - row["responded_on"]).days <= days
                for other in rows
            )
            (left if is_again else counts)[start] += 1
    return dict(counts), dict(left)
