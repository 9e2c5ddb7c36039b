"""Facts: event-grained frames with everything that the measures read and the segments need.

One function a fact; each takes the tables of one history month and gives one row an event. What is
summed from them is in `assets.transforms.measures`. Instants become days of the company's time
zone here, and money fixed-point integers, for Narwhals has no exact decimal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from assets.transforms.business_time import BusinessClocks, with_business_seconds
from assets.transforms.dimensions import by_origin, join_account, origin_of
from schemas.dimensions import Origin, known_dimension
from schemas.kpis.kpi import FactName
from schemas.registry import canonical
from schemas.table import MONEY_SCALE
from schemas.warehouse import dimension_column


@dataclass(frozen=True, slots=True)
class FactSource:
    """What a fact is made from.

    Attributes:
        tables: Tables read month by month; the first holds the event.
        origins: Parts besides the event that carry dimensions.
    """

    tables: tuple[str, ...]
    origins: tuple[Origin, ...]

    def carries(self, dimension: str) -> Origin | None:
        """Which part carries a dimension, None if none does."""
        return origin_of(dimension, canonical(self.tables[0]), self.origins)


FACTS: Final[Mapping[FactName, FactSource]] = {
    "answer": FactSource(("survey_response", "survey_answer"), ("account", "survey", "product")),
    "order": FactSource(("erp_order", "erp_order_line"), ("account", "product")),
    "lead": FactSource(("crm_lead",), ("account",)),
    "interaction": FactSource(("crm_interaction",), ("account",)),
}


@dataclass(frozen=True, slots=True)
class Lookups:
    """What events are joined to; None where no dimension needs it.

    Attributes:
        accounts: From `account_versions`, age band resolved.
        surveys: From `survey_dimensions`.
        questions: From `question_dimensions`.
        products: From `product_dimensions`.
    """

    accounts: pl.DataFrame | None = None
    surveys: pl.DataFrame | None = None
    questions: pl.DataFrame | None = None
    products: pl.DataFrame | None = None


@dataclass(frozen=True, slots=True)
class FactFrame:
    """A fact of one month.

    Attributes:
        rows: One row an event, narrow and in memory.
        wide: The same rows with what is joined only when they are summed.
        unresolved: Table → keys that events name and the table does not have (as columns).
    """

    rows: pl.DataFrame
    wide: pl.LazyFrame
    unresolved: Mapping[str, pl.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cut:
    """What a fact is to carry.

    Attributes:
        dimensions: Dimension → its origin.
        time_zone: Zone that days are cut in.
        currency: Reporting currency.
        cancelled_statuses: Order statuses that are not sales, in lower case.
        clocks: Business clocks, None where nothing is measured in business time.
    """

    dimensions: Mapping[str, Origin]
    time_zone: str
    currency: str = ""
    cancelled_statuses: tuple[str, ...] = ()
    clocks: BusinessClocks | None = None

    def of(self, origin: Origin) -> tuple[str, ...]:
        """Dimensions of one origin."""
        return by_origin(self.dimensions, origin)

    def columns(self) -> tuple[str, ...]:
        """All dimension columns."""
        return tuple(dimension_column(name) for name in self.dimensions)


def day_of(instant: str, time_zone: str) -> pl.Expr:
    """Day of an instant in a time zone."""
    return pl.col(instant).dt.convert_time_zone(time_zone).dt.date()


def is_cancelled_status(cancelled_statuses: Sequence[str]) -> pl.Expr:
    """Whether an order's status is one of these (in lower case); no status is none of them."""
    status = pl.col("status").str.strip_chars().str.to_lowercase()
    return status.is_in(list(cancelled_statuses)).fill_null(value=False)


def fixed_money(column: str) -> pl.Expr:
    """Money as Int128 in units of 10⁻⁴."""
    return pl.col(column).cast(pl.Decimal(38, MONEY_SCALE)).to_physical()


def event_dimensions(cut: Cut) -> list[pl.Expr]:
    """Dimension columns that the event itself carries."""
    return [
        pl.col(known_dimension(name)[1]).cast(pl.Categorical).alias(dimension_column(name))
        for name in cut.of("event")
    ]


def with_account(events: pl.LazyFrame, lookups: Lookups, day: str) -> pl.LazyFrame:
    """Events joined to the account as of a day, where a dimension needs it."""
    return events if lookups.accounts is None else join_account(events, lookups.accounts, day)


def unresolved_keys(frame: pl.DataFrame, flags: Mapping[str, tuple[str, tuple[str, ...]]]) -> dict[
    str, pl.DataFrame
]:  # fmt: skip
    """Keys that events name and their table does not have.

    Args:
        frame: Rows with the key columns and the flags that a join left.
        flags: Table → (flag column that is true where the key was found, key columns).

    Returns:
        Table → distinct keys as text columns in key order; tables without any are left out.
    """
    found = {}
    for table, (flag, keys) in flags.items():
        if flag not in frame.columns:
            continue
        missing = frame.filter(
            pl.col(flag).is_null(), *[pl.col(key).is_not_null() for key in keys]
        ).select(pl.col(keys).cast(pl.String))  # fmt: skip
        if missing.height:
            found[table] = missing.unique().sort(keys)
    return found


ACCOUNT_FLAG: Final = ("is_account_known", ("account_id",))
PRODUCT_FLAG: Final = ("is_product_known", ("product_id",))


def lead_fact(tables: Mapping[str, pl.LazyFrame], lookups: Lookups, cut: Cut) -> FactFrame:
    """One row a lead: outcome, created_on, closed_on, closed_or_created_on (days)."""
    created_on, closed_on = (day_of(at, cut.time_zone) for at in ("created_at", "closed_at"))
    leads = tables["crm_lead"].select(
        created_on.alias("created_on"),
        closed_on.alias("closed_on"),
        # dates the exclusion of a closed lead that has no closing day
        pl.coalesce(closed_on, created_on).alias("closed_or_created_on"),
        "outcome",
        "account_id",
        *event_dimensions(cut),
    )
    return _plain(with_account(leads, lookups, "created_on"))


_DURATIONS: Final = {
    "first_response": ("opened_at", "first_response_at"),
    "resolution": ("opened_at", "resolved_at"),
}
"""Duration of an interaction → instants it runs from and to."""

_HANDLING: Final = ("talk_seconds", "hold_seconds", "wrap_seconds")


def interaction_fact(tables: Mapping[str, pl.LazyFrame], lookups: Lookups, cut: Cut) -> FactFrame:
    """One row an interaction: opened_on, resolved_on, durations in seconds, cost, counts, flag.

    Durations in business seconds are there where the cut has clocks.
    """
    timed, durations = _timed(tables["crm_interaction"], cut.clocks)
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
        "account_id",
        *event_dimensions(cut),
    )
    return _plain(with_account(interactions, lookups, "opened_on"))


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


def _plain(events: pl.LazyFrame) -> FactFrame:
    """A fact whose event is one row of one table."""
    frame = events.collect(engine="streaming")
    unresolved = unresolved_keys(frame, {"crm_account": ACCOUNT_FLAG})
    rows = frame.drop("account_id", "is_account_known", strict=False)
    return FactFrame(rows, rows.lazy(), unresolved)
