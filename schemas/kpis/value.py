"""KPIs of value, from ERP and CRM: catalogue entries only."""

from schemas.kpis.kpi import Kpi

_CONVERTED = (
    "other currencies are converted at the rate of the order's day, or the last one of the "
    "kpis.exchange.max_age_days before"
)
_MARGIN = (
    "Cost is the sum of quantity * unit cost of the lines, to 0.0001 a line; on a return revenue "
    "and cost are negative and there is no sale. Cancelled orders, orders in a currency without a "
    "recent rate and orders without amount, without lines or with a line without cost are "
    f"excluded; {_CONVERTED}"
)
_MARGIN_INPUTS = (
    "erp_order.ordered_at",
    "erp_order.net_amount",
    "erp_order_line.quantity",
    "erp_order_line.unit_cost",
)

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
        f"cancelled orders are neither (kpis.cancelled_statuses); {_CONVERTED}",
        inputs=("erp_order.ordered_at", "erp_order.net_amount"),
        fact="order",
        measure="transaction_value",
        estimator="ratio",
        method_version=2,
        source="Practitioner guides to CX measurement; interval: linearised ratio "
        "(Cochran 1977, ch. 6)",
    ),
    Kpi(
        code="margin_per_transaction",
        name_en="Margin per transaction",
        name_fr="Marge par transaction",
        family="value",
        department="Sales",
        unit="currency",
        direction="higher_is_better",
        formula=f"(net revenue - cost) / number of sales. {_MARGIN}",
        inputs=_MARGIN_INPUTS,
        fact="order",
        measure="transaction_margin",
        estimator="ratio",
        method_version=2,
        source="Practitioner guides to CX measurement; interval: linearised ratio "
        "(Cochran 1977, ch. 6)",
    ),
    Kpi(
        code="margin_rate",
        name_en="Margin rate",
        name_fr="Taux de marge",
        family="value",
        department="Sales",
        unit="percent",
        direction="higher_is_better",
        formula="100 * (net revenue - cost) / net revenue; none where net revenue is not positive; "
        f"n is orders and returns. {_MARGIN}",
        inputs=_MARGIN_INPUTS,
        fact="order",
        measure="revenue_margin",
        estimator="ratio",
        method_version=2,
        source="Practitioner guides to CX measurement; interval: linearised ratio "
        "(Cochran 1977, ch. 6)",
    ),
    Kpi(
        code="return_rate",
        name_en="Return rate",
        name_fr="Taux de retour",
        family="value",
        department="Sales",
        unit="percent",
        direction="lower_is_better",
        formula="100 * returns of the period / orders of the period that are no returns, each "
        "counted once however many its lines, by its own day: a return counts when it is made, "
        "not when what comes back was ordered, and the rate may exceed 100. Cancelled records "
        "(kpis.cancelled_statuses) and those that do not say whether they are a return are "
        "excluded; amounts and currencies play no part; n is orders and returns",
        inputs=("erp_order.ordered_at", "erp_order.is_return"),
        fact="order",
        measure="returns",
        estimator="odds",
        method_version=1,
        source="Practitioner guides to CX measurement; interval: Wilson (1927) for "
        "returns among orders and returns, turned to odds",
        bounds=(0.0, None),
    ),
    Kpi(
        code="on_time_delivery_rate",
        name_en="On-time delivery rate",
        name_fr="Taux de livraison à l'heure",
        family="value",
        department="Sales",
        unit="percent",
        direction="higher_is_better",
        formula="100 * orders delivered on or before the day promised / orders delivered that had "
        "a promise, by the day of delivery in the company's time zone; orders not yet delivered, "
        "however late, and returns do not count, cancelled orders and those delivered on a day "
        "before the order's are excluded",
        inputs=("erp_order.delivered_at", "erp_order.promised_at"),
        fact="order",
        measure="on_time_delivery",
        estimator="share",
        method_version=1,
        source="Practitioner guides to CX measurement; interval: Wilson (1927)",
        bounds=(0.0, 100.0),
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
