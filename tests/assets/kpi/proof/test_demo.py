"""The demo company's KPIs equal their independent definitions; segments add up to the total."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from demo.settings import Settings
from demo.simulate import simulate
from pipelines.config import load_project
from schemas.config.project import Project
from tests.assets.kpi.proof import intervals
from tests.assets.kpi.proof.agreement import (
    check_event_kpi,
    check_population_kpi,
    published,
    sums_that_are_off,
)
from tests.assets.kpi.proof.demo_rows import (
    BEFORE_KNOWN,
    CUSTOMER_MEANS,
    CUSTOMER_RATIOS,
    MEANS,
    RATIOS,
    TO_DATE,
    bounds,
    check_ends,
    events_by_month,
    months,
    records_by_month,
)
from tests.assets.kpi.proof.event_kpis import QUANTILES, event_kpis
from tests.assets.kpi.proof.lakes import Proof, prove
from tests.assets.kpi.proof.sql_events import create_events
from tests.assets.kpi.proof.sql_periods import expected, note_first_event
from tests.assets.kpi.proof.sql_populations import COUNTED, create_populations
from tests.assets.kpi.proof.sums import NOT_A_SUM, check_sums

ROOT = Path(__file__).parents[4]
END = dt.date(2026, 4, 10)  # the spring clock change and a month's end are within
DAYS = 40
GRAINS = ("day", "week", "month", "quarter", "year", "rolling_12m")
EVENTS = {**event_kpis("contact_count"), **QUANTILES}
OTHERS = {"csat_weighted"}
"""Not published by the demo."""
ELSEWHERE = {"clv_predicted"}
"""Its model finds no parameters in so few days; its reference is that of the test company."""


def _with_short_windows(project: Project) -> Project:
    """The demo's configuration, with windows that are over within its days."""
    kpis = project.kpis
    windows = {
        "churn": kpis.churn.model_copy(update={"inactivity_days": 10}),
        "cross_sell": kpis.cross_sell.model_copy(update={"window_days": 14}),
        "contracts": kpis.contracts.model_copy(
            update={"renewal_grace_days": 5, "plan_order": ("basic", "plus", "pro")}
        ),
        "response_window_days": 5,
        # so that a month with separations counts, and periods that start before it do not
        "known_from": kpis.known_from.model_copy(update={"erp_employee": dt.date(2026, 3, 1)}),
    }
    return project.model_copy(update={"kpis": kpis.model_copy(update=windows)})


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Proof:
    folder = tmp_path_factory.mktemp("demo")
    simulate(folder / "extracts", Settings(customers=600, days=DAYS, end=END))
    given = {"BAROMETER_DEMO_DIR": str(folder / "extracts")}
    project = _with_short_windows(load_project(ROOT / "barometer.yaml", given))
    dates = [END - dt.timedelta(days=back) for back in reversed(range(DAYS))]
    proof = prove(folder, project, dates)
    as_of = END.isoformat()
    create_events(proof.connection, project, proof.plan.dimensions, as_of)
    note_first_event(proof.connection, EVENTS.values())
    create_populations(proof.connection, project, as_of=as_of, grains=GRAINS)
    return proof


def test_every_published_kpi_has_a_reference(demo: Proof) -> None:
    assert {one.code for one in demo.plan.published} == ({*EVENTS, *COUNTED} - OTHERS) | ELSEWHERE


@pytest.mark.parametrize("code", sorted(EVENTS.keys() - OTHERS))
def test_a_kpi_on_events_equals_sql(demo: Proof, code: str) -> None:
    rows = check_event_kpi(demo, code)
    # nobody has classified the demo's comments
    assert rows > 0 or code in {"net_sentiment", "sentiment_coverage"}


@pytest.mark.parametrize("code", COUNTED)
def test_a_kpi_on_a_population_equals_sql(demo: Proof, code: str) -> None:
    assert check_population_kpi(demo, code, GRAINS) > 0


@pytest.mark.parametrize("code", BEFORE_KNOWN)
def test_periods_that_start_before_it_is_known_who_ended_are_left_out(
    demo: Proof, code: str
) -> None:
    grain, start, records = BEFORE_KNOWN[code]
    is_it = (
        (pl.col("kpi_code") == code) & (pl.col("period_grain") == grain)
        & (pl.col("period_start") == start) & (pl.col("segment_set") == "total")
    )  # fmt: skip
    assert demo.values.filter(is_it).is_empty()
    reason = pl.col("reason") == "look_back_incomplete"
    count = demo.exclusions.filter(is_it, reason)["count"].sum()
    assert [(count,)] == demo.connection.sql(records).fetchall()
    assert count > 0


