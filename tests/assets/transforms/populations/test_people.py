"""Headcount, separations and training, by hand."""

import datetime as dt
from typing import Any

import pytest

from assets.transforms.money import Rates
from assets.transforms.populations.extract_people import employee_rows, training_rows
from assets.transforms.populations.people import EMPLOYEE_TURNOVER, TRAINING_COST, people_states
from assets.transforms.populations.population import PopulationStates
from assets.transforms.rolling_up import Rolled
from assets.transforms.segments import TOTAL, SegmentSet
from assets.transforms.states import HISTOGRAM_SCHEMA
from assets.transforms.values import settle
from schemas.kpis import people
from schemas.kpis.catalogue import Published
from tests.assets.kpi.histories import frame, project
from tests.assets.transforms.populations.asking import asking, left_out, sums

D = dt.date
JAN, FEB = D(2026, 1, 1), D(2026, 2, 1)
PERIODS = [(JAN, D(2026, 1, 31)), (FEB, D(2026, 2, 28))]
BY_DEPARTMENT = SegmentSet("department", ("department",))
BY_BOTH = SegmentSet("both", ("department", "region"))
UNIT = 10**12


def employee(number: object, hired: str, left: str | None = None, **more: Any) -> dict[str, Any]:
    return {"employee_id": f"e{number}", "hired_on": dt.date.fromisoformat(hired),
            "left_on": dt.date.fromisoformat(left) if left else None, **more}  # fmt: skip


def session(person: str | None, held: str, cost: float | None, **more: Any) -> dict[str, Any]:
    return {"training_id": f"{person}{held}", "employee_id": person, "cost": cost,
            "held_on": dt.date.fromisoformat(held), **more}  # fmt: skip


def states(
    employees: list[dict[str, Any]],
    trainings: list[dict[str, Any]] | None = None,
    periods: list[tuple[dt.date, dt.date]] = PERIODS,
    **options: Any,
) -> PopulationStates:
    source = {"erp_employee": frame("erp_employee", employees).lazy()}
    extracts = {"employee": employee_rows(source, project(), Rates("EUR")).lazy()}
    if trainings is not None:
        source = {"erp_training": frame("erp_training", trainings).lazy()}
        extracts["training"] = training_rows(source, project(), Rates("EUR")).lazy()
    return people_states(extracts, asking(periods, versions=None, **options))


def settled(found: PopulationStates) -> dict[str, dict[str, Any]]:
    rolled = Rolled(found.state, found.exclusion, HISTOGRAM_SCHEMA.to_frame().rename(
        {"event_day": "period_start"}))  # fmt: skip
    measures = {one.code: one for one in (EMPLOYEE_TURNOVER, TRAINING_COST)}
    published = [Published(kpi.code, kpi, "none") for kpi in people.KPIS]
    values = settle(rolled, published, measures, confidence=0.95, targets={}).value
    return {row["kpi_code"]: row for row in values.rows(named=True)}


def test_15_separations_of_205_are_7_31_percent() -> None:
    staff = [employee(i, "2020-01-01", "2026-12-31" if i < 15 else None) for i in range(205)]
    found = states(staff, periods=[(JAN, D(2026, 12, 31))])
    row = settled(found)["employee_turnover"]
    assert (row["numerator"], row["denominator"], row["n"]) == (15.0, 205.0, 205)
    assert row["value"] == pytest.approx(7.31, abs=0.01)
    # Garwood: 8.3954 to 24.7402 separations
    assert row["ci_low"] == pytest.approx(100 * 8.3953861 / 205)
    assert row["ci_high"] == pytest.approx(100 * 24.7402187 / 205)
    assert row["method_id"] == "employee_turnover.v1:garwood"


def test_headcount_is_the_average_over_days() -> None:
    found = states(
        [
            employee(1, "2020-01-01"),
            employee(2, "2026-01-11", "2026-01-20"),  # 10 days of 31
            employee(3, "2020-01-01", "2026-01-01"),  # 1 day
            employee(4, "2026-02-28"),
            employee(5, "2020-01-01", _closed_on=D(2026, 2, 15)),  # until the 14th
        ]
    )
    assert sums(found, "employee_turnover") == {
        (JAN, "all"): (4, 2 * UNIT, round((31 + 10 + 1 + 31) * UNIT / 31)),
        (FEB, "all"): (3, 1 * UNIT, round((28 + 1 + 14) * UNIT / 28)),
    }


