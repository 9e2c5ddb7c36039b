"""The catalogue: entries are whole, refer to real columns, and have their measure."""

import pytest

from assets.transforms.composites import COMPOSITES
from assets.transforms.cuts import carried
from assets.transforms.estimators import ESTIMATORS, FACTORS, INTERVALS, QUANTILES
from assets.transforms.facts import FACTS
from assets.transforms.measures_catalogue import all_measures
from assets.transforms.populations.registry import POPULATIONS
from schemas.config.kpis import KpiConfig
from schemas.errors import ConfigError
from schemas.kpis.catalogue import CATALOGUE, input_tables, published_kpis
from schemas.kpis.document import markdown
from schemas.kpis.kpi import Kpi
from schemas.registry import canonical
from tests.assets.kpi.histories import project

MEASURES = (
    *all_measures(KpiConfig()),
    *(measure for one in POPULATIONS.values() for measure in one.measures),
)


@pytest.mark.parametrize("kpi", CATALOGUE.values(), ids=list(CATALOGUE))
def test_entry_is_whole(kpi: Kpi) -> None:
    for name in kpi.inputs:
        table, _, column = name.partition(".")
        assert canonical(table).column(column).name == column
    found = {one.fact for one in MEASURES if one.code == kpi.measure}
    assert found == set(kpi.facts)
    assert kpi.estimator in {*ESTIMATORS, *QUANTILES, *COMPOSITES}
    assert kpi.estimator in INTERVALS
    assert kpi.unit in FACTORS
    assert all((kpi.name_en, kpi.name_fr, kpi.department, kpi.formula, kpi.source))
    assert kpi.additive == (kpi.fact in FACTS)


def test_every_measure_is_read_by_a_kpi() -> None:
    used = {kpi.measure for kpi in CATALOGUE.values()}
    assert {one.code.removesuffix(":weighted") for one in MEASURES} <= used


def test_the_document_has_every_entry() -> None:
    text = markdown(carried)
    for kpi in CATALOGUE.values():
        assert f"### `{kpi.code}`" in text
        assert kpi.formula in text


def test_what_a_kpi_can_be_cut_by() -> None:
    assert carried(CATALOGUE["support_cost_per_contact"]) == ("touchpoint", "department")
    assert carried(CATALOGUE["support_cost_per_customer"]) == ()
    assert carried(CATALOGUE["employee_turnover"]) == ("region", "department")
    for code, some in (
        ("nps", {"region", "age_band", "touchpoint", "survey_kind", "product_family", "custom.*"}),
        ("churn_rate", {"region", "plan", "custom.*"}),
    ):
        assert some <= set(carried(CATALOGUE[code]))
    assert "touchpoint" not in carried(CATALOGUE["churn_rate"])


def test_codes_choose_what_is_published() -> None:
    found = published_kpis(project(kpis={"codes": ["nps", "csat"]}))
    assert [one.code for one in found] == ["nps", "csat"]


def test_weights_are_for_answers_alone() -> None:
    found = {one.code: one for one in published_kpis(project(kpis={"weights": "response"}))}
    assert found["nps"].state == "nps:weighted"
    assert found["average_transaction_value"].state == "transaction_value"


def test_churn_needs_the_table_of_its_basis() -> None:
    kpi = CATALOGUE["churn_rate"]
    contracts = KpiConfig.model_validate({"churn": {"basis": "contracts"}})
    assert input_tables(kpi, contracts) == ("crm_contract",)
    assert input_tables(kpi, KpiConfig()) == ("erp_order",)


@pytest.mark.parametrize(
    ("kpis", "culprit"),
    [
        ({"codes": ["npz"]}, "kpis.codes: npz"),
        ({"variants": {"x": {"of": "npz"}}}, "kpis.variants.x.of"),
        ({"variants": {"nps": {"of": "csat"}}}, "kpis.variants.nps"),
        (
            {"variants": {"x": {"of": "churn_rate", "weights": "response"}}},
            "kpis.variants.x.weights",
        ),
    ],
)
def test_a_wrong_code_is_refused_by_name(kpis: dict[str, object], culprit: str) -> None:
    with pytest.raises(ConfigError, match=culprit.replace(".", r"\.")):
        published_kpis(project(kpis=kpis))
