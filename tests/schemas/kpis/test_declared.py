"""KPIs that a company declares: what is refused, and the entries that come of them."""

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.config.declared import DeclaredKpi, DeclaredMeasure
from schemas.errors import ConfigError
from schemas.kpis.catalogue import entries, published_kpis
from schemas.kpis.declared import declared_kpi, declared_state
from tests.assets.kpi.histories import project

ON_THE_WEB: dict[str, Any] = {
    "name_en": "Orders on the web",
    "name_fr": "Commandes en ligne",
    "family": "value",
    "department": "Sales",
    "numerator": {"of": "erp_order", "where": {"channel": "web", "is_return": False}},
    "denominator": {"of": "erp_order", "where": {"is_return": False}},
}


def declared(**changes: Any) -> DeclaredKpi:
    return DeclaredKpi.model_validate(ON_THE_WEB | changes)


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        ({"of": "erp_invoice"}, "'erp_order', 'crm_lead'"),
        ({"of": "erp_order", "sum": "amount"}, "no column 'amount' to use here; allowed: order_id"),
        ({"of": "erp_order", "sum": "channel"}, "channel is text, no number; allowed: net_amount"),
        ({"of": "erp_order", "where": {"chanel": "web"}}, "where.chanel: erp_order has no column"),
        ({"of": "erp_order", "where": {"channel": {"min": 1}}}, "has no min and max; list the"),
        ({"of": "erp_order", "where": {"channel": True}}, 'booleans: write "yes"'),
        ({"of": "erp_order", "where": {"net_amount": 12}}, "of decimal give bounds"),
        ({"of": "erp_order", "where": {"net_amount": {}}}, "give `min`, `max` or both"),
        ({"of": "erp_order", "where": {"net_amount": {"min": 2, "max": 1}}}, "min is at most max"),
        ({"of": "crm_lead", "where": {"outcome": "sold"}}, "no value 'sold'; allowed: open, won"),
        ({"of": "crm_interaction", "where": {"contact_count": "1"}}, "'1' is no integer"),
        ({"of": "survey_answer", "where": {"text": "good"}}, "allowed: score, choice, metric"),
    ],
)
def test_a_measure_that_cannot_be_is_refused(measure: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        DeclaredMeasure.model_validate(measure)
    assert message in str(caught.value)


def test_rows_among_rows_are_a_share() -> None:
    kpi = declared_kpi("web_share", declared())
    assert (kpi.estimator, kpi.fact, kpi.also, kpi.bounds) == ("share", "order", (), (0.0, 100.0))
    assert kpi.formula == (
        "100 * rows of erp_order where channel is web and is_return is False / rows of erp_order "
        "where is_return is False"
    )
    assert kpi.inputs == ("erp_order.ordered_at", "erp_order.is_return", "erp_order.channel")
    assert (kpi.name_en, kpi.name_fr) == ("Orders on the web", "Commandes en ligne")


def test_other_filters_or_sums_are_a_ratio() -> None:
    elsewhere = {"of": "erp_order", "where": {"channel": "shop"}}
    assert declared_kpi("x", declared(denominator=elsewhere)).estimator == "ratio"
    shipping = {"of": "erp_order", "sum": "shipping_amount"}
    found = declared_kpi("x", declared(numerator=shipping, unit="currency"))
    assert found.estimator == "ratio"
    assert found.bounds == (None, None)


def test_two_tables_are_a_quotient_without_interval() -> None:
    contacts = {"of": "crm_interaction", "where": {"channel": ["phone", "chat"]}}
    kpi = declared_kpi("contacts_per_order", declared(numerator=contacts, unit="per_hundred"))
    assert (kpi.estimator, kpi.fact, kpi.also) == ("quotient", "order", ("interaction",))
    assert "channel is phone or chat" in kpi.formula
    assert "erp_order.ordered_at" in kpi.inputs
    assert "crm_interaction.opened_at" in kpi.inputs


def test_another_definition_is_another_state() -> None:
    same = declared_state("web_share", declared(name_en="Orders online"))
    assert same == declared_state("web_share", declared())
    shop = {"of": "erp_order", "where": {"channel": "shop"}}
    assert declared_state("web_share", declared(numerator=shop)) != same


def test_a_company_has_its_own_kpis_and_names() -> None:
    config = {
        "declared": {"web_share": ON_THE_WEB},
        "names": {"nps": {"fr": "Recommandation"}, "web_share": {"en": "Web orders"}},
        "codes": ["nps", "web_share"],
    }
    found = {one.code: one.kpi for one in published_kpis(project(kpis=config))}
    assert list(found) == ["nps", "web_share"]
    assert found["nps"].name_fr == "Recommandation"
    assert found["nps"].name_en == "Net Promoter Score"
    assert found["web_share"].name_en == "Web orders"
    assert "web_share" in entries(project(kpis=config).kpis)


@pytest.mark.parametrize(
    ("config", "where", "message"),
    [
        ({"declared": {"nps": ON_THE_WEB}}, "kpis.declared.nps", "the code is taken"),
        ({"names": {"npss": {"en": "x"}}}, "kpis.names: npss", "no such KPI"),
        (
            {"declared": {"web": ON_THE_WEB}, "variants": {"web": {"of": "nps"}}},
            "kpis.variants.web",
            "the code is taken",
        ),
        (
            {
                "declared": {"web": ON_THE_WEB},
                "variants": {"v": {"of": "web", "weights": "response"}},
            },
            "kpis.variants.v.weights",
            "only survey KPIs",
        ),
    ],
)
def test_codes_that_cannot_be_are_refused(config: dict[str, Any], where: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        published_kpis(project(kpis=config))
    assert where in str(caught.value)
    assert message in str(caught.value)
