"""Historical, simple and basket lifetime value on figures worked out by hand."""

import datetime as dt
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.transforms.populations.lifetime import LIFETIME, lifetime_states
from assets.transforms.populations.population import PopulationStates
from assets.transforms.segments import TOTAL
from tests.assets.transforms.populations.asking import BY_COUNTRY, asking, left_out, sums

D = dt.date
SCHEMA = {
    "account_id": pl.String,
    "starts_on": pl.Date,
    "net_fixed": pl.Int64,
    "cost_fixed": pl.Int64,
    "is_return": pl.Boolean,
    "has_rate": pl.Boolean,
}
Row = tuple[str | None, dt.date, int | None, int | None, bool, bool]
JANUARY, FEBRUARY = (D(2026, 1, 1), D(2026, 1, 31)), (D(2026, 2, 1), D(2026, 2, 28))
ROWS: list[Row] = [
    ("a", D(2025, 6, 1), 1_000_000, 600_000, False, True),
    ("a", D(2026, 1, 10), 500_000, 300_000, False, True),
    ("a", D(2026, 1, 20), -200_000, -100_000, True, True),
    ("b", D(2026, 1, 31), 300_000, None, False, True),
    ("b", D(2026, 2, 10), 100_000, 50_000, False, True),
    ("c", D(2025, 3, 1), 700_000, 100_000, False, True),
    ("d", D(2026, 1, 5), None, 1, False, True),
    ("e", D(2026, 1, 5), None, None, False, False),
    ("f", D(2026, 1, 5), -50_000, -1, True, True),  # a return alone makes no customer
    (None, D(2026, 1, 5), 900_000, 1, False, True),
]
U = 10**12
"""Units of a real component."""


def sales(rows: list[Row]) -> pl.LazyFrame:
    frame = pl.LazyFrame(rows, schema=SCHEMA, orient="row")
    return frame.with_columns(
        pl.col("starts_on").alias("last_on"), (~pl.col("is_return")).alias("is_sale")
    )


def states(*periods: tuple[dt.date, dt.date], **kpis: Any) -> PopulationStates:
    asked = asking(
        periods, sets=[TOTAL, BY_COUNTRY], kpis={"churn": {"inactivity_days": 90}, **kpis}
    )  # fmt: skip
    return lifetime_states({"sale": sales(ROWS)}, asked)


def test_net_revenue_to_date_a_customer() -> None:
    found = states(JANUARY, FEBRUARY)
    a, b, c = 1_300_000, 300_000, 700_000
    assert sums(found, "clv_historical") == {
        (D(2026, 1, 1), "all"): (3, a + b + c, a * a + b * b + c * c),
        (D(2026, 1, 1), "FR"): (1, a, a * a),
        (D(2026, 1, 1), "DE"): (1, b, b * b),
        (D(2026, 1, 1), "(unknown)"): (1, c, c * c),
        (D(2026, 2, 1), "all"): (3, a + 400_000 + c, a * a + 400_000**2 + c * c),
        (D(2026, 2, 1), "FR"): (1, a, a * a),
        # b's country is not known from February on
        (D(2026, 2, 1), "(unknown)"): (2, 400_000 + c, 400_000**2 + c * c),
    }
    assert left_out(found, "clv_historical") == {
        (start, key, reason): 1
        for start in (D(2026, 1, 1), D(2026, 2, 1))
        for key in ("all", "(unknown)")
        for reason in ("no_account", "no_amount", "no_rate")
    }


def test_margin_to_date_leaves_out_unknown_costs() -> None:
    found = states(JANUARY)
    a, c = 500_000, 600_000
    assert sums(found, "clv_historical_margin")[D(2026, 1, 1), "all"] == (2, a + c, a * a + c * c)
    assert left_out(found, "clv_historical_margin")[D(2026, 1, 1), "DE", "no_cost"] == 1


def test_simple_and_basket_by_the_observed_lifespan() -> None:
    """c is lost, 90 days after the one sale; baskets are sales before returns."""
    found = states(JANUARY)
    key = (D(2026, 1, 1), "all")
    n, x, y, *_ = sums(found, "clv_simple")[key]
    assert (n, x, y) == (3, 230 * U, U)
    n, x, y, *_ = sums(found, "clv_basket")[key]
    assert (n, x, y) == (3, 250 * U, U)
    # nobody is lost in FR: no value, but a row that says so
    assert sums(found, "clv_simple")[D(2026, 1, 1), "FR"][:3] == (1, 130 * U, 0)


def test_lifespan_is_one_over_the_churn_of_a_year() -> None:
    """A year before 31 January only g was a customer; lost since, so that life is one year."""
    early: list[Row] = [
        *ROWS, ("g", D(2025, 1, 15), 400_000, 0, False, True),
        (None, D(2024, 11, 3), 1, 1, False, True),  # so far back reach the sales
    ]  # fmt: skip
    asked = asking(
        [JANUARY],
        kpis={"churn": {"inactivity_days": 90}, "lifetime": {"lifespan": "churn"}},
    )  # fmt: skip
    found = lifetime_states({"sale": sales(early)}, asked)
    n, x, y, *_ = sums(found, "clv_simple")[D(2026, 1, 1), "all"]
    days = (D(2026, 1, 31) - D(2025, 6, 1)).days + 0 + 90 + 90
    assert (n, y) == (4, U)
    assert x / U == pytest.approx((130 + 30 + 70 + 40) / (days / 365) * 1 / 1)


def test_churn_of_a_year_needs_a_year_and_the_look_back() -> None:
    asked = asking(
        [JANUARY],
        kpis={"churn": {"inactivity_days": 90}, "lifetime": {"lifespan": "churn"}},
    )  # fmt: skip
    found = lifetime_states({"sale": sales(ROWS)}, asked)
    assert sums(found, "clv_simple") == {}
    assert left_out(found, "clv_simple")[D(2026, 1, 1), "all", "look_back_incomplete"] == 3
    assert sums(found, "clv_historical")[D(2026, 1, 1), "all"][0] == 3


def test_too_few_customers_have_no_prediction_and_the_report_says_why() -> None:
    found = states(JANUARY)
    assert sums(found, "clv_predicted") == {}
    assert left_out(found, "clv_predicted")[D(2026, 1, 1), "all", "too_few_customers"] == 5
    report = found.extra["clv_assumption"]
    fitted = report.filter(pl.col("check") == "bg_nbd_fitted").rows(named=True)
    assert [(row["verdict"], row["reason"], row["n"]) for row in fitted] == [
        ("fails", "too_few_customers", 5)
    ]


def test_only_what_is_published_is_computed() -> None:
    found = states(JANUARY, codes=["clv_simple"])
    assert found.state["measure"].unique().to_list() == ["clv_simple"]
    assert found.extra["clv_assumption"].is_empty()


def test_nobody_has_bought_yet() -> None:
    found = lifetime_states({"sale": sales([])}, asking([JANUARY]))
    assert found.state.is_empty()
    assert found.exclusion.is_empty()


def test_a_period_does_not_depend_on_its_neighbours() -> None:
    both, alone = states(JANUARY, FEBRUARY), states(FEBRUARY)
    later = both.state.filter(pl.col("period_start") == D(2026, 2, 1))
    keys = ["measure", "segment_set", "segment_key"]
    assert_frame_equal(later.sort(keys), alone.state.sort(keys))


def test_the_look_back_is_the_whole_history() -> None:
    assert LIFETIME.look_back_days(asking([JANUARY]).project) is None
