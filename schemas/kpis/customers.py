"""KPIs of the value of customers, from ERP and CRM: catalogue entries only."""

from schemas.kpis.kpi import Kpi

KPIS: tuple[Kpi, ...] = (
    Kpi(
        code="revenue_per_customer",
        name_en="Revenue per customer",
        name_fr="Revenu par client",
        family="value",
        department="Sales",
        unit="currency",
        direction="higher_is_better",
        formula="net revenue of the period / active customers: those with a sale in it. Returns "
        "are negative revenue and no sales; accounts with returns alone are excluded, so that the "
        "numerator is not all net revenue, and so are orders without an account, without an "
        "amount, or in another currency without a rate "
        "of exchange; cancelled orders (kpis.cancelled_statuses) do not count. Cut by the account "
        "on the period's last day",
        inputs=("erp_order.account_id", "erp_order.ordered_at", "erp_order.net_amount"),
        fact="population",
        measure="customer_revenue",
        estimator="mean",
        method_version=1,
        source="Practitioner guides to CX measurement; interval: Student's t over customers",
        additive=False,
    ),
    Kpi(
        code="cross_sell_rate",
        name_en="Cross-sell rate",
        name_fr="Taux de vente croisée",
        family="value",
        department="Sales",
        unit="percent",
        direction="higher_is_better",
        formula="100 * customers who bought from two product families or more / customers who "
        "bought, both in the kpis.cross_sell.window_days up to the period's last day. Returns and "
        "cancelled orders (kpis.cancelled_statuses) are no purchases; those without an account, "
        "or of a product without a known family, are excluded, and so are periods whose window "
        "begins before the first order. Cut by the account on the period's last day",
        inputs=(
            "erp_order.account_id",
            "erp_order.ordered_at",
            "erp_order_line.product_id",
            "erp_product.family",
        ),
        fact="population",
        measure="cross_sell",
        estimator="share",
        method_version=1,
        source="Practitioner guides to CX measurement; interval: Wilson (1927)",
        additive=False,
        bounds=(0.0, 100.0),
    ),
)
