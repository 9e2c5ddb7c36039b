"""KPIs of real extracts equal their independent definitions in SQL."""

import os
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from examples.verify import VARIABLE
from pipelines.config import load_project
from tests.assets.kpi.proof import intervals
from tests.assets.kpi.proof.agreement import KEYS, check_event_kpi, check_population_kpi, published
from tests.assets.kpi.proof.event_kpis import QUANTILES, event_kpis
from tests.assets.kpi.proof.lakes import Proof, prove
from tests.assets.kpi.proof.sql_events import create_events
from tests.assets.kpi.proof.sql_periods import expected, note_first_event
from tests.assets.kpi.proof.sql_populations import COUNTED, create_populations
from tests.assets.kpi.proof.sums import NOT_A_SUM, check_sums

ROOT = Path(__file__).parents[4]
GRAINS = ("month", "quarter", "year", "rolling_12m")
"""Grains that populations are counted for once more: every customer is met in every period."""
PREDICTED = {"clv_predicted"}
"""Too little is bought again here for its model; its reference is that of the test company."""
FOUND = {
    "incidents": {
        "first_contact_resolution", "reopen_rate", "resolution_time_mean",
        "resolution_time_median", "resolution_time_p90",
    },
    "olist": {
        "average_transaction_value", "churn_rate", "clv_basket", "clv_historical", "clv_simple",
        "conversion_rate", "conversion_rate_closed", "cross_sell_rate", "csat", "csat_mean",
        "on_time_delivery_rate", "reactivation_rate", "repeat_purchase_rate",
        "repeat_purchase_rate_to_date", "retention_rate", "revenue_per_customer",
    },
    "sfo_survey": {
        "ces_mean", "ces_net", "ces_top_share", "csat", "csat_mean", "csat_weighted", "nps",
        "nps_detractor_share", "nps_passive_share", "nps_promoter_share", "nps_weighted",
    },
}  # fmt: skip
"""KPIs that an example has values of."""


@pytest.fixture(scope="module", params=sorted(FOUND))
def example(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Proof]:
    name = request.param
    data = Path(os.environ.get(VARIABLE) or ROOT.parent / "shared" / "data").absolute()
    if not (data / name).is_dir():
        pytest.skip(f"the real extracts are absent: set {VARIABLE} (looked for {data / name})")
    file = ROOT / "examples" / name / "barometer.yaml"
    project = load_project(file, {VARIABLE: str(data)})
    proof = prove(tmp_path_factory.mktemp(name), project, [project.start_date])
    as_of = project.start_date.isoformat()
    create_events(proof.connection, project, proof.plan.dimensions, as_of)
    events = event_kpis(project.kpis.first_contact_resolution.variant)
    codes = {one.code for one in proof.plan.published} - COUNTED.keys() - PREDICTED
    note_first_event(proof.connection, [{**events, **QUANTILES}[code] for code in codes])
    create_populations(proof.connection, project, as_of=as_of, grains=GRAINS)
    return name, proof


def test_every_kpi_equals_sql(example: tuple[str, Proof]) -> None:
    name, proof = example
    found = set()
    for one in proof.plan.published:
        if one.code in PREDICTED:
            continue
        if one.code in COUNTED:
            rows = check_population_kpi(proof, one.code, GRAINS)
        else:
            rows = check_event_kpi(proof, one.code)
        found |= {one.code} if rows else set()
    assert found == FOUND[name]


def test_segments_add_up_to_the_total(example: tuple[str, Proof]) -> None:
    _, proof = example
    assert proof.values["segment_set"].n_unique() > 1
    for one in proof.plan.published:
        if one.code not in NOT_A_SUM:
            by_product = {"by_product_category"}
            check_sums(proof.values, proof.exclusions, one.code, by_product=by_product)


def test_the_interval_of_a_weighted_share_is_of_kishs_n(example: tuple[str, Proof]) -> None:
    name, proof = example
    if name != "sfo_survey":
        pytest.skip("only the airport's passengers have weights")
    rows = published(proof, "csat_weighted").filter(pl.col("period_grain") == "month")
    one = event_kpis("flag")["csat_weighted"]
    squares = replace(one, numerator="sum(w * w)", factor=1)
    right = expected(proof.connection, squares, proof.sets())
    both = rows.join(right.select(*KEYS, squares="numerator"), on=KEYS)
    assert both.height == rows.height > 50
    for row in both.to_dicts():
        effective = row["denominator"] ** 2 / row["squares"]
        assert row["n_effective"] == pytest.approx(effective, rel=1e-9)
        low, high = intervals.of_weighted_share(row["value"] / 100, effective)
        assert (row["ci_low"], row["ci_high"]) == pytest.approx((low, high), rel=1e-9, abs=1e-9)


STEPS = {
    "day": ("-1d", "-1y"), "week": ("-1w", "-52w"), "month": ("-1mo", "-1y"),
    "quarter": ("-3mo", "-1y"), "year": ("-1y", "-1y"), "rolling_28d": ("-28d", "-52w"),
    "rolling_12m": ("-12mo", "-12mo"),
}  # fmt: skip
"""Grain → how far back the period before and its like a year ago begin."""


def test_an_ended_period_stands_beside_the_one_before_and_a_year_ago(
    example: tuple[str, Proof],
) -> None:
    name, proof = example
    keys = ["kpi_code", "segment_set", "segment_key", "method_id"]
    ended = proof.published().filter("is_complete", pl.col("value").is_not_null())
    met = 0
    for grain, steps in STEPS.items():
        rows = ended.filter(pl.col("period_grain") == grain)
        for step, column in zip(steps, ("previous_value", "year_ago_value"), strict=True):
            before = rows.select(
                *keys, pl.col("period_start").alias("then"), pl.col("value").alias("before")
            )
            then = pl.col("period_start").dt.offset_by(step).alias("then")
            both = rows.with_columns(then).join(before, on=[*keys, "then"], how="left")
            assert both.filter(~pl.col(column).eq_missing(pl.col("before"))).is_empty()
            met += both["before"].count()
    assert met > (200 if name == "sfo_survey" else 10_000)


def test_all_periods_are_there(example: tuple[str, Proof]) -> None:
    _, proof = example
    grains = {"day", "week", "month", "quarter", "year"}
    assert set(proof.values["period_grain"]) >= grains
    assert proof.values.filter(pl.col("n") < 0).is_empty()
