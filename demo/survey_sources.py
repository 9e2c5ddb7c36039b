"""The demo company's survey sources: wide and long, in the shapes of real survey tools."""

import polars as pl

from demo import questionnaire as q
from demo.answers import EXPECTATIONS
from demo.plan import KANO_CLASSES
from demo.shapes import (
    Fault,
    Field,
    Form,
    Layout,
    Source,
    instant,
    local,
    mapped,
    number,
    same,
    text,
    typed,
    utc,
)

TRUTH = {"true": "O", "false": "N"}
EXPECTED = dict(
    zip(
        EXPECTATIONS,
        ("Moins bien que prévu", "Comme prévu", "Mieux que prévu", "Je suis fan"),
        strict=True,
    )
)


def _one_less(column: pl.Expr) -> pl.Expr:
    return pl.when(column > 1).then(column - 1).otherwise(column + 1)


def _month_before(column: pl.Expr) -> pl.Expr:
    return column.dt.offset_by("-1mo")


def _answers(survey: str, form: Form = text) -> tuple[Field, ...]:
    return tuple(Field(f"Q_{asked.id}", f"q.{asked.id}", form) for asked in q.of_surveys(survey))


SURVEYS = Source(
    name="surveys",
    stream="surveys",
    tables=("survey",),
    path="survey/definitions/surveys_{date}.json",
    layout=Layout("json"),
    fields=same("survey_id", "name", "kind", "audience", "touchpoint", "journey_cycle", "channel"),
)

QUESTIONS = Source(
    name="survey_questions",
    stream="survey_questions",
    tables=("survey_question",),
    path="survey/definitions/questions_{date}.csv",
    layout=Layout("csv", delimiter=";"),
    fields=(
        *same("survey_id", "question_id", "metric", "attribute", "scale_min", "scale_max"),
        Field("higher_is_better", "higher_is_better", mapped(TRUTH)),
        *same("na_codes", "text"),
    ),
)

INVITATIONS = Source(
    name="survey_invitations",
    stream="survey_invitations",
    tables=("survey_invitation",),
    path="survey/invitations/{date}.jsonl",
    layout=Layout("jsonl"),
    fields=(
        *same("invitation_id", "survey_id", "account_id"),
        *same("sent_at", "delivered_at", "opened_at", form=utc),
        *same("channel"),
    ),
    faults=(
        Fault("exact_duplicate", "invitation_id"),
        Fault("missing_id", "invitation_id"),
        Fault("bad_date", "sent_at", found="2026-02-31T08:00:00Z"),
    ),
)

RELATIONAL = Source(
    name="survey_relational",
    stream="survey_relational",
    tables=("survey_response", "survey_answer"),
    path="survey/relational/barometre_{date}.csv",
    layout=Layout("csv", has_byte_order_mark=True),
    fields=(
        Field("Réponse", "response_id", text),
        Field("Invitation", "invitation_id", text),
        Field("Client", "account_id", text),
        Field("Répondu le", "responded_at", local("%d/%m/%Y %H:%M:%S")),
        Field("Canal", "channel", text),
        Field("Langue", "language", mapped({"fr": "Français", "en": "English"})),
        Field("Poids", "weight", number(decimal=",")),
        *_answers(q.RELATIONAL),
    ),
    answers="wide",
    blank="Blank",
    faults=(
        Fault("late", "responded_at"),
        Fault("out_of_scale", "score", found="12", among=("nps", "csat"), table="survey_answer"),
        Fault(
            "out_of_scale", "score", found="9", table="survey_answer",
            among=("sat_delivery", "sat_price", "imp_price"),
        ),
    ),
)  # fmt: skip