def test_periods_are_those_of_the_calendar(demo: Proof) -> None:
    strange = demo.connection.sql("""
        SELECT * FROM period WHERE period_grain NOT LIKE 'rolling%' AND (
            period_start <> date_trunc(period_grain, period_start)
            OR period_end + 1 <> period_start + CASE period_grain
                WHEN 'day' THEN INTERVAL 1 DAY WHEN 'week' THEN INTERVAL 7 DAY
                WHEN 'month' THEN INTERVAL 1 MONTH WHEN 'quarter' THEN INTERVAL 3 MONTH
                ELSE INTERVAL 1 YEAR END)
        UNION ALL
        SELECT * FROM period WHERE period_grain = 'rolling_28d' AND period_end - period_start <> 27
        UNION ALL
        SELECT * FROM period WHERE period_grain = 'rolling_12m' AND (day(period_start) <> 1
            OR period_end + 1 <> period_start + INTERVAL 12 MONTH)
    """).fetchall()
    assert strange == []


def test_every_row_is_of_a_segment_set_that_its_kpi_carries(demo: Proof) -> None:
    grains = demo.values.filter(pl.col("period_grain") == "rolling_28d")
    assert set(grains["segment_set"]) == {"total"}
    nps = published(demo, "nps")
    assert set(nps["segment_set"]) == {*demo.sets()} - {"by_department"}
    assert set(published(demo, "conversion_rate")["segment_set"]) == {
        "total", "by_region", "by_tier", "by_region_tier",
    }  # fmt: skip


@pytest.mark.parametrize("code", sorted((EVENTS.keys() | COUNTED.keys()) - OTHERS - NOT_A_SUM))
def test_segments_of_a_set_add_up_to_the_total(demo: Proof, code: str) -> None:
    check_sums(demo.values, demo.exclusions, code, by_product={"by_category"})


def test_revenue_of_products_adds_up_though_an_order_counts_in_each(demo: Proof) -> None:
    for code in ("average_transaction_value", "margin_per_transaction", "margin_rate"):
        rows = published(demo, code).filter(pl.col("segment_set").is_in(["total", "by_category"]))
        # an amount in another currency is rounded to 10⁻⁴ as a whole, and line by line
        assert sums_that_are_off(rows, ["numerator"], tolerance=1e-7).is_empty()
        counts = sums_that_are_off(rows, ["n"])
        assert counts.height > 0
        assert (counts["n"] > counts["n_total"]).all()


@pytest.fixture(scope="module")
def shown(demo: Proof) -> pl.DataFrame:
    return demo.published()


def test_a_running_period_stands_beside_the_same_days_of_the_one_before(
    demo: Proof, shown: pl.DataFrame
) -> None:
    demo.connection.execute(TO_DATE)
    running = shown.filter(
        ~pl.col("is_complete"), pl.col("value").is_not_null(),
        pl.col("period_grain").is_in(["week", "month"]),
    )  # fmt: skip
    keys = ["period_grain", "period_start", "segment_set", "segment_key"]
    compared = 0
    for code in sorted(EVENTS.keys() - OTHERS - QUANTILES.keys() - {"ces_mean"}):
        right = expected(demo.connection, EVENTS[code], demo.sets(), days="to_date_day")
        rows = running.filter(pl.col("kpi_code") == code)
        both = rows.join(right.select(*keys, before="value"), on=keys, how="left")
        now, before = pl.col("previous_value"), pl.col("before")
        is_off = (now - before).abs() > 1e-9 * (1 + before.abs())
        off = both.filter(is_off | (now.is_null() != before.is_null()))
        assert off.is_empty(), code
        compared += both["before"].count()
    assert compared > 500


SHARES = {"share", "lower_share", "middle_share", "complement_share"}


def test_intervals_of_shares_are_scipys(demo: Proof) -> None:
    estimators = {one.code: one.kpi.estimator for one in demo.plan.published}
    codes = [code for code, estimator in estimators.items() if estimator in SHARES]
    rows = demo.values.filter(pl.col("kpi_code").is_in(codes), pl.col("n") > 0)
    sample = rows.sort("kpi_code", "period_grain", "segment_key", "period_start").gather_every(97)
    assert sample["kpi_code"].n_unique() > 15
    for row in sample.to_dicts():
        check_ends(row, intervals.of_share(row["numerator"], row["n"]))
        assert row["n_effective"] == row["n"]
    for row in published(demo, "return_rate").gather_every(20).to_dicts():
        check_ends(row, intervals.of_odds(row["numerator"], row["n"]))


