"""KPIs of contracts, from CRM: catalogue entries only."""

from schemas.kpis.kpi import Kpi

_GUIDES = "Practitioner guides to CX measurement"
_RATIO = f"{_GUIDES}; interval: linearised ratio (Cochran 1977, ch. 6)"
_GRAINS = (
    "week", "month", "quarter", "year", "fiscal_month", "fiscal_quarter", "fiscal_year",
    "rolling_12m",
)  # fmt: skip
"""A day is too short for the recurring revenue of a customer to move."""

_RECURRING = (
    "crm_contract.account_id",
    "crm_contract.starts_on",
    "crm_contract.recurring_amount",
    "crm_contract.recurring_unit",
)
_REVENUE = (
    "Recurring revenue is the monthly amount (a quarter's by 3, a year's by 12, to 0.0001) of the "
    "contracts in force on the last day before the period, and on its last day, as last known, at "
    "the rate of the day of signing; a contract of kind `contract` without a recurring amount has "
    "none. Customers are those with recurring revenue at the start, by their segment on the "
    "period's first day; with a contract of unknown amount, or without a rate, on one of the two "
    "days they are excluded"
)

KPIS: tuple[Kpi, ...] = (
    Kpi(
        code="nrr",
        name_en="Net revenue retention",
        name_fr="Rétention nette du revenu récurrent",
        family="loyalty",
        department="Sales",
        unit="percent",
        direction="higher_is_better",
        formula="100 * recurring revenue at the period's end of the customers at its start / their "
        f"recurring revenue at the start; n is those customers. {_REVENUE}",
        inputs=_RECURRING,
        fact="population",
        measure="nrr",
        estimator="ratio",
        method_version=1,
        source=_RATIO,
        additive=False,
        grains=_GRAINS,
        bounds=(0.0, None),
    ),
    Kpi(
        code="grr",
        name_en="Gross revenue retention",
        name_fr="Rétention brute du revenu récurrent",
        family="loyalty",
        department="Sales",
        unit="percent",
        direction="higher_is_better",
        formula="100 * recurring revenue at the period's end of the customers at its start, of "
        "each at most what it was at the start / their recurring revenue at the start; n is those "
        f"customers. {_REVENUE}",
        inputs=_RECURRING,
        fact="population",
        measure="grr",
        estimator="ratio",
        method_version=1,
        source=_RATIO,
        additive=False,
        grains=_GRAINS,
        bounds=(0.0, 100.0),
    ),
    Kpi(
        code="renewal_rate",
        name_en="Renewal rate",
        name_fr="Taux de renouvellement",
        family="loyalty",
        department="Sales",
        unit="percent",
        direction="higher_is_better",
        formula="100 * contracts renewed / contracts that came up for renewal, by the day of their "
        "planned end. A contract is renewed by one that begins no later than "
        "kpis.contracts.renewal_grace_days after the planned end, is in force after it, and names "
        "the contract in renewed_from; or names none, has the same account and product (two "
        "without a product count as the same) and begins later than the contract and at most as "
        "many days before the planned end. Contracts whose days of grace are not over, renewed or "
        "not, that left force before their planned end or never came into it, or that have no "
        "account are excluded",
        inputs=("crm_contract.account_id", "crm_contract.starts_on", "crm_contract.ends_on"),
        fact="population",
        measure="renewal",
        estimator="share",
        method_version=1,
        source=f"{_GUIDES}; interval: Wilson (1927)",
        additive=False,
        bounds=(0.0, 100.0),
    ),
    Kpi(
        code="upsell_rate",
        name_en="Upsell rate",
        name_fr="Taux de montée en gamme",
        family="value",
        department="Sales",
        unit="percent",
        direction="higher_is_better",
        formula="100 * customers with a contract in force at the start and at the end whose "
        "monthly recurring amount rose, or whose greatest plan did in kpis.contracts.plan_order / "
        "customers with a contract in force at the start, by their segment on the period's first "
        "day; start is the last day before the period, end its last day. Amounts as for `nrr`; "
        "where one is unknown, or lacks a rate, and no plan rose, the customer is excluded",
        inputs=_RECURRING,
        fact="population",
        measure="upsell",
        estimator="share",
        method_version=1,
        source=f"{_GUIDES}; interval: Wilson (1927)",
        additive=False,
        grains=_GRAINS,
        bounds=(0.0, 100.0),
    ),
    Kpi(
        code="average_contract_value",
        name_en="Average contract value of new customers",
        name_fr="Valeur moyenne de contrat des nouveaux clients",
        family="value",
        department="Sales",
        unit="currency",
        direction="higher_is_better",
        formula="total value of the contracts that new customers of the period signed in it / "
        "those new customers, by their segment on the day of their first signing. New are those "
        "whose first contract on record was signed in the period; a contract without a day of "
        "signing was signed on its first day in force. Contracts that never came into force or "
        "have no account, and new customers with a contract without value or rate, are excluded",
        inputs=("crm_contract.account_id", "crm_contract.starts_on", "crm_contract.value"),
        fact="population",
        measure="contract_value",
        estimator="mean",
        method_version=1,
        source=f"{_GUIDES}; interval: Student's t",
        additive=False,
    ),
)
