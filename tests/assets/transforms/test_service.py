"""Service KPIs from interactions: business hours, handling, reopening, own cost."""

import datetime as dt
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.transforms.business_time import BusinessClocks
from assets.transforms.facts import Cut, Lookups
from assets.transforms.facts_interaction import interaction_fact
from assets.transforms.measures_catalogue import all_measures
from assets.transforms.segments import TOTAL
from assets.transforms.states import compute_states
from assets.transforms.values import Settled, settle
from schemas.config.calendar import BusinessTime
from schemas.config.kpis import KpiConfig
from schemas.kpis.catalogue import CATALOGUE, Published
from tests.assets.kpi.histories import at, frame
from tests.assets.transforms.rolled import roll_up

ZONE = "Europe/Paris"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
DESK = {
    "hours": {**{day: ["08:00-19:00"] for day in WEEKDAYS}, "sat": ["09:00-17:00"]},
    "holidays": ["easter+1", "05-01"],
}
ALWAYS = {"hours": {day: ["00:00-24:00"] for day in (*WEEKDAYS, "sat", "sun")}}
TIMES = ("first_response_seconds", "resolution_seconds")
BUSINESS = ("first_response_business_seconds", "resolution_business_seconds")
MEASURES = {one.code: one for one in all_measures(KpiConfig())}


def clocks(**more: Any) -> BusinessClocks:
    given = {"calendars": {"desk": DESK, "always": ALWAYS}, "default": "desk", **more}
    return BusinessClocks.of(BusinessTime.model_validate(given), ZONE)


DESK_CLOCKS = clocks()
ALWAYS_CLOCKS = clocks(default="always")
CHANNEL_CLOCKS = clocks(by="channel", of={"phone": "always"})


def fact(
    rows: list[dict[str, Any]], *, business: BusinessClocks | None = DESK_CLOCKS
) -> pl.DataFrame:
    """The fact of interactions, in the order of the rows."""
    numbered = [
        {"interaction_id": str(i), "opened_at": at("2026-05-06 10:00"), **row}
        for i, row in enumerate(rows)
    ]
    table = frame("crm_interaction", numbered).lazy()
    cut = Cut({}, ZONE, clocks=business)
    return interaction_fact({"crm_interaction": table}, Lookups(), cut).rows


def settled(rows: list[dict[str, Any]], *codes: str) -> Settled:
    published = [Published(code, CATALOGUE[code], "none") for code in codes]
    wanted = [MEASURES[code] for code in dict.fromkeys(one.state for one in published)]
    states = compute_states(fact(rows).lazy(), wanted, [TOTAL], dimensions=[])
    rolled = roll_up(
        states.state.lazy(), states.exclusion.lazy(), states.histogram.lazy(),
        grain="month", year=2026,
    )  # fmt: skip
    return settle(rolled, published, MEASURES, confidence=0.95, targets={})


def only(found: Settled) -> dict[str, Any]:
    return found.value.row(0, named=True)


def reasons(found: Settled, code: str) -> dict[str, int]:
    counts = found.exclusion.filter(pl.col("kpi_code") == code)
    return dict(counts.select("reason", "count").rows())


@pytest.mark.parametrize(
    ("opened", "answered", "minutes"),
    [
        ("2026-05-06 08:00", "2026-05-06 09:30", 90),  # within a Wednesday
        ("2026-05-07 16:30", "2026-05-09 07:30", 30 + 11 * 60 + 30),  # Thursday to Saturday
        ("2026-05-09 14:30", "2026-05-11 06:10", 30 + 10),  # over a Sunday
        ("2026-04-30 16:00", "2026-05-02 08:00", 60 + 60),  # the first of May is closed
        ("2026-04-04 15:30", "2026-04-07 06:01", 1),  # over Easter
        ("2026-03-28 15:30", "2026-03-30 06:30", 30 + 30),  # clocks go forward in between
        ("2026-05-06 18:00", "2026-05-06 23:00", 0),  # after hours
    ],
)
def test_only_business_hours_count(opened: str, answered: str, minutes: int) -> None:
    row = {"opened_at": at(opened), "first_response_at": at(answered), "resolved_at": at(answered)}
    assert fact([row]).select(BUSINESS).rows() == [(minutes * 60, minutes * 60)]


def test_the_calendar_is_the_channel_s() -> None:
    times = {"opened_at": at("2026-05-10 10:00"), "first_response_at": at("2026-05-10 10:05")}
    rows = [{**times, "channel": channel} for channel in ("phone", "chat", None)]
    found = fact(rows, business=CHANNEL_CLOCKS)
    assert found["first_response_business_seconds"].to_list() == [300, 0, 0]


def test_without_clocks_there_are_no_business_hours() -> None:
    columns = fact([{"resolved_at": at("2026-05-07 10:00")}], business=None).columns
    assert set(TIMES) <= set(columns)
    assert not set(BUSINESS) & set(columns)


def test_an_end_less_than_a_second_early_takes_no_time_on_any_clock() -> None:
    opened = at("2026-05-06 10:00")
    early = opened - dt.timedelta(microseconds=300_000)
    row = {"opened_at": opened, "first_response_at": early, "resolved_at": early}
    assert fact([row]).select(TIMES + BUSINESS).rows() == [(0, 0, 0, 0)]


