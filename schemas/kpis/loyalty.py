"""KPIs of loyalty, from CRM and ERP: catalogue entries only."""

from schemas.kpis.kpi import Kpi

CUSTOMER_BASES = {
    "orders": ("erp_order.account_id", "erp_order.ordered_at"),
    "contracts": ("crm_contract.account_id", "crm_contract.starts_on"),
}
"""Inputs of the customer KPIs by `kpis.churn.basis`."""

_RULE = (
    "A customer is one with a sale in the kpis.churn.inactivity_days before (basis orders) or with "
    "a contract in force (basis contracts); joiners of the period are left out"
)

KPIS: tuple[Kpi, ...] = (
    Kpi(
        code="churn_rate",
        name_en="Churn rate",
        name_fr="Taux d'attrition",
        family="loyalty",
        department="Marketing",
        unit="percent",
        direction="lower_is_better",
        formula=f"100 * customers lost in the period / customers at its start. {_RULE}",
        inputs=(*CUSTOMER_BASES["orders"],),
        fact="population",
        measure="churn",
        estimator="share",
        method_version=1,
        source="Practitioner guides to CX measurement; interval: Wilson (1927)",
        additive=False,
        has_customer_basis=True,
        bounds=(0.0, 100.0),
    ),
    Kpi(
        code="retention_rate",
        name_en="Retention rate",
        name_fr="Taux de rétention",
        family="loyalty",
        department="Marketing",
        unit="percent",
        direction="higher_is_better",
        formula=f"100 * (customers at the end - joiners) / customers at the start. {_RULE}",
        inputs=(*CUSTOMER_BASES["orders"],),
        fact="population",
        measure="churn",
        estimator="complement_share",
        method_version=1,
        source="Practitioner guides to CX measurement; interval: Wilson (1927)",
        additive=False,
        has_customer_basis=True,
        bounds=(0.0, 100.0),
    ),
)
