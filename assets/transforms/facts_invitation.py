"""The fact `invitation`: one row an invitation to a survey, and whether it was responded to."""

import datetime as dt
from collections.abc import Mapping

import polars as pl

from assets.transforms.dimensions import categorical
from assets.transforms.facts import (
    ACCOUNT_FLAG,
    Cut,
    FactFrame,
    Lookups,
    day_of,
    event_dimensions,
    lineage,
    unresolved_keys,
    with_account,
)
from assets.transforms.look_ahead import ends_after, later
from schemas.warehouse import dimension_column


def invitation_fact(tables: Mapping[str, pl.LazyFrame], lookups: Lookups, cut: Cut) -> FactFrame:
    """One row an invitation: delivered_on, dated_on, is_customer, is_answered, is_window_open.

    Its account is that of the day of sending; a channel that it does not say is its survey's.
    """
    if lookups.surveys is None:
        msg = "the fact `invitation` needs the lookup of surveys"
        raise ValueError(msg)
    invitations = _invitations(tables["survey_invitation"], cut)
    responses = tables[later("survey_response")].select(
        "invitation_id", day_of("responded_at", cut.time_zone).alias("responded_on")
    )
    answered = _answered(invitations, responses, cut)
    last_on = pl.col("delivered_on") + dt.timedelta(days=cut.response_window_days)
    wide = (
        invitations.join(answered, on="invitation_id", how="left")
        .join(lookups.surveys.lazy(), on="survey_id", how="left")
        .with_columns(
            pl.col("is_answered").fill_null(value=False),
            (pl.col("audience").fill_null("customer") == "customer").alias("is_customer"),
            # an invitation that was not delivered is dated by the day it was sent
            pl.coalesce("delivered_on", "sent_on").alias("dated_on"),
            ends_after(last_on, cut.as_of).alias("is_window_open"),
            *_inherited(cut),
        )
    )
    joined = with_account(wide, lookups, "sent_on")
    flags = ["is_account_known"] if lookups.accounts is not None else []
    frame = joined.select(
        "dated_on", "delivered_on", "is_customer", "is_answered", "is_window_open",
        "account_id", "survey_id", "is_survey_known", *flags, *lineage(cut), *_dimensions(cut),
    ).collect(engine="streaming")  # fmt: skip
    unresolved = unresolved_keys(
        frame,
        {"crm_account": ACCOUNT_FLAG, "survey": ("is_survey_known", ("survey_id",))},
    )
    rows = frame.drop("account_id", "survey_id", "is_survey_known", *flags)
    return FactFrame(rows, rows.lazy(), unresolved)


def _invitations(invitations: pl.LazyFrame, cut: Cut) -> pl.LazyFrame:
    return invitations.select(
        "invitation_id",
        *categorical(["survey_id"]),
        "account_id",
        day_of("sent_at", cut.time_zone).alias("sent_on"),
        day_of("delivered_at", cut.time_zone).alias("delivered_on"),
        *lineage(cut),
        *event_dimensions(cut),
    )


def _answered(invitations: pl.LazyFrame, responses: pl.LazyFrame, cut: Cut) -> pl.LazyFrame:
    """Invitations that a response came to in time, each once: invitation_id, is_answered."""
    last_on = pl.col("delivered_on") + dt.timedelta(days=cut.response_window_days)
    return (
        invitations.select("invitation_id", "sent_on", "delivered_on")
        .join(responses, on="invitation_id", how="inner")
        .filter(pl.col("responded_on").is_between("sent_on", last_on))
        .select("invitation_id", pl.lit(value=True).alias("is_answered"))
        .unique()
    )


def _inherited(cut: Cut) -> list[pl.Expr]:
    """The channel, where it is asked for, with that of the survey in its place."""
    wanted = [name for name in cut.of("event") if name == "channel"]
    return [pl.coalesce(name, f"survey_{name}").alias(name) for name in wanted]


def _dimensions(cut: Cut) -> list[pl.Expr]:
    """Dimension columns under the dimensions' names."""
    return [
        pl.col("survey_id" if name == "survey" else dimension_column(name)).alias(
            dimension_column(name)
        )
        for name in cut.dimensions
    ]
