"""KPIs of service, from CRM interactions: catalogue entries only."""

from schemas.kpis.kpi import Estimator, Kpi

_OWNER = "Customer service"
_STATISTICS: tuple[tuple[Estimator, str, str], ...] = (
    ("mean", "mean", "moyenne"),
    ("median", "median", "médiane"),
    ("p90", "90th percentile", "90e centile"),
)


def _time(*, code: str, column: str, what: tuple[str, str], formula: str) -> tuple[Kpi, ...]:
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
            source="Practitioner guides to CX measurement; interval: "
            + (
                "Student's t"
                if estimator == "mean"
                else "order statistics on a DDSketch (Masson, Rim & Lee 2019), error at most 1 %"
            ),
            bounds=(0.0, None),
        )
        for estimator, english, french in _STATISTICS
    )


KPIS: tuple[Kpi, ...] = (
    *_time(
        code="first_response_time",
        column="first_response_at",
        what=("First response time", "Délai de première réponse"),
        formula="the calendar minutes from opening to first response, by the day of opening",
    ),
    *_time(
        code="resolution_time",
        column="resolved_at",
        what=("Resolution time", "Délai de résolution"),
        formula="the calendar minutes from opening to resolution, by the day of resolution",
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
        source="Practitioner guides to CX measurement; interval: Wilson (1927)",
        bounds=(0.0, 100.0),
    ),
)
