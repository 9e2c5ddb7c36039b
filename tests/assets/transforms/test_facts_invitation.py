"""The response rate: which invitations were responded to in time, and which do not count."""

import datetime as dt
from typing import Any

import polars as pl
import pytest

from assets.transforms.dimensions import survey_dimensions
from assets.transforms.facts import FACTS, Cut, FactFrame, Lookups
from assets.transforms.facts_invitation import invitation_fact
from assets.transforms.look_ahead import later
from assets.transforms.measures_invitation import invitation_measures
from assets.transforms.segments import TOTAL, SegmentSet
from assets.transforms.states import States, compute_states
from tests.assets.kpi.histories import at, frame

SURVEYS = [
    {"survey_id": "c", "kind": "relational", "audience": "customer", "channel": "email"},
    {"survey_id": "e", "kind": "relational", "audience": "employee"},
]
SENT = {
    "invitation_id": "i", "survey_id": "c",
    "sent_at": at("2026-01-05 08:00"), "delivered_at": at("2026-01-06 08:00"),
}  # fmt: skip
SETS = (TOTAL, SegmentSet("via", ("channel",)), SegmentSet("survey", ("survey", "survey_kind")))


def fact(invitations: list[dict[str, Any]], *responded: str, as_of: dt.date) -> FactFrame:
    """The fact, with responses to the invitation `i` at these instants."""
    numbered = enumerate(responded)
    responses = [
        {"response_id": f"r{number}", "survey_id": "c", "invitation_id": "i",
         "responded_at": at(instant)}
        for number, instant in numbered
    ]  # fmt: skip
    tables = {
        "survey_invitation": frame("survey_invitation", invitations).lazy(),
        later("survey_response"): frame("survey_response", responses).lazy(),
    }
    lookups = Lookups(surveys=survey_dimensions(frame("survey", SURVEYS).lazy()).collect())
    cut = Cut(
        {"channel": "event", "survey": "survey", "survey_kind": "survey"},
        "Europe/Paris",
        as_of=as_of,
        response_window_days=30,
    )
    return invitation_fact(tables, lookups, cut)


def states(
    invitations: list[dict[str, Any]], *responded: str, as_of: dt.date = dt.date(2026, 3, 31)
) -> States:
    found = fact(invitations, *responded, as_of=as_of)
    dimensions = ["channel", "survey", "survey_kind"]
    return compute_states(found.wide, list(invitation_measures()), SETS, dimensions=dimensions)


def counted(found: States) -> list[tuple[dt.date, int, int]]:
    total = found.state.filter(pl.col("segment_set") == "total")
    return [(day, n, int(x)) for day, n, x in total.select("event_day", "n", "x").rows()]


def left_out(found: States) -> list[tuple[dt.date, str, int]]:
    total = found.exclusion.filter(pl.col("segment_set") == "total")
    return total.select("event_day", "reason", "count").rows()


@pytest.mark.parametrize(
    ("responded", "is_answered"),
    [
        ((), 0),
        (("2026-01-06 09:00",), 1),
        # before its delivery was noted, but not before it was sent
        (("2026-01-05 09:00",), 1),
        (("2026-01-04 09:00",), 0),
        # the thirtieth day in Paris, and the day after
        (("2026-02-05 22:59",), 1),
        (("2026-02-05 23:01",), 0),
        (("2026-01-06 09:00", "2026-01-07 09:00", "2026-02-28 09:00"), 1),
    ],
)
def test_a_response_counts_in_its_window_and_once(
    responded: tuple[str, ...], is_answered: int
) -> None:
    found = states([SENT], *responded)
    assert counted(found) == [(dt.date(2026, 1, 6), 1, is_answered)]


def test_what_was_not_delivered_is_left_out_by_the_day_of_sending() -> None:
    found = states([{**SENT, "delivered_at": None}], "2026-01-06 09:00")
    assert counted(found) == []
    assert left_out(found) == [(dt.date(2026, 1, 5), "not_delivered", 1)]


def test_an_open_window_waits() -> None:
    day = dt.date(2026, 1, 6)
    waiting = states([SENT], "2026-01-06 09:00", as_of=dt.date(2026, 2, 4))
    assert (counted(waiting), left_out(waiting)) == ([], [(day, "window_open", 1)])
    assert counted(states([SENT], as_of=dt.date(2026, 2, 5))) == [(day, 1, 0)]


def test_employees_do_not_count_and_unknown_surveys_are_of_customers() -> None:
    found = states(
        [{**SENT, "survey_id": survey, "invitation_id": survey} for survey in ("c", "e", "lost")]
    )
    assert counted(found) == [(dt.date(2026, 1, 6), 2, 0)]
    keys = found.state.filter(pl.col("segment_set") == "survey")["segment_key"].sort()
    assert keys.to_list() == ["c|relational", "lost|(unknown)"]


def test_the_channel_is_the_invitation_s_or_that_of_its_survey() -> None:
    rows = [
        {**SENT, "invitation_id": "1", "channel": "sms"},
        {**SENT, "invitation_id": "2"},
        {**SENT, "invitation_id": "3", "survey_id": "lost"},
    ]
    via = states(rows).state.filter(pl.col("segment_set") == "via")
    assert dict(via.select("segment_key", "n").rows()) == {"sms": 1, "email": 1, "(unknown)": 1}


def test_unknown_surveys_are_reported() -> None:
    found = fact([{**SENT, "survey_id": "lost"}], as_of=dt.date(2026, 3, 31))
    assert found.unresolved["survey"].rows() == [("lost",)]


def test_a_question_s_attribute_is_no_dimension_of_an_invitation() -> None:
    source = FACTS["invitation"]
    assert source.carries("attribute") is None
    assert source.carries("survey_kind") == "survey"
    assert source.carries("channel") == "event"
    assert source.carries("touchpoint") is None
