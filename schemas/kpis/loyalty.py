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

_ORDER_INPUTS = ("erp_order.account_id", "erp_order.ordered_at")
_ORDERS = (
    "Returns and cancelled orders (kpis.cancelled_statuses) are no orders; those without an "
    "account are excluded. Cut by the account on the period's last day"
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
    Kpi(
        code="reactivation_rate",
        name_en="Reactivation rate",
        name_fr="Taux de réactivation",
        family="loyalty",
        department="Marketing",
        unit="percent",
        direction="higher_is_better",
        formula="100 * customers who came back in the period / customers lost before its start: "
        "those who once were customers and were none when it began. A customer is one with a sale "
        "in the kpis.churn.inactivity_days before (basis orders) or with a contract in force "
        "(basis contracts); who comes back and is lost again in the same period counts as back. "
        "Cut by the account on the period's last day",
        inputs=(*CUSTOMER_BASES["orders"],),
        fact="population",
        measure="reactivation",
        estimator="share",
        method_version=1,
        source="Practitioner guides to CX measurement; interval: Wilson (1927)",
        additive=False,
        has_customer_basis=True,
        bounds=(0.0, 100.0),
    ),
    Kpi(
        code="repeat_purchase_rate",
        name_en="Repeat purchase rate of the period",
        name_fr="Taux de réachat de la période",
        family="loyalty",
        department="Marketing",
        unit="percent",
        direction="higher_is_better",
        formula="100 * customers with two orders or more in the period / customers with one order "
        f"or more in it. {_ORDERS}",
        inputs=_ORDER_INPUTS,
        fact="population",
        measure="repeat_purchase",
        estimator="share",
        method_version=1,
        source="Practitioner guides to CX measurement; interval: Wilson (1927)",
        additive=False,
        bounds=(0.0, 100.0),
    ),
    Kpi(
        code="repeat_purchase_rate_to_date",
        name_en="Repeat purchase rate to date",
        name_fr="Taux de réachat à date",
        family="loyalty",
        department="Marketing",
        unit="percent",
        direction="higher_is_better",
        formula="100 * customers with two orders or more up to the period's last day / customers "
        f"with one order or more up to it, of all orders in the history. {_ORDERS}",
        inputs=_ORDER_INPUTS,
        fact="population",
        measure="repeat_purchase_to_date",
        estimator="share",
        method_version=1,
        source="Practitioner guides to CX measurement; interval: Wilson (1927)",
        additive=False,
        bounds=(0.0, 100.0),
    ),
)
