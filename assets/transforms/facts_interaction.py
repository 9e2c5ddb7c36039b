"""The fact `interaction`: one row an interaction, how long it took, and whether it came back."""

import datetime as dt
from collections.abc import Mapping
from typing import Final

import polars as pl

from assets.transforms.business_time import BusinessClocks, with_business_seconds
from assets.transforms.facts import (
    Cut,
    FactFrame,
    Lookups,
    day_of,
    event_dimensions,
    fixed_money,
    lineage,
    own_columns,
    plain_fact,
    with_account,
)
from assets.transforms.look_ahead import ends_after, later
from assets.transforms.repeat_contacts import with_next_contact

_DURATIONS: Final = {
    "first_response": ("opened_at", "first_response_at"),
    "resolution": ("opened_at", "resolved_at"),
}
"""Duration of an interaction → instants it runs from and to."""

_HANDLING: Final = ("talk_seconds", "hold_seconds", "wrap_seconds")


def interaction_fact(tables: Mapping[str, pl.LazyFrame], lookups: Lookups, cut: Cut) -> FactFrame:
    """One row an interaction: opened_on, resolved_on, durations in seconds, cost, counts, flag.

    Durations in business seconds are there where the cut has clocks, has_account, is_repeated and
    is_window_open where it has a window for further contacts.
    """
    timed, durations = _timed(tables["crm_interaction"], cut.clocks)
    if cut.repeat_window_days:
        timed = with_next_contact(timed, tables[later("crm_interaction")])
    interactions = timed.select(
        day_of("opened_at", cut.time_zone).alias("opened_on"),
        day_of("resolved_at", cut.time_zone).alias("resolved_on"),
        *durations,
        # a part that is not recorded is none, but with no part at all nothing is known
        pl.when(pl.any_horizontal(pl.col(_HANDLING).is_not_null()))
        .then(pl.sum_horizontal(pl.col(_HANDLING).cast(pl.Int64)))
        .alias("handle_seconds"),
        fixed_money("cost").alias("cost_fixed"),
        "contact_count",
        "reopen_count",
        "resolved_on_first_contact",
        *_repeats(cut),
        *own_columns(cut, "crm_interaction"),
        "account_id",
        *lineage(cut),
        *event_dimensions(cut),
    )
    return plain_fact(with_account(interactions, lookups, "opened_on"))


def _repeats(cut: Cut) -> list[pl.Expr]:
    """Columns that tell whether a resolution was the end of the matter."""
    if not cut.repeat_window_days:
        return []
    resolved_on = day_of("resolved_at", cut.time_zone)
    last_on = resolved_on + dt.timedelta(days=cut.repeat_window_days)
    is_repeated = day_of("next_contact_at", cut.time_zone) <= last_on
    return [
        pl.col("account_id").is_not_null().alias("has_account"),
        is_repeated.fill_null(value=False).alias("is_repeated"),
        ends_after(last_on, cut.as_of).alias("is_window_open"),
    ]


def _timed(
    interactions: pl.LazyFrame, clocks: BusinessClocks | None
) -> tuple[pl.LazyFrame, list[str]]:
    """Interactions with their durations in whole seconds, and the names of those columns."""
    calendar = {f"{name}_seconds": pair for name, pair in _DURATIONS.items()}
    timed = interactions.with_columns(
        (pl.col(end) - pl.col(start)).dt.total_seconds().alias(name)
        for name, (start, end) in calendar.items()
    )
    if clocks is None:
        return timed, list(calendar)
    business = {f"{name}_business_seconds": pair for name, pair in _DURATIONS.items()}
    clocked = with_business_seconds(timed, business, clocks)
    # what took no time took no business time on any clock, an end a fraction too early included
    no_time = [
        pl.when(pl.col(seconds) == 0).then(pl.col(name).fill_null(0)).otherwise(name).alias(name)
        for seconds, name in zip(calendar, business, strict=True)
    ]
    return clocked.with_columns(no_time), [*calendar, *business]
