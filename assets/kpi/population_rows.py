"""Which extracted rows a value counted anew for its period may rest on.

Customers, contracts and employees are followed over time, so that no single row makes up a value:
what is told are the rows of the tables that it reads, as far as they reach into its period and the
look-back before it. Which of them count is the population's arithmetic.
"""

import datetime as dt

import polars as pl

from assets.kpi.contributions import PLACES, Value
from assets.kpi.evidence import populations_of
from assets.kpi.extracts import committed_months
from assets.kpi.history_inputs import Dimensions, scan_slot
from assets.kpi.plan import Plan
from assets.lake.layout import ALL, Lake
from assets.transforms.facts import day_of
from assets.transforms.populations.population import Population
from assets.transforms.populations.registry import EXTRACTS
from assets.transforms.segments import known
from schemas.dimensions import UNKNOWN
from schemas.registry import canonical
from schemas.table import LINEAGE

_ACCOUNT = "account_id"


def population_rows(lake: Lake, plan: Plan, value: Value) -> pl.DataFrame:
    """Rows that a value of a population may rest on, each once: `PLACES`, without reasons.

    Args:
        lake: Where the history stands.
        plan: What is asked for.
        value: The value.
    """
    parts = [
        rows
        for population in populations_of(plan, value.kpi)
        for rows in _rows(lake, plan, population, value)
    ]
    return pl.concat([pl.DataFrame(schema=PLACES), *parts]).unique()


def is_narrowed(plan: Plan, value: Value) -> bool:
    """Whether the rows are those of the segment; otherwise they are those of all segments."""
    if not value.segments.dimensions:
        return True
    if UNKNOWN in value.key:  # what is not known has no account to be found by
        return False
    own = set(value.segments.dimensions)
    found = populations_of(plan, value.kpi)
    return bool(found) and all(own <= set(plan.population_accounts(one)) for one in found)


def _rows(lake: Lake, plan: Plan, population: Population, value: Value) -> list[pl.DataFrame]:
    look_back = population.look_back_days(plan.project)
    ahead = dt.timedelta(days=population.look_ahead_days(plan.project))
    since = None if look_back is None else value.first - dt.timedelta(days=look_back)
    until = value.last + ahead
    accounts = _accounts(lake, plan, value, since)
    time_zone, found = plan.project.company.time_zone, []
    for name in population.extracts(plan.project):
        for month in committed_months(lake, name):
            if not month.overlaps(since, until):
                continue
            for table in EXTRACTS[name].tables:
                contract = canonical(table)
                is_whole = contract.event is None and contract.parent is None
                slot = lake.history(table, ALL if is_whole else month.month)
                rows = _until(scan_slot(slot, table), table, until, time_zone)
                found.append(_places(rows, table, accounts))
    return found


def _until(rows: pl.LazyFrame, table: str, until: dt.date, time_zone: str) -> pl.LazyFrame:
    """Rows whose event is not after a day; those without an event of their own all stay."""
    contract = canonical(table)
    if contract.event is None:
        return rows
    is_date = contract.column(contract.event).type == "date"
    day = pl.col(contract.event) if is_date else day_of(contract.event, time_zone)
    return rows.filter((day <= until).fill_null(value=True))


def _accounts(lake: Lake, plan: Plan, value: Value, since: dt.date | None) -> pl.DataFrame | None:
    """Accounts that were in the segment on a day that matters; None where all are wanted."""
    if not value.segments.dimensions or not is_narrowed(plan, value):
        return None
    versions = Dimensions(lake, value.segments.dimensions).versions(
        value.segments.dimensions, value.first.year
    )
    in_time = [(pl.col("holds_from") <= value.last).fill_null(value=True)]
    if since is not None:
        in_time.append((pl.col("holds_until") > since).fill_null(value=True))
    named = versions.filter(*in_time).with_columns(known(value.segments.columns))
    return named.filter(value.segments.key() == value.key).select(_ACCOUNT).unique()


def _places(rows: pl.LazyFrame, table: str, accounts: pl.DataFrame | None) -> pl.DataFrame:
    if accounts is not None and _ACCOUNT in canonical(table).polars_schema():
        rows = rows.join(accounts.lazy(), on=_ACCOUNT, how="semi")
    return (
        rows.select(
            pl.lit(table).alias("table"),
            *[column.name for column in LINEAGE],
            pl.lit(None, pl.String).alias("reason"),
        )
        .collect()
        .cast(PLACES)
    )
