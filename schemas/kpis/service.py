"""KPIs of service, from CRM interactions: catalogue entries only."""

from schemas.kpis.kpi import Estimator, Kpi

_OWNER = "Customer service"
_GUIDES = "Practitioner guides to CX measurement"
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
        "contact is the source's flag, or one contact and no reopening "
        "(kpis.first_contact_resolution.variant)",
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
)