def test_intervals_of_nets_are_adjusted_wald(demo: Proof) -> None:
    keys = ["period_grain", "period_start", "segment_set", "segment_key"]
    promoters = published(demo, "nps_promoter_share").select(*keys, promoters="numerator")
    rows = published(demo, "nps").join(promoters, on=keys)
    assert rows.height == promoters.height
    for row in rows.gather_every(7).to_dicts():
        n, up = row["n"], row["promoters"]
        check_ends(row, intervals.of_net(up / n, (up - row["numerator"]) / n, n))


def test_intervals_of_weighted_nets_are_of_kishs_n(demo: Proof) -> None:
    rows = months(demo, "nps_weighted")
    columns = ("w", "(v >= 9)::INT", "(v <= 6)::INT")
    for start, (w, up, low) in events_by_month(demo, "nps_weighted", *columns).items():
        total, squares = sum(w), sum(x * x for x in w)
        shares = [sum(a * b for a, b in zip(w, x, strict=True)) / total for x in (up, low)]
        effective = total**2 / squares
        assert rows[start]["n_effective"] == pytest.approx(effective, rel=1e-9)
        assert effective < rows[start]["n"]
        check_ends(rows[start], intervals.of_net(shares[0], shares[1], effective))


def test_the_interval_of_the_experience_index_is_of_its_three_nets(demo: Proof) -> None:
    rows = months(demo, "cxi")
    parts: dict[dt.date, list[tuple[float, float, float]]] = {}
    worst = "(good < lo + CASE points WHEN 7 THEN 3 ELSE 2 END)::INT"
    for metric in ("cxi_effectiveness", "cxi_ease", "cxi_emotion"):
        found = events_by_month(demo, metric, "(good > hi - 2)::INT", worst)
        for start, (up, low) in found.items():
            part = (sum(up) / len(up), sum(low) / len(low), len(up))
            parts.setdefault(start, []).append(part)
    assert len(parts) == len(rows) == 2
    for start, part in parts.items():
        check_ends(rows[start], intervals.of_nets(part))


@pytest.mark.parametrize("code", MEANS)
def test_intervals_of_means_are_students(demo: Proof, code: str) -> None:
    rows = months(demo, code)
    assert rows
    found = events_by_month(demo, code, MEANS[code])
    assert found.keys() == rows.keys()
    for start, (values,) in found.items():
        ends = intervals.clipped(intervals.of_mean(values), bounds(demo, code))
        check_ends(rows[start], ends)


@pytest.mark.parametrize("code", CUSTOMER_MEANS)
def test_intervals_of_means_of_customers_are_students(demo: Proof, code: str) -> None:
    table, value, where = CUSTOMER_MEANS[code]
    rows = months(demo, code)
    assert rows
    found = records_by_month(demo, table, where, value)
    assert found.keys() == rows.keys()
    for start, (values,) in found.items():
        ends = intervals.clipped(intervals.of_mean(values), bounds(demo, code))
        check_ends(rows[start], ends)


@pytest.mark.parametrize("code", [*RATIOS, *CUSTOMER_RATIOS])
def test_intervals_of_ratios_are_linearised(demo: Proof, code: str) -> None:
    rows = months(demo, code)
    if code in RATIOS:
        above, below, factor = RATIOS[code]
        found = events_by_month(demo, code, above, below)
    else:
        table, above, below, where, factor = CUSTOMER_RATIOS[code]
        found = records_by_month(demo, table, where, above, below)
    assert found.keys() == rows.keys()
    for start, (x, y) in found.items():
        if rows[start]["value"] is not None and sum(y) > 0:
            ends = intervals.of_ratio(x, y, factor)
            check_ends(rows[start], intervals.clipped(ends, bounds(demo, code)), rel=1e-7)


def test_intervals_of_rates_are_garwoods(demo: Proof) -> None:
    rows = published(demo, "employee_turnover").filter(pl.col("denominator") > 0)
    assert rows["numerator"].max() > 0
    for row in rows.gather_every(9).to_dicts():
        check_ends(row, intervals.of_rate(row["numerator"], row["denominator"], 100))


@pytest.mark.parametrize(("label", "quantile"), [("median", 0.5), ("p90", 0.9)])
def test_intervals_of_quantiles_are_order_statistics(
    demo: Proof, label: str, quantile: float
) -> None:
    rows = months(demo, f"first_response_time_{label}")
    for start, (values,) in events_by_month(demo, "first_response_time_mean", "response").items():
        check_ends(rows[start], intervals.of_quantile(values, quantile), rel=0.01)


def test_what_is_counted_in_full_has_no_interval(demo: Proof) -> None:
    for code in ("support_cost_total", "support_cost_per_contact", "support_cost_per_customer"):
        rows = published(demo, code)
        assert rows.height > 0
        assert rows["ci_low"].null_count() == rows["ci_high"].null_count() == rows.height