TRANSACTIONAL_RESPONSES = Source(
    name="survey_transactional_responses",
    stream="survey_transactional",
    tables=("survey_response",),
    path="survey/transactional/responses_{date}.jsonl",
    layout=Layout("jsonl"),
    fields=(
        *same("response_id", "survey_id", "invitation_id", "account_id"),
        *same("responded_at", form=utc),
        *same("touchpoint", "journey_cycle", "channel", "product_id"),
        *same("interaction_id", "order_id", "language"),
        Field("state", "_state", text),
    ),
    faults=(
        Fault("late", "responded_at"),
        Fault("moved_month", "responded_at", alter=_month_before),
        Fault("exact_duplicate", "response_id"),
        Fault("missing_id", "response_id"),
        Fault("bad_date", "responded_at", found="n/a"),
        Fault("filtered", "_state", found="abandoned"),
    ),
)

TRANSACTIONAL_ANSWERS = Source(
    name="survey_transactional_answers",
    stream="survey_transactional",
    tables=("survey_answer",),
    path="survey/transactional/answers_{date}.tsv.gz",
    layout=Layout("csv", delimiter="\t", compression="gzip"),
    fields=(
        *same("response_id", "question_id", "score"),
        Field("choice", "choice", mapped(EXPECTED)),
        *same("text"),
    ),
    answers="long",
    faults=(
        Fault("restated", "score", alter=_one_less, among=("csat", "ces")),
        Fault("orphan_parent", "response_id"),
        Fault("out_of_scale", "score", found="9", among=("csat", "ces")),
        Fault("exact_duplicate", "response_id"),
        Fault("missing_id", "response_id"),
        Fault("bad_number", "score", found="4,,5", among=("csat", "ces")),
        Fault("unmapped_value", "choice", found="GTXPro", among=("expectation",)),
    ),
)

WEB = Source(
    name="survey_web",
    stream="survey_web",
    tables=("survey_response", "survey_answer"),
    path="survey/web/{date}.parquet",
    layout=Layout("parquet"),
    fields=(
        *same("response_id", "account_id", form=typed),
        *same("responded_at", form=instant),
        *same("touchpoint", "journey_cycle", "language", form=typed),
        *_answers(q.WEB, form=typed),
    ),
    answers="wide",
)

KANO = Source(
    name="survey_kano",
    stream="survey_kano",
    tables=("survey_response", "survey_answer"),
    path="survey/kano/kano_{date}.zip",
    layout=Layout("csv", delimiter=";", compression="zip"),
    fields=(
        *same("response_id", "account_id"),
        *same("responded_at", form=local("%Y-%m-%d %H:%M:%S")),
        *same("language"),
        *_answers(q.KANO),
    ),
    answers="wide",
    blank="-",
    faults=(
        Fault(
            "out_of_scale", "score", found="7", table="survey_answer",
            among=tuple(f"{feature}_f" for feature in KANO_CLASSES),
        ),
    ),
)  # fmt: skip

EMPLOYEES = Source(
    name="survey_employees",
    stream="survey_employees",
    tables=("survey_response", "survey_answer"),
    path="survey/employees/{date}.xlsx",
    layout=Layout("excel", sheet="Réponses"),
    fields=(
        *same("response_id", "employee_id"),
        *same("responded_at", form=typed),
        *_answers(q.EMPLOYEE, form=typed),
    ),
    answers="wide",
)

BENCHMARKS = Source(
    name="survey_benchmarks",
    stream="survey_benchmarks",
    tables=("survey_benchmark",),
    path="survey/benchmarks/{date}.csv",
    layout=Layout("csv", delimiter=";"),
    fields=(
        *same("kpi_code"),
        Field("period_start", "period_start", local("%d/%m/%Y")),
        *same("industry", "country"),
        Field("value", "value", number(decimal=",")),
        *same("source"),
    ),
)

SURVEY_SOURCES: tuple[Source, ...] = (
    SURVEYS, QUESTIONS, INVITATIONS, RELATIONAL, TRANSACTIONAL_RESPONSES, TRANSACTIONAL_ANSWERS,
    WEB, KANO, EMPLOYEES, BENCHMARKS,
)  # fmt: skip
