"""KPIs on who responds to surveys: catalogue entries only."""

from schemas.kpis.kpi import Kpi

KPIS: tuple[Kpi, ...] = (
    Kpi(
        code="survey_response_rate",
        name_en="Survey response rate",
        name_fr="Taux de réponse aux enquêtes",
        family="experience",
        department="Customer experience",
        unit="percent",
        direction="higher_is_better",
        formula="100 * invitations responded to / invitations delivered, customers only, by the "
        "day of delivery in the company's time zone; a response counts from the day of sending to "
        "kpis.response_window_days days after the day of delivery, and an invitation once however "
        "many its responses. Invitations that were not delivered are excluded, by the day of "
        "sending, and those whose days are not over on the last loaded day",
        inputs=(
            "survey_invitation.sent_at",
            "survey_invitation.delivered_at",
            "survey_response.invitation_id",
            "survey_response.responded_at",
        ),
        mapped=("survey_invitation.delivered_at", "survey_response.invitation_id"),
        fact="invitation",
        measure="survey_response",
        estimator="share",
        method_version=1,
        source="Practitioner guides to CX measurement; interval: Wilson (1927)",
        bounds=(0.0, 100.0),
    ),
)
