"""The fact `answer`: one row an answer, joined to its response, question, survey and customer.

The response is resolved first (a third of the rows), the answers are joined to it, and the
question's attributes come last, when the rows are summed.
"""

from collections.abc import Mapping

import polars as pl

from assets.transforms.dimensions import categorical
from assets.transforms.facts import (
    ACCOUNT_FLAG,
    PRODUCT_FLAG,
    Cut,
    FactFrame,
    Lookups,
    day_of,
    event_dimensions,
    lineage,
    unresolved_keys,
    with_account,
)
from assets.transforms.measures_survey import ASKED_KIND, CHOICE_METRICS, SENTIMENT_METRIC
from schemas.dimensions import known_dimension
from schemas.warehouse import dimension_column

_INHERITED = frozenset({"touchpoint", "journey_cycle", "channel"})
_QUESTION = ("survey_id", "question_id")


def answer_fact(tables: Mapping[str, pl.LazyFrame], lookups: Lookups, cut: Cut) -> FactFrame:
    """One row an answer.

    `wide` has responded_on, is_customer (false for surveys of employees), score, choice, weight,
    is_na_code, is_classified (whether the survey has sentiments in the month), metric, scale_min,
    scale_max, points, is_higher_better, scale and the dimension columns; response_id, responded_at
    and person_id where the cut keeps persons.
    """
    responses = _responses(tables["survey_response"], lookups, cut).collect(engine="streaming")
    unresolved = unresolved_keys(
        responses,
        {
            "crm_account": ACCOUNT_FLAG,
            "erp_product": PRODUCT_FLAG,
            "survey": ("is_survey_known", ("survey_id",)),
        },
    )
    spent = ("account_id", "product_id", "is_account_known", "is_product_known", "is_survey_known")
    head = responses.drop(spent, strict=False)
    rows = (
        tables["survey_answer"]
        .select(
            "response_id",
            *categorical(("question_id",)),
            "score",
            _choice(lookups, cut),
            *lineage(cut),
        )
        .join(head.lazy(), on="response_id", how="inner")
        .drop(() if cut.keeps_persons else "response_id")
        .collect(engine="streaming")
    )
    return FactFrame(rows, *_with_questions(rows, lookups, cut, unresolved))


def _responses(responses: pl.LazyFrame, lookups: Lookups, cut: Cut) -> pl.LazyFrame:
    event = [name for name in cut.of("event") if name not in _INHERITED]
    inherited = [name for name in cut.of("event") if name in _INHERITED]
    own = event_dimensions(Cut(dict.fromkeys(event, "event"), cut.time_zone))
    found = responses.select(
        "response_id",
        pl.col("survey_id").cast(pl.Categorical),
        day_of("responded_at", cut.time_zone).alias("responded_on"),
        pl.col("weight").fill_null(1.0),
        "account_id",
        "product_id",
        *(["employee_id", "responded_at"] if cut.keeps_persons else []),
        *own,
        *categorical(inherited),
    )
    surveys = _surveys(lookups)
    found = found.join(surveys, on="survey_id", how="left").with_columns(
        pl.col("audience").fill_null("customer") == "customer",
        *[pl.coalesce(name, f"survey_{name}").alias(name) for name in inherited],
    )
    found = with_account(found, lookups, "responded_on")
    if lookups.products is not None:
        found = found.join(lookups.products.lazy(), on="product_id", how="left")
    keep = [dimension_column(name) for name in cut.dimensions if known_dimension(name)[1] not in
            {"survey_id", "attribute"}]  # fmt: skip
    flags = [*(["is_account_known"] if lookups.accounts is not None else []),
             *(["is_product_known"] if lookups.products is not None else [])]  # fmt: skip
    kind = [pl.col("survey_kind").alias(ASKED_KIND)] if cut.keeps_survey_kind else []
    persons: list[str | pl.Expr] = []
    if cut.keeps_persons:
        person = pl.when("is_customer").then("account_id").otherwise("employee_id")
        persons = ["responded_at", person.alias("person_id")]
    return found.rename({"audience": "is_customer"}).select(
        "response_id", "survey_id", "responded_on", "is_customer", "weight", "account_id",
        "product_id", "is_survey_known", *flags, *persons, *kind, *keep,
    )  # fmt: skip


def _choice(lookups: Lookups, cut: Cut) -> pl.Expr:
    """Choice of an answer; not read where no measure is on the choices of these questions."""
    metrics = set(lookups.questions["metric"] if lookups.questions is not None else [])
    is_read = "choice" in cut.own or not metrics.isdisjoint(CHOICE_METRICS)
    choice = pl.col("choice") if is_read else pl.lit(None)
    return choice.cast(pl.Categorical).alias("choice")


def _surveys(lookups: Lookups) -> pl.LazyFrame:
    if lookups.surveys is None:
        msg = "the fact `answer` needs the lookup of surveys"
        raise ValueError(msg)
    return lookups.surveys.lazy()


def _with_questions(
    rows: pl.DataFrame, lookups: Lookups, cut: Cut, unresolved: dict[str, pl.DataFrame]
) -> tuple[pl.LazyFrame, dict[str, pl.DataFrame]]:
    """Rows with their question's attributes, and unresolved keys with those of questions."""
    if lookups.questions is None:
        msg = "the fact `answer` needs the lookup of questions"
        raise ValueError(msg)
    questions = lookups.questions
    na_codes = [name for name in questions.columns if name.startswith("na_")]
    is_na = pl.any_horizontal(
        [(pl.col("score") == pl.col(name)).fill_null(value=False) for name in na_codes]
        or [pl.lit(value=False)]
    )
    # of this month's answers: a survey that classifies nothing has no coverage, not one of 0
    is_tone = pl.col("metric") == SENTIMENT_METRIC
    has_tones = SENTIMENT_METRIC in questions["metric"]
    classifies = is_tone.any().over("survey_id") if has_tones else pl.lit(value=False)
    wide = (
        rows.lazy()
        .join(questions.lazy(), on=list(_QUESTION), how="left")
        .with_columns(
            is_na.alias("is_na_code"),
            pl.col("survey_id").alias("survey"),
            classifies.alias("is_classified"),
        )
        .drop(*na_codes, *({"attribute"} - set(cut.columns())))
    )
    asked = rows.select(_QUESTION).unique().with_columns(pl.lit(None).alias("found"))
    missing = asked.join(questions, on=list(_QUESTION), how="anti")
    found = unresolved_keys(missing, {"survey_question": ("found", _QUESTION)})
    return wide, {**unresolved, **found}
