"""KPIs of value, from ERP and CRM: catalogue entries only."""

from schemas.kpis.kpi import Kpi

KPIS: tuple[Kpi, ...] = (
    Kpi(
        code="average_transaction_value",
        name_en="Average transaction value",
        name_fr="Panier moyen",
        family="value",
        department="Sales",
        unit="currency",
        direction="higher_is_better",
        formula="net revenue / number of sales; returns are negative revenue and no sales, "
        "cancelled orders are neither (kpis.cancelled_statuses)",
        inputs=("erp_order.ordered_at", "erp_order.net_amount"),
        fact="order",
        measure="transaction_value",
        estimator="ratio",
        method_version=1,
        source="Practitioner guides to CX measurement; interval: linearised ratio "
        "(Cochran 1977, ch. 6)",
    ),
    Kpi(
        code="conversion_rate",
        name_en="Conversion rate of leads created",
        name_fr="Taux de conversion des leads créés",
        family="value",
        department="Sales",
        unit="percent",
        direction="higher_is_better",
        formula="100 * leads won so far / leads created in the period",
        inputs=("crm_lead.created_at", "crm_lead.outcome"),
        fact="lead",
        measure="lead_created",
        estimator="share",
        method_version=1,
        source="Practitioner guides to CX measurement; interval: Wilson (1927)",
        bounds=(0.0, 100.0),
    ),
    Kpi(
        code="conversion_rate_closed",
        name_en="Conversion rate of leads closed",
        name_fr="Taux de conversion des leads clos",
        family="value",
        department="Sales",
        unit="percent",
        direction="higher_is_better",
        formula="100 * leads won / leads won or lost, by the day they closed",
        inputs=("crm_lead.created_at", "crm_lead.outcome", "crm_lead.closed_at"),
        fact="lead",
        measure="lead_closed",
        estimator="share",
        method_version=1,
        source="Practitioner guides to CX measurement; interval: Wilson (1927)",
        bounds=(0.0, 100.0),
    ),
)
