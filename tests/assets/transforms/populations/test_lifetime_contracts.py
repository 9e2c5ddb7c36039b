"""Predicted lifetime value under contract: renewals counted by hand, discounting, refusals."""

import datetime as dt
from typing import Any

import polars as pl
import pytest

from assets.transforms.clv.shifted_beta_geometric import ShiftedBetaGeometric, survival
from assets.transforms.populations.lifetime import lifetime_states
from assets.transforms.populations.lifetime_contracts import (
    active_customers,
    relationships,
    renewals_known,
    whole_months,
)
from assets.transforms.populations.population import PopulationStates
from assets.transforms.segments import TOTAL
from tests.assets.transforms.populations.asking import asking, left_out, sums

D = dt.date
OPEN = D(9999, 12, 29)
END = D(2025, 12, 31)
SCHEMA = {
    "account_id": pl.String,
    "starts_on": pl.Date,
    "last_on": pl.Date,
    "monthly_fixed": pl.Int64,
    "has_rate": pl.Boolean,
}
Row = tuple[str | None, dt.date, dt.date, int | None, bool]
U = 10**12


def contracts(rows: list[Row]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=SCHEMA, orient="row")


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        (D(2025, 1, 1), D(2025, 12, 31), 11),
        (D(2025, 1, 1), D(2026, 1, 1), 12),
        (D(2025, 1, 31), D(2025, 2, 27), 0),
        (D(2025, 1, 31), D(2025, 2, 28), 1),
        (D(2024, 2, 29), D(2025, 2, 28), 12),
        (D(2025, 5, 5), D(2025, 5, 5), 0),
    ],
)
def test_whole_months(first: dt.date, last: dt.date, months: int) -> None:
    frame = pl.DataFrame({"first": [first], "last": [last]})
    assert frame.select(whole_months("first", "last")).item() == months


def test_renewals_of_unbroken_runs() -> None:
    rows: list[Row] = [
        # one run of three yearly contracts; the fourth term has begun
        ("a", D(2022, 7, 1), D(2023, 6, 30), 1, True),
        ("a", D(2023, 7, 1), D(2024, 6, 30), 1, True),
        ("a", D(2024, 7, 1), OPEN, 1, True),
        # not renewed after the first year; back later
        ("b", D(2023, 1, 1), D(2023, 12, 31), 1, True),
        ("b", D(2024, 2, 1), D(2025, 12, 31), 1, True),
        # cancelled in the middle of the second year
        ("c", D(2022, 1, 1), D(2023, 5, 3), 1, True),
        ("d", D(2025, 6, 1), D(2025, 5, 31), 1, True),  # never in force
        ("e", D(2026, 1, 1), OPEN, 1, True),  # not yet
        (None, D(2022, 1, 1), OPEN, 1, True),
    ]
    found = relationships(contracts(rows), END, renewal_months=12)
    assert found.select("account_id", "renewals", "is_active").rows() == [
        ("a", 3, True), ("b", 0, False), ("b", 1, True), ("c", 1, False),
    ]  # fmt: skip


def test_amounts_of_all_contracts_in_force() -> None:
    rows: list[Row] = [
        ("a", D(2025, 1, 1), OPEN, 100, True),
        ("a", D(2025, 6, 1), END, 50, True),
        ("a", D(2024, 1, 1), D(2025, 12, 30), 7, True),
        ("b", D(2025, 1, 1), OPEN, None, True),
        ("c", D(2025, 1, 1), OPEN, None, False),
        (None, D(2025, 1, 1), OPEN, 1, True),
    ]
    found, nameless = active_customers(contracts(rows), END)
    assert found.rows() == [("a", 150, None), ("b", None, "no_amount"), ("c", None, "no_rate")]
    assert nameless == 1


def cohort() -> list[Row]:
    """1,000 customers of 1 January 2021, kept as a shifted-beta-geometric of 1 and 3 says."""
    kept = [round(1000 * share) for share in survival(ShiftedBetaGeometric(1.0, 3.0), 4)]
    lost = [1000 - kept[0], *[kept[t] - kept[t + 1] for t in range(3)]]
    ends = [D(2021 + t, 12, 31) for t in range(4) for _ in range(lost[t])]
    ends += [OPEN] * (1000 - len(ends))
    return [(f"a{i:04}", D(2021, 1, 1), end, 100_000, True) for i, end in enumerate(ends)]


def states(
    rows: list[Row], end: dt.date = END, *, kpis: dict[str, Any] | None = None, **lifetime: Any
) -> PopulationStates:
    asked = asking(
        [(D(2025, 12, 1), end)], sets=[TOTAL],
        kpis={
            "codes": ["clv_predicted"],
            "churn": {"basis": "contracts"},
            "lifetime": {"annual_discount_rate": 0, **lifetime},
            **(kpis or {}),
        },
    )  # fmt: skip
    return lifetime_states({"contract": contracts(rows)}, asked)


