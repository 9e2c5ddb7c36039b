"""The surveys and their questions: definitions only; answers are drawn in `demo.surveys`.

Two question ids (`csat`, `ces`) stand in several surveys with different scales, as they do in
real survey tools.
"""

from dataclasses import dataclass
from typing import Literal

import polars as pl

from demo.plan import IMPORTANCE, KANO_CLASSES

RELATIONAL, DELIVERY, SUPPORT, WEB, KANO, EMPLOYEE = (
    "REL", "TRX-DELIVERY", "TRX-SUPPORT", "WEB", "KANO", "EMP",
)  # fmt: skip
BLANK = 11
"""Code of the survey tool for a score that was left blank, outside of the scale on purpose."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a survey; `cell` tells what an answer is."""

    survey: str
    id: str
    metric: str
    scale: tuple[int, int] | None = None
    attribute: str | None = None
    higher_is_better: bool = True
    na_codes: str | None = None
    cell: Literal["score", "choice", "text"] = "score"
    text: str = ""


SURVEYS = {
    RELATIONAL: ("Baromètre de la relation", "relational", "customer", None, "usage", "email"),
    DELIVERY: ("Après la livraison", "transactional", "customer", "delivery", "purchase", "email"),
    SUPPORT: ("Après un contact", "transactional", "customer", "support", "usage", "sms"),
    WEB: ("Question sur le site", "in_the_moment", "customer", "website", "purchase", "web"),
    KANO: ("Attentes et services", "relational", "customer", None, "usage", "email"),
    EMPLOYEE: ("Baromètre interne", "relational", "employee", None, None, "email"),
}

QUESTIONS: tuple[Question, ...] = (
    Question(RELATIONAL, "nps", "nps", (0, 10), na_codes=str(BLANK),
             text="Nous recommanderiez-vous à un proche ?"),
    Question(RELATIONAL, "nps_reason", "nps_reason", cell="choice",
             text="Pour quelles raisons ? (plusieurs réponses)"),
    Question(RELATIONAL, "csat", "csat", (0, 10), text="Votre satisfaction globale ?"),
    *(Question(RELATIONAL, f"sat_{name}", "satisfaction", (1, 5), attribute=name,
               text=f"Votre satisfaction : {name} ?") for name in IMPORTANCE),
    *(Question(RELATIONAL, f"imp_{name}", "importance", (1, 5), attribute=name,
               text=f"L'importance pour vous : {name} ?") for name in IMPORTANCE),
    Question(RELATIONAL, "repurchase", "repurchase_intent", (1, 5),
             text="Rachèterez-vous chez nous ?"),
    Question(RELATIONAL, "comment", "comment", cell="text", text="Dites-nous en plus"),
    *(question for survey, ces, easy in ((DELIVERY, (1, 7), True), (SUPPORT, (1, 5), False))
      for question in (
        Question(survey, "csat", "csat", (1, 5), text="Êtes-vous satisfait ?"),
        Question(survey, "ces", "ces", ces, higher_is_better=easy,
                 text="C'était facile (7)" if easy else "Combien d'efforts (5) ?"),
        Question(survey, "expectation", "moment_of_truth", cell="choice",
                 text="Par rapport à vos attentes ?"),
        Question(survey, "comment", "comment", cell="text", text="Un commentaire ?"),
    )),
    *(Question(SUPPORT, f"cxi_{name}", f"cxi_{name}", (1, 5), text=f"Le contact : {name} ?")
      for name in ("effectiveness", "ease", "emotion")),
    Question(WEB, "csat", "csat", (1, 3), text="Avez-vous trouvé ?"),
    *(Question(KANO, f"{feature}_{side[0]}", f"kano_{side}", (1, 5), attribute=feature,
               higher_is_better=False, text=f"{feature}: {wording} ?")
      for feature in KANO_CLASSES
      for side, wording in (("functional", "s'il y est"), ("dysfunctional", "s'il manque"))),
    Question(EMPLOYEE, "enps", "nps", (0, 10), text="Recommanderiez-vous d'y travailler ?"),
    *(Question(EMPLOYEE, f"engagement_{i}", "engagement", (1, 5), text=f"Engagement {i}")
      for i in (1, 2, 3)),
)  # fmt: skip


def of_surveys(*surveys: str) -> tuple[Question, ...]:
    """Questions of some surveys, one of each id, in order."""
    found = {question.id: question for question in QUESTIONS if question.survey in surveys}
    return tuple(found.values())


def surveys() -> pl.DataFrame:
    """One row per survey."""
    names = ("name", "kind", "audience", "touchpoint", "journey_cycle", "channel")
    rows = [
        {"survey_id": key, **dict(zip(names, row, strict=True))} for key, row in SURVEYS.items()
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def questions() -> pl.DataFrame:
    """One row per question of a survey."""
    rows = [
        {
            "survey_id": question.survey,
            "question_id": question.id,
            "metric": question.metric,
            "attribute": question.attribute,
            "scale_min": question.scale[0] if question.scale else None,
            "scale_max": question.scale[1] if question.scale else None,
            "higher_is_better": question.higher_is_better,
            "na_codes": question.na_codes,
            "text": question.text,
        }
        for question in QUESTIONS
    ]
    return pl.DataFrame(rows, infer_schema_length=None)
