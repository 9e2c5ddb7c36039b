"""KPIs of service, from CRM interactions: catalogue entries only."""

from schemas.kpis.kpi import Estimator, Kpi

_OWNER = "Customer service"
_GUIDES = "Practitioner guides to CX measurement"
_LEDGER = ("erp_cost.incurred_on", "erp_cost.kind", "erp_cost.amount")
_COST = (
    "entries of the cost ledger of kind support (kpis.support_cost.kinds), by the day they were "
    "incurred, + own cost of the interactions, by the day they were opened, unless the ledger "
    "holds it already (kpis.support_cost.include_interaction_cost); entries in other currencies "
    "are converted at the rate of their day, or the last one of the kpis.exchange.max_age_days "
    "before, and excluded without any"
)
_ACTIVE = (
    "active customers: with a sale in the kpis.churn.inactivity_days before the period or in it "
    "(basis orders), or with a contract in force on the day before it or in it (basis contracts)"
)
_CUT = (
    "Cut by the account on the period's last day; under basis orders, periods whose look-back "
    "begins before the first sale are excluded"
)
_CONTACT = ("crm_interaction.account_id", "crm_interaction.opened_at")
_CUSTOMER = ("erp_order.account_id", "erp_order.ordered_at")
_OPINION = (
    "survey_answer.score",
    "survey_response.account_id",
    "survey_response.responded_at",
    "survey.audience",
    "survey_question.metric",
)
_STATISTICS: tuple[tuple[Estimator, str, str], ...] = (
    ("mean", "mean", "moyenne"),
    ("median", "median", "médiane"),
    ("p90", "90th percentile", "90e centile"),
)


def _time(
    *,
    code: str,
    column: str,
    what: tuple[str, str],
    formula: str,
    needs_business_time: bool = False,
) -> tuple[Kpi, ...]:
    """The three statistics of one duration."""
    return tuple(
        Kpi(
            code=f"{code}_{estimator}",
            name_en=f"{what[0]}, {english}",
            name_fr=f"{what[1]}, {french}",
            family="service",
            department=_OWNER,
            unit="minutes",
            direction="lower_is_better",
            formula=f"{english} of {formula}",
            inputs=("crm_interaction.opened_at", f"crm_interaction.{column}"),
            fact="interaction",
            measure=code,
            estimator=estimator,
            method_version=1,
            source=f"{_GUIDES}; interval: "
            + (
                "Student's t"
                if estimator == "mean"
                else "order statistics on a DDSketch (Masson, Rim & Lee 2019), error at most 1 %"
            ),
            bounds=(0.0, None),
            needs_business_time=needs_business_time,
        )
        for estimator, english, french in _STATISTICS
    )


def _by_opinion(category: str, name_en: str, name_fr: str) -> Kpi:
    """Own cost of the interactions of customers of one NPS category."""
    return Kpi(
        code=f"support_cost_per_{category}",
        name_en=f"Support cost per {name_en}, own cost of interactions alone",
        name_fr=f"Coût du support par {name_fr}, coût propre des interactions seul",
        family="service",
        department=_OWNER,
        unit="currency",
        direction="lower_is_better",
        formula=f"own cost of the interactions opened in the period / {_ACTIVE}; of both, those of "
        "customers whose last answer that counts in the NPS, up to the period's last day, made "
        f"them a {category}. Interactions without a cost are excluded, the ledger names no account "
        f"and is not part of it. {_CUT}",
        inputs=(*_CUSTOMER, *_CONTACT, "crm_interaction.cost", *_OPINION),
        fact="population",
        measure=f"support_cost_per_{category}",
        estimator="mean",
        method_version=1,
        source=f"{_GUIDES}; interval: Student's t over customers",
        additive=False,
        has_customer_basis=True,
        mapped=("crm_interaction.cost", "crm_interaction.account_id"),
    )


_IN_BUSINESS = (
    ", without the time outside of business hours (only where kpis.business_time is configured)"
)