def test_value_of_the_renewals_ahead() -> None:
    """428 or so left on the last day of the fifth year have made four renewals."""
    rows = cohort()
    left = sum(last == OPEN for _, _, last, _, _ in rows)
    found = states(rows, horizon_months=36)
    report = found.extra["clv_assumption"].row(0, named=True)
    alpha, beta = report["alpha"], report["beta"]
    assert (alpha, beta) == pytest.approx((1, 3), rel=0.02)
    # of those who made four renewals: the fifth, the sixth, the seventh
    share, expected = 1.0, 0.0
    for past in (4, 5, 6):
        share *= (beta + past) / (alpha + beta + past)
        expected += share
    n, x, *_ = sums(found, "clv_predicted")[D(2025, 12, 1), "all"]
    assert n == left
    assert x / U == pytest.approx(left * 12 * 10 * expected, rel=1e-9)
    calibrated = found.extra["clv_assumption"].row(1, named=True)
    assert (calibrated["verdict"], calibrated["check"]) == (
        "holds",
        "shifted_beta_geometric_calibration",
    )


def test_discounted_to_the_end_of_the_period() -> None:
    """The next renewal is a day away, the ones after it a year each."""
    rows = cohort()
    left = sum(last == OPEN for _, _, last, _, _ in rows)
    found = states(rows, horizon_months=24, annual_discount_rate=0.21)
    report = found.extra["clv_assumption"].row(0, named=True)
    alpha, beta = report["alpha"], report["beta"]
    first = (beta + 4) / (alpha + beta + 4)
    second = first * (beta + 5) / (alpha + beta + 5) / 1.21
    _, x, *_ = sums(found, "clv_predicted")[D(2025, 12, 1), "all"]
    assert x / U == pytest.approx(left * 120 * (first + second) * 1.21 ** (-1 / 365), rel=1e-9)


def test_only_renewals_within_the_horizon_count() -> None:
    """On 30 November the next renewal is a month and a day away: not within one month."""
    rows, end = cohort(), D(2025, 11, 30)
    _, none, *_ = sums(states(rows, end, horizon_months=1), "clv_predicted")[D(2025, 12, 1), "all"]
    _, one, *_ = sums(states(rows, end, horizon_months=2), "clv_predicted")[D(2025, 12, 1), "all"]
    assert (none, one > 0) == (0, True)


def test_who_is_left_out() -> None:
    rows: list[Row] = [
        *cohort(), ("u", D(2025, 1, 1), OPEN, None, True), ("v", D(2025, 1, 1), OPEN, None, False),
        (None, D(2025, 1, 1), OPEN, 5, True),
    ]  # fmt: skip
    found = states(rows)
    assert left_out(found, "clv_predicted") == {
        (D(2025, 12, 1), "all", reason): 1 for reason in ("no_account", "no_amount", "no_rate")
    }


def test_too_few_renewals_have_no_prediction() -> None:
    found = states([("a", D(2024, 1, 1), OPEN, 1, True)])
    assert sums(found, "clv_predicted") == {}
    assert left_out(found, "clv_predicted")[D(2025, 12, 1), "all", "too_few_customers"] == 1
    assert found.extra["clv_assumption"]["verdict"].to_list() == ["fails", "not_judged"]


def test_nobody_under_contract() -> None:
    found = states([])
    assert found.state.is_empty()
    assert found.exclusion.is_empty()


def test_renewals_that_are_known_are_those_since_it_is_known_who_left() -> None:
    rows: list[Row] = [
        ("a", D(2022, 7, 1), OPEN, 1, True),  # renews in 2023, 2024, 2025
        ("b", D(2023, 7, 1), D(2025, 6, 30), 1, True),  # in 2024, and not in 2025
        ("c", D(2022, 1, 1), D(2023, 12, 30), 1, True),  # ended before the last of 2023
        ("d", D(2022, 1, 1), D(2023, 12, 31), 1, True),  # not renewed on the first of 2024
        ("e", D(2024, 3, 1), OPEN, 1, True),
    ]
    runs = relationships(contracts(rows), END, renewal_months=12)

    def known(day: dt.date | None) -> list[tuple[int, int, int]]:
        found = renewals_known(runs, day, renewal_months=12).collect().sort("renewal")
        return found.select("renewal", "at_risk", "retained").rows()

    assert known(None) == [(1, 5, 5), (2, 4, 1), (3, 1, 1)] == known(D(2022, 1, 1))
    assert known(D(2024, 1, 1)) == [(1, 2, 2), (2, 3, 1), (3, 1, 1)]
    assert known(D(2026, 1, 1)) == []


def test_a_fit_to_those_who_stayed_is_that_of_all_from_then_on() -> None:
    """Of 4 cohorts who begin a year apart, the first extract has those of the end of 2022."""
    rows = [
        (f"{account}:{late}", *(D(day.year + late, day.month, day.day) if day != OPEN else OPEN
                                for day in (first, last)), amount, rated)
        for late in range(4) for account, first, last, amount, rated in cohort()
    ]  # fmt: skip
    held = [row for row in rows if row[2] >= D(2022, 12, 31)]
    assert len(held) < len(rows)
    kpis = {"known_from": {"crm_contract": D(2023, 1, 1)}}

    def fitted(of: list[Row], kpis: dict[str, Any]) -> tuple[float, float]:
        report = states(of, kpis=kpis).extra["clv_assumption"].row(0, named=True)
        return report["alpha"], report["beta"]

    assert fitted(held, kpis) == fitted(rows, kpis) == pytest.approx((1, 3), rel=0.05)
    # nobody is seen to leave before 2023, as if customers were far more loyal
    assert fitted(held, {}) != pytest.approx((1, 3), rel=0.2)
