"""The extracts `contact`, `support_cost` and `opinion`: contacts, costs, what customers think."""

from collections.abc import Mapping
from typing import Final

import narwhals as nw
import polars as pl

from assets.transforms.dimensions import question_dimensions, survey_dimensions
from assets.transforms.facts import Cut, Lookups, day_of, fixed_money
from assets.transforms.facts_answer import answer_fact
from assets.transforms.facts_cost import cost_kind
from assets.transforms.measures import reason_code
from assets.transforms.measures_cost import support_kinds
from assets.transforms.measures_survey import survey_measures
from assets.transforms.money import Rates, with_reporting_money
from assets.transforms.populations.extract import Extract
from assets.transforms.spells import NEVER
from schemas.config.project import Project

PROMOTER: Final = "promoter"
PASSIVE: Final = "passive"
DETRACTOR: Final = "detractor"


def contact_rows(
    tables: Mapping[str, pl.LazyFrame], project: Project, rates: Rates
) -> pl.DataFrame:
    """One row an account and day with interactions opened on it.

    Args:
        tables: crm_interaction.
        project: The configuration.
        rates: Not read: interactions' own cost has no currency and is in the reporting one.

    Returns:
        account_id (null for interactions without one), starts_on and last_on (the day), contacts,
        cost_fixed (sum of the costs that are known), uncosted (contacts without a cost).
    """
    del rates
    cost = fixed_money("cost").cast(pl.Int64)
    opened_on = day_of("opened_at", project.company.time_zone)
    return (
        tables["crm_interaction"]
        .group_by("account_id", opened_on.alias("starts_on"))
        .agg(
            pl.len().cast(pl.Int64).alias("contacts"),
            cost.sum().alias("cost_fixed"),
            cost.null_count().cast(pl.Int64).alias("uncosted"),
        )
        .select(
            "account_id", "starts_on", pl.col("starts_on").alias("last_on"),
            "contacts", "cost_fixed", "uncosted",
        )
        .collect(engine="streaming")
        .sort("starts_on", "account_id")
    )  # fmt: skip


def support_cost_rows(
    tables: Mapping[str, pl.LazyFrame], project: Project, rates: Rates
) -> pl.DataFrame:
    """One row an entry of the cost ledger that is support.

    Args:
        tables: erp_cost.
        project: The configuration.
        rates: Rates of exchange.

    Returns:
        cost_id, starts_on and last_on (day incurred), cost_fixed (null without a rate).
    """
    entries = tables["erp_cost"].filter(cost_kind().is_in(support_kinds(project.kpis)))
    valued = with_reporting_money(
        entries, {"amount": "cost_fixed"}, currency="currency", day="incurred_on", rates=rates
    )
    return (
        valued.select(
            "cost_id",
            pl.col("incurred_on").alias("starts_on"),
            pl.col("incurred_on").alias("last_on"),
            pl.col("cost_fixed").cast(pl.Int64),
        )
        .collect(engine="streaming")
        .sort("starts_on", "cost_id")
    )


def opinion_rows(
    tables: Mapping[str, pl.LazyFrame], project: Project, rates: Rates
) -> pl.DataFrame:
    """One row an account and day with an answer that counts in the NPS.

    Of several answers of a day the last one counts.

    Args:
        tables: survey_response, survey_answer, survey and survey_question.
        project: The configuration.
        rates: Not read.

    Returns:
        account_id, starts_on (day of the answer), last_on (for an opinion holds until the next
        one, `NEVER`), category.
    """
    del rates
    measure = next(one for one in survey_measures(project.kpis, "none") if one.code == "nps")
    if measure.concerns is None or measure.z is None:
        raise AssertionError
    lookups = Lookups(
        surveys=survey_dimensions(tables["survey"]).collect(),
        questions=question_dimensions(tables["survey_question"]),
    )
    cut = Cut({}, project.company.time_zone, keeps_persons=True)
    wide = nw.from_native(answer_fact(tables, lookups, cut).wide)
    is_counted = measure.concerns & (reason_code(measure) == 0)
    counted = wide.filter(is_counted).with_columns(is_promoter=measure.x, is_detractor=measure.z)
    category = (
        pl.when("is_promoter").then(pl.lit(PROMOTER))
        .when("is_detractor").then(pl.lit(DETRACTOR))
        .otherwise(pl.lit(PASSIVE))
    )  # fmt: skip
    order = ["responded_at", "response_id", pl.col("question_id").cast(pl.String)]
    return (
        counted.to_native()
        .filter(pl.col("person_id").is_not_null())
        .group_by(
            pl.col("person_id").alias("account_id"), pl.col("responded_on").alias("starts_on")
        )
        .agg(category.sort_by(order).last().alias("category"))
        .select("account_id", "starts_on", pl.lit(NEVER).alias("last_on"), "category")
        .collect()
        .sort("starts_on", "account_id")
    )


def _zone(project: Project) -> object:
    return project.company.time_zone


CONTACT: Final = Extract(
    name="contact",
    version=1,
    tables=("crm_interaction",),
    settings=_zone,
    rows=contact_rows,
)

SUPPORT_COST: Final = Extract(
    name="support_cost",
    version=1,
    tables=("erp_cost",),
    settings=lambda project: support_kinds(project.kpis),
    rows=support_cost_rows,
    needs_rates=True,
    rated_by=("incurred_on",),
)

OPINION: Final = Extract(
    name="opinion",
    version=1,
    tables=("survey_response", "survey_answer", "survey", "survey_question"),
    settings=_zone,
    rows=opinion_rows,
)