def test_days_after_the_last_loaded_one_do_not_count() -> None:
    staff = [employee(1, "2020-01-01"), employee(2, "2020-01-01", "2026-02-12")]
    found = states(staff, periods=[(FEB, D(2026, 2, 10))])
    assert sums(found, "employee_turnover") == {(FEB, "all"): (2, 0, 2 * UNIT)}


def test_segments_are_the_employees_own() -> None:
    found = states(
        [
            employee(1, "2020-01-01", department="sales", region="north"),
            employee(2, "2020-01-01", department="sales"),
            employee(3, "2020-01-01", "2026-01-31", region="north"),
            employee(4, "2026-01-20", "2026-01-10", department="sales"),
        ],
        sets=[TOTAL, BY_DEPARTMENT, BY_BOTH],
    )
    counts = {key[1]: value[:2] for key, value in sums(found, "employee_turnover").items()
              if key[0] == JAN}  # fmt: skip
    assert counts == {
        "all": (3, UNIT), "sales": (2, 0), "(unknown)": (1, UNIT), "sales|north": (1, 0),
        "sales|(unknown)": (1, 0), "(unknown)|north": (1, UNIT),
    }  # fmt: skip
    assert left_out(found, "employee_turnover")[JAN, "sales", "never_employed"] == 1


def test_training_is_spread_over_all_employees() -> None:
    staff = [
        employee(1, "2020-01-01", department="sales"),
        employee(2, "2020-01-01", department="it"),
        employee(3, "2026-01-01", "2026-01-31", department="sales"),
    ]
    sessions = [
        session("e1", "2026-01-05", 100.5),
        session("e3", "2026-01-31", 20),
        session("ghost", "2026-01-06", 7),
        session(None, "2026-01-07", 1),
        session("e1", "2026-01-08", None),
        session("e2", "2026-01-09", 5, currency="GBP"),
        session("e2", "2026-02-09", None),
    ]
    found = states(staff, sessions, sets=[TOTAL, BY_DEPARTMENT])
    assert sums(found, "training_cost") == {
        (JAN, "all"): (3, 128_500_000_000_000, 3 * UNIT),
        (JAN, "sales"): (2, 120_500_000_000_000, 2 * UNIT),
        (JAN, "it"): (1, 0, 1 * UNIT),
        (JAN, "(unknown)"): (0, 8 * UNIT, 0),
    }  # none in February: no session is known to count
    assert {key: count for key, count in left_out(found, "training_cost").items()
            if key[1] != "all"} == {
        (JAN, "sales", "no_amount"): 1, (JAN, "it", "no_rate"): 1, (FEB, "it", "no_amount"): 1,
    }  # fmt: skip


def test_training_cost_per_employee() -> None:
    staff = [employee(i, "2020-01-01") for i in range(4)]
    found = states(staff, [session("e0", "2026-01-05", 100)], periods=[PERIODS[0]])
    row = settled(found)["training_cost_per_employee"]
    assert (row["value"], row["n"], row["ci_low"], row["ci_high"]) == (25.0, 4, None, None)


def test_without_training_there_is_turnover_alone() -> None:
    found = states([employee(1, "2020-01-01")])
    assert found.state["measure"].unique().to_list() == ["employee_turnover"]


def test_periods_before_it_is_known_who_left_are_left_out() -> None:
    staff = [
        employee(1, "2020-01-01", department="sales"),
        employee(2, "2020-01-01", "2026-02-10", department="it"),
        employee(3, "2026-01-20", "2026-01-10"),
    ]
    sessions = [session("e1", "2026-01-05", 10), session("e1", "2026-02-05", 20)]
    kpis = {"known_from": {"erp_employee": FEB, "crm_contract": D(2027, 1, 1)}}
    found = states(staff, sessions, sets=[TOTAL, BY_DEPARTMENT], kpis=kpis)
    for measure in ("employee_turnover", "training_cost"):
        assert set(sums(found, measure)) == {
            (FEB, "all"), (FEB, "sales"), (FEB, "it"),
        }  # fmt: skip
        told = {key: n for key, n in left_out(found, measure).items() if key[2] != "never_employed"}
        # not by segment, where the number would be that of a few persons
        assert told == {(JAN, "all", "look_back_incomplete"): 2}
    assert sums(found, "employee_turnover")[FEB, "all"][:2] == (2, UNIT)
