"""Measures of the KPIs that a company declares in barometer.yaml. Expressions only.

The columns that they read are carried into the fact under names of their own, `own_column`.
"""

from collections.abc import Iterator, Mapping

import narwhals as nw

from assets.transforms.measures import Measure, Shape
from schemas.config.declared import (
    Bounds,
    DeclaredKpi,
    DeclaredMeasure,
    DeclaredTable,
    table_columns,
)
from schemas.config.kpis import KpiConfig
from schemas.kpis.declared import FACT_OF, declared_state
from schemas.kpis.kpi import FactName
from schemas.table import MONEY_SCALE

_UNIT = 10**MONEY_SCALE
_DAYS: Mapping[DeclaredTable, str] = {
    "erp_order": "ordered_on",
    "crm_lead": "created_on",
    "crm_interaction": "opened_on",
    "survey_answer": "responded_on",
}


def own_column(table: str, column: str) -> str:
    """Name of a table's column in its fact; answers carry theirs under their own names."""
    return column if table == "survey_answer" else f"own_{column}"


def own_columns(config: KpiConfig, fact: FactName) -> tuple[str, ...]:
    """Columns of the event table that declared KPIs read of a fact, in name order."""
    found = {
        name
        for declared in config.declared.values()
        for one in (declared.numerator, declared.denominator)
        if FACT_OF[one.of] == fact
        for name in one.columns
    }
    return tuple(sorted(found))


def is_of_whole_orders(declared: DeclaredKpi) -> bool:
    """Whether it adds up an amount of orders that their lines do not have."""
    parts = (declared.numerator, declared.denominator)
    return any(part.of == "erp_order" and part.sum not in {None, "net_amount"} for part in parts)


def declared_measures(config: KpiConfig) -> Iterator[Measure]:
    """The measures of every declared KPI: one, or one for each of its two tables."""
    for code, declared in config.declared.items():
        state = declared_state(code, declared)
        above, below = declared.numerator, declared.denominator
        if declared.is_share:
            yield _share(state, above, below)
        elif above.of == below.of:
            yield _ratio(state, declared, above.of)
        else:
            yield _ratio(state, declared, below.of)
            yield _ratio(state, declared, above.of)


def _share(state: str, above: DeclaredMeasure, below: DeclaredMeasure) -> Measure:
    return _measure(state, "share", below.of, concerns=_met(below), reasons={}, x=_met(above))


def _ratio(state: str, declared: DeclaredKpi, table: DeclaredTable) -> Measure:
    """The rows of one table that enter either sum."""
    parts = (declared.numerator, declared.denominator)
    own = [part for part in parts if part.of == table]
    concerns = _met(own[0])
    for part in own[1:]:
        concerns = concerns | _met(part)
    reasons: dict[str, nw.Expr] = {}
    for part in own:
        reasons |= _lacks(part)
    x, y = (_quantity(part) if part.of == table else nw.lit(0) for part in parts)
    return _measure(
        state,
        "ratio",
        table,
        concerns=concerns,
        reasons=reasons,
        x=x,
        y=y,
        is_fixed=True,
        decimals=MONEY_SCALE,
        counts_rows=declared.denominator.sum is not None,
    )


def _measure(state: str, shape: Shape, table: DeclaredTable, **more: object) -> Measure:
    fact = FACT_OF[table]
    return Measure(code=state, fact=fact, shape=shape, day=_DAYS[table], **more)  # type: ignore[arg-type]  # as the callers give them


def _met(measure: DeclaredMeasure) -> nw.Expr:
    """Whether a row has a day and meets all filters; false where a value is missing."""
    found = ~nw.col(_DAYS[measure.of]).is_null()
    for name, condition in measure.where.items():
        column = nw.col(own_column(measure.of, name))
        if isinstance(condition, Bounds):
            unit = _UNIT if _type(measure, name) == "decimal" else 1
            if condition.min is not None:
                found = found & (column >= condition.min * unit)
            if condition.max is not None:
                found = found & (column <= condition.max * unit)
        else:
            found = found & column.is_in(list(measure.values(name)))
        found = found & ~column.is_null()
    return found


def _lacks(measure: DeclaredMeasure) -> dict[str, nw.Expr]:
    """Why a row of a sum does not count."""
    if measure.sum is None:
        return {}
    column, is_met = _added(measure), _met(measure)
    found = {f"no_{measure.sum}": is_met & column.is_null()}
    if _type(measure, measure.sum) == "number":
        found |= {f"{measure.sum}_not_finite": is_met & ~column.is_finite()}
    return found


def _quantity(measure: DeclaredMeasure) -> nw.Expr:
    """1 a row, or the value that is added up, in units of 10⁻⁴."""
    is_met = _met(measure)
    if measure.sum is None:
        return nw.when(is_met).then(nw.lit(_UNIT)).otherwise(nw.lit(0))
    column = _added(measure)
    if _type(measure, measure.sum) == "number":
        # what is not finite is left out, but has to become an integer first
        finite = nw.when(column.is_finite()).then(column).otherwise(nw.lit(0.0))
        value = (finite * _UNIT).round()
    else:
        value = column if _type(measure, measure.sum) == "decimal" else column * _UNIT
    return nw.when(is_met).then(value.cast(nw.Int128)).otherwise(nw.lit(0, nw.Int128))


def _added(measure: DeclaredMeasure) -> nw.Expr:
    """The column that is added up; revenue of an order is that of its segment's lines."""
    if (measure.of, measure.sum) == ("erp_order", "net_amount"):
        return nw.col("net_fixed")
    return nw.col(own_column(measure.of, str(measure.sum)))


def _type(measure: DeclaredMeasure, column: str) -> str:
    return table_columns(measure.of)[column].type
