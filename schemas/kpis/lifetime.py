"""KPIs of customer lifetime value, from ERP orders and CRM contracts: catalogue entries only."""

from dataclasses import replace
from typing import Final

from schemas.kpis.kpi import Estimator, Kpi

CODES: Final[tuple[str, ...]] = (
    "clv_historical",
    "clv_historical_margin",
    "clv_simple",
    "clv_basket",
    "clv_predicted",
)
GRAINS: Final[tuple[str, ...]] = (
    "month",
    "quarter",
    "year",
    "fiscal_month",
    "fiscal_quarter",
    "fiscal_year",
)
"""A value of a lifetime is told as of the end of a period, of a month at least."""

_ORDERS = ("erp_order.account_id", "erp_order.ordered_at", "erp_order.net_amount")
_COST = ("erp_order_line.quantity", "erp_order_line.unit_cost")

_TO_DATE = (
    "as of the last day of the period (the last loaded day where it is not over), over all history "
    "loaded, n is customers with a sale to date, segment of the account on that day. Returns "
    "reduce value, cancelled orders do not count. Excluded: orders without an account (no_account, "
    "in orders); customers with an order without amount (no_amount) or without a rate of exchange "
    "(no_rate)"
)
_LIFESPAN = (
    "kpis.lifetime.lifespan is observed: years of being a customer, until lost or the last day, "
    "over customers lost to date, so that the product comes to the revenue to date over customers "
    "lost; or churn: 1 / share of the customers at the start of the last 365 days who were lost by "
    "their end. A customer is lost kpis.churn.inactivity_days after the last sale, whatever "
    "kpis.churn.basis is. None while nobody is lost"
)
_PREDICTED = (
    "They are kpis.lifetime.horizon_months, money is discounted at "
    "kpis.lifetime.annual_discount_rate; models are fitted to all customers by maximum likelihood "
    "as of that day (the last loaded one where the period is not over), predictions averaged over "
    "the customers of a segment, n. Basis orders: expected purchases (BG/NBD) * expected value of "
    "one (Gamma-Gamma) * share of sales that returns left, over customers with a sale to date; "
    "sales of a day are one purchase, which counts without value where none is known or it is not "
    "positive. Basis contracts: recurring amount of kpis.lifetime.renewal_months * expected "
    "renewals (shifted-beta-geometric), over customers with a contract in force, excluded those of "
    "unknown amount (no_amount, no_rate). Nothing is predicted without an account (no_account), "
    "nor where a model has no maximum (the reason says why); the other checks are in "
    "clv_assumption and do not withhold the value. Interval: t over customers, the uncertainty of "
    "the models' parameters added by the delta method as if independent; that of the share "
    "returns left, and of the choice of model, is not in it"
)
_INTERVAL = "interval: linearised over customers (Cochran 1977, ch. 6)"


def _entry(
    code: str,
    names: tuple[str, str],
    formula: str,
    *,
    source: str,
    estimator: Estimator = "mean",
) -> Kpi:
    return Kpi(
        code=code,
        name_en=names[0],
        name_fr=names[1],
        family="value",
        department="Marketing",
        unit="currency",
        direction="higher_is_better",
        formula=formula,
        inputs=_ORDERS,
        fact="population",
        measure=code,
        estimator=estimator,
        method_version=1,
        source=source,
        additive=False,
        grains=GRAINS,
    )


KPIS: Final[tuple[Kpi, ...]] = (
    _entry(
        "clv_historical",
        ("Historical customer value (revenue)", "Valeur client historique (chiffre d'affaires)"),
        f"net revenue to date / customers, {_TO_DATE}",
        source="Practitioner guides to CX measurement; interval: t over customers",
    ),
    replace(
        _entry(
            "clv_historical_margin",
            ("Historical customer value (margin)", "Valeur client historique (marge)"),
            f"(net revenue - cost) to date / customers, {_TO_DATE}; and customers with an order "
            "of unknown cost (no_cost)",
            source="Practitioner guides to CX measurement; interval: t over customers",
        ),
        inputs=(*_ORDERS, *_COST),
    ),
    _entry(
        "clv_simple",
        ("Simple customer lifetime value", "Valeur vie client simple"),
        f"net revenue a year of being a customer * average lifespan in years, {_TO_DATE}. "
        f"{_LIFESPAN}",
        estimator="ratio",
        source=f"Practitioner guides to CX measurement; {_INTERVAL}",
    ),
    _entry(
        "clv_basket",
        ("Basket customer lifetime value", "Valeur vie client par panier"),
        "average basket * sales a year of being a customer * average lifespan in years, "
        f"{_TO_DATE}. Baskets are sales before returns. {_LIFESPAN}",
        estimator="ratio",
        source=f"Practitioner guides to CX measurement; {_INTERVAL}",
    ),
    replace(
        _entry(
            "clv_predicted",
            ("Predicted customer lifetime value", "Valeur vie client prédite"),
            f"expected revenue a customer in the months ahead of the period's end. {_PREDICTED}",
            source="Fader, Hardie & Lee (2005), Marketing Science 24(2) and Journal of Marketing "
            "Research 42(4); Fader & Hardie (2010), Marketing Science 29(1)",
        ),
        has_customer_basis=True,
    ),
)
