"""Contracts of the canonical survey tables; one `Table` each, no logic."""

from schemas.rules import TIMES_MEND, in_order
from schemas.table import Column, Table

METRICS: tuple[str, ...] = (
    "nps",
    "nps_reason",
    "csat",
    "ces",
    "cxi_effectiveness",
    "cxi_ease",
    "cxi_emotion",
    "kano_functional",
    "kano_dysfunctional",
    "importance",
    "satisfaction",
    "moment_of_truth",
    "engagement",
    "repurchase_intent",
    "comment",
    "sentiment",
    "other",
)

SURVEY = Table(
    name="survey",
    domain="survey",
    description="One row per survey.",
    key=("survey_id",),
    columns=(
        Column("survey_id", "text", "Survey.", nullable=False),
        Column("name", "text", "Name."),
        Column(
            "kind", "text", "What makes it go out.", nullable=False, is_segment=True,
            allowed=("relational", "transactional", "in_the_moment"),
        ),
        Column(
            "audience", "text", "Who is asked.", nullable=False,
            allowed=("customer", "employee"),
        ),
        Column("touchpoint", "text", "Touchpoint it is about.", is_segment=True),
        Column("journey_cycle", "text", "first_purchase, renewal, usage, …", is_segment=True),
        Column("channel", "text", "Channel it goes out by.", is_segment=True),
    ),
)  # fmt: skip

QUESTION = Table(
    name="survey_question",
    domain="survey",
    description="One row per question of a survey.",
    key=("survey_id", "question_id"),
    columns=(
        Column("survey_id", "text", "Survey.", nullable=False, reference="survey.survey_id"),
        Column("question_id", "text", "Question within the survey.", nullable=False),
        Column("metric", "text", "What it measures.", nullable=False, allowed=METRICS),
        Column("attribute", "text", "Touchpoint, feature or criterion it is about."),
        Column("scale_min", "number", "Least score of the scale."),
        Column("scale_max", "number", "Greatest score of the scale."),
        Column("higher_is_better", "boolean", "Direction of the scale."),
        Column("na_codes", "text", "Scores that mean no answer, separated by `|`."),
        Column("text", "text", "Wording."),
    ),
)

INVITATION = Table(
    name="survey_invitation",
    domain="survey",
    description="One row per invitation to a survey.",
    key=("invitation_id",),
    event="sent_at",
    columns=(
        Column("invitation_id", "text", "Invitation.", nullable=False),
        Column("survey_id", "text", "Survey.", nullable=False, reference="survey.survey_id"),
        Column("account_id", "text", "Account invited.", reference="crm_account.account_id"),
        Column("employee_id", "text", "Employee invited.", reference="erp_employee.employee_id"),
        Column("sent_at", "instant", "When it was sent.", nullable=False),
        Column("delivered_at", "instant", "When it was delivered; null if it bounced."),
        Column("opened_at", "instant", "When it was opened."),
        Column("channel", "text", "Channel it went by.", is_segment=True),
    ),
    checks=(
        *in_order("sent_at", "delivered_at", TIMES_MEND),
        *in_order("sent_at", "opened_at", TIMES_MEND),
        *in_order("delivered_at", "opened_at", TIMES_MEND, warn_above=0.05),
    ),
)

RESPONSE = Table(
    name="survey_response",
    domain="survey",
    description="One row per response to a survey.",
    key=("response_id",),
    event="responded_at",
    columns=(
        Column("response_id", "text", "Response.", nullable=False),
        Column("survey_id", "text", "Survey.", nullable=False, reference="survey.survey_id"),
        Column(
            "invitation_id", "text", "Invitation it answers.",
            reference="survey_invitation.invitation_id",
        ),
        Column("account_id", "text", "Respondent.", reference="crm_account.account_id"),
        Column(
            "employee_id", "text", "Respondent, if employee.",
            reference="erp_employee.employee_id",
        ),
        Column("responded_at", "instant", "When it was given.", nullable=False),
        Column("touchpoint", "text", "Touchpoint it is about.", is_segment=True),
        Column("journey_cycle", "text", "Cycle of the journey.", is_segment=True),
        Column("channel", "text", "Channel it came by.", is_segment=True),
        Column("product_id", "text", "Product it is about.", reference="erp_product.product_id"),
        Column(
            "interaction_id", "text", "Interaction it is about.",
            reference="crm_interaction.interaction_id",
        ),
        Column("order_id", "text", "Order it is about.", reference="erp_order.order_id"),
        Column("language", "text", "Language of the response.", is_segment=True),
        Column("weight", "number", "Sampling weight; null counts as 1.", minimum=0),
    ),
)  # fmt: skip

ANSWER = Table(
    name="survey_answer",
    domain="survey",
    description="One row per answer; a multi-select question gives one row a choice.",
    key=("response_id", "question_id", "choice"),
    parent=("survey_response", ("response_id",)),
    columns=(
        Column(
            "response_id", "text", "Response.", nullable=False,
            reference="survey_response.response_id",
        ),
        Column("question_id", "text", "Question of the survey.", nullable=False),
        Column("score", "number", "Score on the question's scale."),
        Column("choice", "text", "Choice of a closed question; part of the key, null without."),
        Column("text", "text", "Free text.", pii="free_text"),
    ),
)  # fmt: skip

BENCHMARK = Table(
    name="survey_benchmark",
    domain="survey",
    description="One row per KPI, period, industry and country.",
    key=("kpi_code", "period_start", "industry", "country"),
    columns=(
        Column("kpi_code", "text", "KPI.", nullable=False),
        Column("period_start", "date", "First day it holds for.", nullable=False),
        Column("industry", "text", "Industry; null for all."),
        Column("country", "text", "Country; null for all."),
        Column("value", "number", "Benchmark, in the unit of the KPI.", nullable=False),
        Column("source", "text", "Who published it."),
    ),
)

TABLES: tuple[Table, ...] = (SURVEY, QUESTION, INVITATION, RESPONSE, ANSWER, BENCHMARK)
