"""Entries of lifetime value, their parameters, and the contract of their assumptions."""

import pytest
from pydantic import ValidationError

from assets.transforms.clv.assumptions import REPORT
from assets.transforms.populations.lifetime import LIFETIME
from schemas.config.kpis import KpiConfig
from schemas.config.lifetime import Lifetime
from schemas.kpis.lifetime import CODES, GRAINS, KPIS
from schemas.kpis.method import method_options
from schemas.lifetime_tables import CLV_ASSUMPTION

ENTRIES = {kpi.code: kpi for kpi in KPIS}


def test_every_entry_has_its_measure_and_no_day_or_week() -> None:
    assert tuple(ENTRIES) == CODES
    measures = {one.code: one.shape for one in LIFETIME.measures}
    shapes = {"mean": "mean", "ratio": "ratio"}
    assert {kpi.measure: shapes[kpi.estimator] for kpi in KPIS} == measures
    assert all(kpi.grains == GRAINS for kpi in KPIS)


def test_the_contract_has_every_column_of_the_report() -> None:
    assert set(REPORT.names()) <= set(CLV_ASSUMPTION.polars_schema().names())


def test_figures_by_other_rules_do_not_look_alike() -> None:
    config = KpiConfig.model_validate(
        {
            "churn": {"basis": "contracts", "inactivity_days": 90},
            "lifetime": {"lifespan": "churn", "horizon_months": 24, "renewal_months": 6},
        }
    )
    assert method_options(ENTRIES["clv_simple"], config) == "+lifespan=churn,days=90"
    assert method_options(ENTRIES["clv_predicted"], config) == (
        "+basis=contracts+horizon=24m,rate=0.1,renewal=6m"
    )
    assert method_options(ENTRIES["clv_historical"], config) == ""
    assert method_options(ENTRIES["clv_predicted"], KpiConfig()) == (
        "+basis=orders,days=180+horizon=36m,rate=0.1"
    )


@pytest.mark.parametrize(
    "wrong", [{"horizon_months": 0}, {"annual_discount_rate": -0.1}, {"lifespan": "guess"}]
)
def test_refused_parameters(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Lifetime.model_validate(wrong)
