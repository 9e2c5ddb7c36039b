"""Facts: event-grained frames with everything that the measures read and the segments need.

One function a fact; each takes the tables of one history month and gives one row an event. What is
summed from them is in `assets.transforms.measures`. Instants become days of the company's time
zone here, and money fixed-point integers, for Narwhals has no exact decimal.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from assets.transforms.business_time import BusinessClocks
from assets.transforms.dimensions import by_origin, join_account, origin_of
from assets.transforms.money import RATE, Rates, converted, with_rate
from schemas.dimensions import Origin, known_dimension
from schemas.kpis.kpi import FactName
from schemas.registry import canonical
from schemas.table import LINEAGE, MONEY_SCALE
from schemas.warehouse import dimension_column


@dataclass(frozen=True, slots=True)
class FactSource:
    """What a fact is made from.

    Attributes:
        tables: Tables read month by month; the first holds the event.
        origins: Parts besides the event that carry dimensions.
        later: Tables also read in the months after, where rows depend on what comes later.
        window: Instants on whose days what a row depends on begins, and is counted from.
        waits: Whether rows do not count until what they depend on is over.
        lacks: Dimensions of those parts that it has no value of.
    """

    tables: tuple[str, ...]
    origins: tuple[Origin, ...]
    later: tuple[str, ...] = ()
    window: tuple[str, str] = ("", "")
    waits: bool = False
    lacks: frozenset[str] = frozenset()

    def carries(self, dimension: str) -> Origin | None:
        """Which part carries a dimension, None if none does."""
        if dimension in self.lacks:
            return None
        return origin_of(dimension, canonical(self.tables[0]), self.origins)


FACTS: Final[Mapping[FactName, FactSource]] = {
    "answer": FactSource(
        ("survey_response", "survey_answer"),
        ("account", "survey", "product"),
        later=("survey_response", "survey_answer"),
        window=("responded_at", "responded_at"),
    ),
    "order": FactSource(("erp_order", "erp_order_line"), ("account", "product")),
    "lead": FactSource(("crm_lead",), ("account",)),
    "interaction": FactSource(
        ("crm_interaction",),
        ("account",),
        later=("crm_interaction",),
        window=("resolved_at", "resolved_at"),
        waits=True,
    ),
    "invitation": FactSource(
        ("survey_invitation",),
        ("account", "survey"),
        later=("survey_response",),
        window=("sent_at", "delivered_at"),
        waits=True,
        lacks=frozenset({"attribute"}),
    ),
    "cost": FactSource(("erp_cost",), ()),
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
        rates: Rates of exchange and the reporting currency.
        cancelled_statuses: Order statuses that are not sales, in lower case.
        clocks: Business clocks, None where nothing is measured in business time.
        as_of: Last loaded day, where rows depend on windows that may still be open.
        repeat_window_days: Days after a resolution in which a further contact is looked for; 0
            for none.
        response_window_days: Days after a delivery in which a response counts.
        keeps_persons: Whether answers keep their response, its instant and who gave it.
        keeps_survey_kind: Whether answers keep the kind of their survey.
        keeps_lineage: Whether rows keep where the event was extracted from.
        own: Columns of the event that the company's own KPIs read.
    """

    dimensions: Mapping[str, Origin]
    time_zone: str
    rates: Rates = field(default_factory=lambda: Rates(""))
    cancelled_statuses: tuple[str, ...] = ()
    clocks: BusinessClocks | None = None
    as_of: dt.date | None = None
    repeat_window_days: int = 0
    response_window_days: int = 0
    keeps_persons: bool = False
    keeps_survey_kind: bool = False
    keeps_lineage: bool = False
    own: tuple[str, ...] = ()

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


def lineage(cut: Cut) -> list[str]:
    """Lineage columns of the event's row, where the cut keeps them."""
    return [column.name for column in LINEAGE] if cut.keeps_lineage else []


def own_columns(cut: Cut, table: str) -> list[pl.Expr]:
    """Columns of the event that the company's own KPIs read, as `own_…`.

    Money is in fixed point, and in the currency of its row: see `own_money`.
    """
    money = own_money(cut, table)
    return [
        (fixed_money(name) if f"own_{name}" in money else pl.col(name)).alias(f"own_{name}")
        for name in cut.own
    ]


def own_money(cut: Cut, table: str) -> list[str]:
    """Those of `own_columns` that are money."""
    kinds = {name: canonical(table).column(name).type for name in cut.own}
    return [f"own_{name}" for name, kind in kinds.items() if kind == "decimal"]


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
        "currency",
        *own_columns(cut, "crm_lead"),
        *lineage(cut),
        *event_dimensions(cut),
    )
    if money := own_money(cut, "crm_lead"):
        leads = with_rate(leads, currency="currency", day="created_on", rates=cut.rates)
        leads = leads.with_columns(converted(pl.col(name)).alias(name) for name in money)
        leads = leads.drop(RATE, "has_rate")
    return plain_fact(with_account(leads.drop("currency"), lookups, "created_on"))


def plain_fact(events: pl.LazyFrame) -> FactFrame:
    """A fact whose event is one row of one table; the account's key goes, its dimensions stay."""
    frame = events.collect(engine="streaming")
    unresolved = unresolved_keys(frame, {"crm_account": ACCOUNT_FLAG})
    rows = frame.drop("account_id", "is_account_known", strict=False)
    return FactFrame(rows, rows.lazy(), unresolved)
