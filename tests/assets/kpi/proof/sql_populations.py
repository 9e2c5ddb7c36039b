"""Populations in SQL: every customer, contract and employee of every period, met one by one."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import polars as pl

from schemas.config.project import Project
from tests.assets.kpi.proof.population_views import CONTRACTS, PEOPLE, SALES, SUPPORT
from tests.assets.kpi.proof.sql_tables import (
    ACCOUNT_DIMENSIONS,
    account_columns,
    account_join,
    column,
    rated,
    segment_key,
)


@dataclass(frozen=True)
class Counted:
    """A KPI on a population: its table, and the numerator, denominator and n as aggregates."""

    table: str
    numerator: str
    denominator: str = "count(*)"
    n: str = "count(*)"
    factor: float = 1.0
    where: str = "true"
    sets: str = "account"
    grains: tuple[str, ...] = ()


def _share(table: str, x: str = "sum(x)") -> Counted:
    return Counted(table, x, factor=100)


_LIFE = ("month", "quarter", "year")
_HEADS = "round(sum(heads), 12)"
COUNTED: Mapping[str, Counted] = {
    "churn_rate": _share("churn"),
    "retention_rate": _share("churn", "count(*) - sum(x)"),
    "reactivation_rate": _share("reactivation"),
    "repeat_purchase_rate": _share("repeat"),
    "repeat_purchase_rate_to_date": _share("to_date"),
    "revenue_per_customer": Counted("revenue", "sum(x)"),
    "cross_sell_rate": _share("crossing"),
    "clv_historical": Counted("lifetime", "sum(net)", where="valued"),
    "clv_historical_margin": Counted("lifetime", "sum(margin)", where="costed"),
    "clv_simple": Counted("lifetime", "sum(net)", "count(*) FILTER (gone)", where="valued"),
    "clv_basket": Counted("lifetime", "sum(gained)", "count(*) FILTER (gone)", where="valued"),
    "contact_rate": Counted("supported", "sum(contacts)", factor=100),
    "support_cost_per_customer": Counted("supported", "any_value(total)", sets="total"),
    **{
        f"support_cost_per_{category}": Counted(
            "supported", "sum(cost)", where=f"category = '{category}'"
        )
        for category in ("promoter", "passive", "detractor")
    },
    "nrr": Counted("retained", "sum(kept)", "sum(y)", factor=100),
    "grr": Counted("retained", "sum(least(kept, y))", "sum(y)", factor=100),
    "upsell_rate": _share("upsold"),
    "renewal_rate": Counted("renewable", "sum(x)", factor=100, sets="contract"),
    "average_contract_value": Counted("signing", "sum(x)"),
    "employee_turnover": Counted("presence", "sum(gone)", _HEADS, "sum(employees)", 100,
                                 sets="employee"),
    "training_cost_per_employee": Counted("trained", "sum(cost)", _HEADS, "sum(employees)",
                                          sets="employee"),
}  # fmt: skip


def create_populations(
    connection: duckdb.DuckDBPyConnection,
    project: Project,
    *,
    as_of: str,
    grains: Sequence[str],
) -> None:
    """Create the table of every population.

    Args:
        connection: From `sql_tables.connect`.
        project: The configuration; customers are those with orders.
        as_of: Last loaded day.
        grains: Grains wanted.
    """
    config = project.kpis

    def quoted(words: Sequence[str]) -> str:
        return ", ".join(f"'{word.strip().lower()}'" for word in words)

    dated = "(SELECT *, local_day(ordered_at) AS day FROM erp_order)"
    given = {
        "$orders": rated(dated, "e.day", project),
        "$ledger": rated("erp_cost", "e.incurred_on", project),
        "$rated": rated("dated_contract", "e.signed_on", project),
        "$training": rated("erp_training", "e.held_on", project),
        "$cancelled": quoted(config.cancelled_statuses),
        "$kinds": quoted(config.support_cost.kinds),
        "$plans": quoted(config.contracts.plan_order),
        "$grains": quoted(grains),
        "$grace": str(config.contracts.renewal_grace_days),
        "$days": str(config.churn.inactivity_days),
        "$window": str(config.cross_sell.window_days),
        "$contracts_from": str(config.known_from.crm_contract or dt.date.min),
        "$employees_from": str(config.known_from.erp_employee or dt.date.min),
        "$as_of": as_of,
    }
    script = SALES + SUPPORT + CONTRACTS + PEOPLE
    for name, value in given.items():
        script = script.replace(name, value)
    for statement in script.split(";\n"):
        connection.execute(statement)


def population_sets(
    one: Counted, sets: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """Segment sets that a KPI carries."""
    own = {
        "account": {*ACCOUNT_DIMENSIONS},
        "contract": {*ACCOUNT_DIMENSIONS, "product_category", "product_family"},
        "employee": {"department", "region"},
        "total": set(),
    }[one.sets]
    return {name: found for name, found in sets.items() if own.issuperset(found)}


def expected(
    connection: duckdb.DuckDBPyConnection, one: Counted, sets: Mapping[str, tuple[str, ...]]
) -> pl.DataFrame:
    """period_grain, period_start, segment_set, segment_key, value, numerator, denominator, n."""
    parts = []
    for name, dimensions in population_sets(one, sets).items():
        parts.append(f"""
            SELECT period_grain, period_start, '{name}' AS segment_set,
                {segment_key(dimensions)} AS segment_key,
                CAST({one.numerator} AS DOUBLE) AS numerator,
                CAST({one.denominator} AS DOUBLE) AS denominator, CAST({one.n} AS BIGINT) AS n
            FROM ({_placed(one, dimensions)}) WHERE {one.where}
            GROUP BY period_grain, period_start, segment_key
        """)  # noqa: S608 names of this module
    ratio = f"CASE WHEN denominator > 0 THEN {one.factor} * numerator / denominator END"
    rows = " UNION ALL ".join(parts)
    query = f"SELECT *, {ratio} AS value FROM ({rows})"  # noqa: S608 names of this module
    return pl.DataFrame(connection.sql(query).to_arrow_table())


def _placed(one: Counted, dimensions: Sequence[str]) -> str:
    """Rows of a population with the columns of a set's dimensions."""
    if one.sets == "employee":
        own = "".join(f", {name} AS {column(name)}" for name in dimensions)
        return f"SELECT *{own} FROM {one.table}"  # noqa: S608 names of this module
    columns, join = account_columns(dimensions), account_join("e.who", "e.seen")
    products = [name for name in dimensions if name.startswith("product_")]
    columns += "".join(
        f", f.{name.removeprefix('product_')} AS {column(name)}" for name in products
    )
    if one.sets == "contract":
        join += " LEFT JOIN erp_product f ON f.product_id = e.product_id"
    return f"SELECT e.*{columns} FROM {one.table} e {join}"  # noqa: S608 names of this module