INSTANTS = st.datetimes(
    dt.datetime(2026, 3, 1), dt.datetime(2026, 11, 30), timezones=st.just(dt.UTC)  # noqa: DTZ001
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(INSTANTS, INSTANTS | st.none(), INSTANTS | st.none()), max_size=8))
def test_business_time_is_at_most_calendar_time(
    instants: list[tuple[dt.datetime, dt.datetime | None, dt.datetime | None]],
) -> None:
    rows = [dict(zip(("opened_at", "first_response_at", "resolved_at"), found, strict=True))
            for found in instants]  # fmt: skip
    found = fact(rows)
    for calendar, business in zip(TIMES, BUSINESS, strict=True):
        # clocks cut fractions off both instants, calendar time off the difference: a second at most
        is_right = pl.col(business).is_between(0, pl.col(calendar) + 1)
        counts = found.filter(pl.col(calendar) >= 0)
        assert counts.select(is_right.fill_null(value=False).all()).item()
        assert found.filter(pl.col(calendar) < 0)[business].is_null().all()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(INSTANTS, INSTANTS), max_size=8))
def test_around_the_clock_business_time_is_calendar_time(
    instants: list[tuple[dt.datetime, dt.datetime]],
) -> None:
    whole = [tuple(one.replace(microsecond=0) for one in pair) for pair in instants]
    rows = [{"opened_at": opened, "resolved_at": resolved} for opened, resolved in whole]
    found = fact(rows, business=ALWAYS_CLOCKS).filter(pl.col("resolution_seconds") >= 0)
    assert found["resolution_business_seconds"].equals(found["resolution_seconds"])


def test_business_minutes_and_what_does_not_count() -> None:
    opened = at("2026-05-06 16:00")  # an hour before the desk closes
    rows = [
        {"opened_at": opened, "first_response_at": at(end) if end else None}
        for end in ("2026-05-06 16:30", "2026-05-07 06:30", "2026-05-06 15:00", None)
    ]
    rows.append({"opened_at": opened, "first_response_at": at("2100-01-01 10:00")})
    codes = [f"first_response_business_time_{name}" for name in ("mean", "median", "p90")]
    found = settled(rows, *codes)
    mean, median, p90 = found.value.rows(named=True)
    assert (mean["value"], mean["numerator"], mean["denominator"]) == (60.0, 120.0, 2.0)
    assert (mean["n"], mean["excluded"], mean["ci_low"]) == (2, 3, 0.0)
    assert median["value"] == pytest.approx(60.0, rel=0.01)
    assert p90["value"] == pytest.approx(84.0, rel=0.01)
    assert mean["method_id"] == "first_response_business_time_mean.v1:t"
    for code in codes:
        assert reasons(found, code) == {
            "no_first_response": 1, "negative_duration": 1, "outside_clock": 1,
        }  # fmt: skip


def test_business_resolution_is_of_the_resolved_alone() -> None:
    ends = ("2026-05-06 12:00", "2026-05-06 09:00", "2100-01-01 10:00", None)
    rows = [{"resolved_at": at(end) if end else None} for end in ends]
    found = settled(rows, "resolution_business_time_mean", "resolution_time_mean")
    assert found.value["value"].to_list() == [120.0, 120.0]
    code = "resolution_business_time_mean"
    # what ends in 2100 is dated then, in another year than the one rolled up
    assert reasons(found, code) == {"negative_duration": 1}


def test_handle_time_is_of_those_handled() -> None:
    parts = ("talk_seconds", "hold_seconds", "wrap_seconds")
    handled = [(300, 60, 30), (None, None, 90), (120, None, 0)]
    others = [(None, None, None), (0, 0, 0), (0, None, None)]
    rows = [dict(zip(parts, found, strict=True)) for found in (*handled, *others)]
    found = settled(rows, "average_handle_time")
    row = only(found)
    assert (row["value"], row["numerator"], row["denominator"]) == (pytest.approx(10 / 3), 10.0, 3)
    assert (row["n"], row["method_id"]) == (3, "average_handle_time.v1:t")
    assert reasons(found, "average_handle_time") == {"no_handle_time": 1, "not_handled": 2}


def test_reopen_rate_is_of_the_resolved_with_a_count() -> None:
    resolved = {"resolved_at": at("2026-05-07 10:00")}
    counts = [0, 0, 1, 3, None]
    rows = [{**resolved, "reopen_count": count} for count in counts] + [{"reopen_count": 1}]
    found = settled(rows, "reopen_rate")
    row = only(found)
    assert (row["value"], row["numerator"], row["denominator"], row["n"]) == (50.0, 2.0, 4.0, 4)
    assert 0 < row["ci_low"] < 50 < row["ci_high"] < 100
    assert reasons(found, "reopen_rate") == {"no_reopen_count": 1}


def test_own_cost_is_exact_and_of_the_resolved_alone() -> None:
    resolved = {"resolved_at": at("2026-05-07 10:00")}
    costs = [Decimal("0.1"), Decimal("0.2"), Decimal("0.0001"), Decimal("-0.05"), None]
    rows = [{**resolved, "cost": cost} for cost in costs] + [{"cost": Decimal(99)}]
    found = settled(rows, "support_cost_per_contact_direct")
    row = only(found)
    assert (row["numerator"], row["denominator"], row["n"]) == (0.2501, 4.0, 4)
    assert row["value"] == pytest.approx(0.062525)
    assert reasons(found, "support_cost_per_contact_direct") == {"no_cost": 1}