KPIS: tuple[Kpi, ...] = (
    *_time(
        code="first_response_time",
        column="first_response_at",
        what=("First response time", "Délai de première réponse"),
        formula="the calendar minutes from opening to first response, by the day of opening",
    ),
    *_time(
        code="first_response_business_time",
        column="first_response_at",
        what=(
            "First response time in business hours",
            "Délai de première réponse en heures ouvrées",
        ),
        formula="the business minutes from opening to first response, by the day of opening"
        + _IN_BUSINESS,
        needs_business_time=True,
    ),
    *_time(
        code="resolution_time",
        column="resolved_at",
        what=("Resolution time", "Délai de résolution"),
        formula="the calendar minutes from opening to resolution, by the day of resolution",
    ),
    *_time(
        code="resolution_business_time",
        column="resolved_at",
        what=("Resolution time in business hours", "Délai de résolution en heures ouvrées"),
        formula="the business minutes from opening to resolution, by the day of resolution"
        + _IN_BUSINESS,
        needs_business_time=True,
    ),
    Kpi(
        code="first_contact_resolution",
        name_en="First contact resolution",
        name_fr="Résolution au premier contact",
        family="service",
        department=_OWNER,
        unit="percent",
        direction="higher_is_better",
        formula="100 * resolved at first contact / resolved, by the day of resolution; first "
        "contact is, by kpis.first_contact_resolution.variant, the source's flag (flag), one "
        "contact and no reopening (contact_count), or no further contact of the same account and "
        "category up to window_days days after the day of resolution (window); there, resolutions "
        "without account, before the opening or with open windows are excluded",
        inputs=("crm_interaction.opened_at", "crm_interaction.resolved_at"),
        fact="interaction",
        measure="first_contact_resolution",
        estimator="share",
        method_version=1,
        source=f"{_GUIDES}; interval: Wilson (1927)",
        bounds=(0.0, 100.0),
    ),
    Kpi(
        code="reopen_rate",
        name_en="Reopen rate",
        name_fr="Taux de réouverture",
        family="service",
        department=_OWNER,
        unit="percent",
        direction="lower_is_better",
        formula="100 * resolved and reopened at least once / resolved, by the day of resolution "
        "as last known",
        inputs=("crm_interaction.resolved_at", "crm_interaction.reopen_count"),
        fact="interaction",
        measure="reopened",
        estimator="share",
        method_version=1,
        source=f"{_GUIDES}; interval: Wilson (1927)",
        bounds=(0.0, 100.0),
    ),
    Kpi(
        code="average_handle_time",
        name_en="Average handle time",
        name_fr="Durée moyenne de traitement",
        family="service",
        department=_OWNER,
        unit="minutes",
        direction="lower_is_better",
        formula="minutes of (talk + hold + wrap) / interactions handled, by the day of opening; "
        "handled is more than no time of the three together, one that is not recorded counts as "
        "none",
        inputs=(
            "crm_interaction.opened_at",
            "crm_interaction.talk_seconds",
            "crm_interaction.hold_seconds",
            "crm_interaction.wrap_seconds",
        ),
        fact="interaction",
        measure="handle_time",
        estimator="mean",
        method_version=1,
        source=f"{_GUIDES}; interval: Student's t",
        bounds=(0.0, None),
    ),
    Kpi(
        code="support_cost_per_contact_direct",
        name_en="Support cost per contact, own cost of interactions alone",
        name_fr="Coût du support par contact, coût propre des interactions seul",
        family="service",
        department=_OWNER,
        unit="currency",
        direction="lower_is_better",
        formula="own cost of the resolved interactions / those interactions, by the day of "
        "resolution; without the cost ledger, in the reporting currency as the source has it",
        inputs=("crm_interaction.resolved_at", "crm_interaction.cost"),
        fact="interaction",
        measure="interaction_cost",
        estimator="mean",
        method_version=1,
        source=f"{_GUIDES}; interval: Student's t",
    ),
    Kpi(
        code="support_cost_total",
        name_en="Support cost",
        name_fr="Coût du support",
        family="service",
        department=_OWNER,
        unit="currency",
        direction="lower_is_better",
        formula=f"{_COST}; an interaction without a cost of its own is excluded. n is entries and "
        "interactions. All costs are counted, none is sampled: no interval and no test",
        inputs=_LEDGER,
        fact="cost",
        also=("interaction",),
        measure="support_cost",
        estimator="sum",
        method_version=1,
        source=_GUIDES,
    ),
    Kpi(
        code="support_cost_per_contact",
        name_en="Support cost per contact",
        name_fr="Coût du support par contact",
        family="service",
        department=_OWNER,
        unit="currency",
        direction="lower_is_better",
        formula=f"({_COST}) / interactions opened, with a cost of their own or without; none "
        "where nobody made contact. The ledger is no sum over contacts, so their number says "
        "nothing of its variance: no interval and no test",
        inputs=(*_LEDGER, "crm_interaction.opened_at"),
        fact="cost",
        also=("interaction",),
        measure="support_cost_per_contact",
        estimator="quotient",
        method_version=1,
        source=_GUIDES,
    ),
    Kpi(
        code="contact_rate",
        name_en="Contacts per 100 customers",
        name_fr="Contacts pour 100 clients",
        family="service",
        department=_OWNER,
        unit="per_hundred",
        direction="lower_is_better",
        formula=f"100 * interactions opened in the period by active customers / {_ACTIVE}. "
        "Interactions of accounts that are none of them, or without an account, are excluded. "
        f"{_CUT}",
        inputs=(*_CUSTOMER, *_CONTACT),
        fact="population",
        measure="contact_rate",
        estimator="mean",
        method_version=1,
        source=f"{_GUIDES}; interval: Student's t over customers",
        additive=False,
        has_customer_basis=True,
        mapped=("crm_interaction.account_id",),
        bounds=(0.0, None),
    ),
    Kpi(
        code="support_cost_per_customer",
        name_en="Support cost per customer",
        name_fr="Coût du support par client",
        family="service",
        department=_OWNER,
        unit="currency",
        direction="lower_is_better",
        formula=f"({_COST}) / {_ACTIVE}. For the whole company alone: the ledger names no account. "
        "The ledger is no sum over customers: no interval and no test. Under basis orders, periods "
        "whose look-back begins before the first sale are excluded",
        inputs=(*_CUSTOMER, *_LEDGER),
        fact="population",
        measure="support_cost_per_customer",
        estimator="quotient",
        method_version=1,
        source=_GUIDES,
        additive=False,
        is_total_only=True,
        has_customer_basis=True,
    ),
    _by_opinion("promoter", "promoter", "promoteur"),
    _by_opinion("passive", "passive", "passif"),
    _by_opinion("detractor", "detractor", "détracteur"),
)
