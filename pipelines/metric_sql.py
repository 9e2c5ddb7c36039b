"""Each KPI as an aggregate over rows of `kpi_value` that is safe to drag anywhere in a BI tool.

That of an additive KPI divides sums of numerators by sums of denominators, and is null where the
rows do not add up: several lengths of period or segment sets at once, overlapping windows,
different methods, withheld rows, several segments of products, in each of which an order counts.
That of any other KPI is its published value where a single row is selected, and null elsewhere.
"""

from collections.abc import Collection

from assets.publish.sql import text_literal
from assets.transforms.estimators import FACTORS
from assets.transforms.segments import TOTAL
from schemas.config.periods import ROLLING_GRAINS
from schemas.config.project import Project
from schemas.dimensions import known_dimension
from schemas.kpis.catalogue import Published


def overlapping_sets(project: Project) -> tuple[str, ...]:
    """Segment sets in which an order counts in each segment that it has lines of."""
    return tuple(
        name
        for name, dimensions in project.segment_sets.items()
        if any(known_dimension(each)[0] == "product" for each in dimensions)
    )


def metric_expression(
    one: Published,
    *,
    is_additive: bool,
    overlapping: Collection[str] | None,
    table: str = "kpi_value",
) -> str:
    """A KPI as an aggregate over rows of `kpi_value`, in standard SQL.

    Args:
        one: The KPI as it is published.
        is_additive: Whether its sums add up, as `dim_kpi` says.
        overlapping: Segment sets in which an order counts more than once, from
            `overlapping_sets`; None where the sets are not known.
        table: Name of the table in the query; empty where columns stand without one.
    """
    of = _OfKpi(one.code, table)
    if not is_additive:
        return f"CASE WHEN COUNT({of('kpi_code')}) = 1 THEN MAX({of('value')}) END"
    factor = FACTORS[one.kpi.unit]
    # the numerator of minutes is in minutes already
    times = "" if factor == 1 or one.kpi.unit == "minutes" else f"{factor:.1f} * "
    sums, conditions = f"{times}SUM({of('numerator')})", _add_up(one, of, overlapping)
    if one.kpi.estimator != "sum":
        sums += f" / SUM({of('denominator')})"
        conditions.append(f"SUM({of('denominator')}) > 0")
    return f"CASE WHEN {' AND '.join(conditions)} THEN {sums} END"


def _add_up(one: Published, of: "_OfKpi", overlapping: Collection[str] | None) -> list[str]:
    """What must hold of the rows of an additive KPI so that their sums are those of the whole."""
    rolling = ", ".join(f"'{grain}'" for grain in ROLLING_GRAINS)
    is_no_window = f"MAX({of('period_grain')}) NOT IN ({rolling})"
    found = [
        *(
            f"COUNT(DISTINCT {of(column)}) = 1"
            for column in ("period_grain", "segment_set", "method_id")
        ),
        f"({is_no_window} OR COUNT(DISTINCT {of('period_start')}) = 1)",
        f"COUNT({of('suppression')}) = 0",
    ]
    if "order" in one.kpi.facts and overlapping != ():
        is_apart = (
            f"MAX({of('segment_set')}) = '{TOTAL.name}'"
            if overlapping is None
            else f"MAX({of('segment_set')}) NOT IN ({', '.join(map(text_literal, overlapping))})"
        )
        found.append(f"({is_apart} OR COUNT(DISTINCT {of('segment_key')}) = 1)")
    return found


class _OfKpi:
    """A column of `kpi_value` in the rows of one KPI, null in all others."""

    def __init__(self, code: str, table: str) -> None:
        self._code = text_literal(code)
        self._table = f"{table}." if table else ""

    def __call__(self, column: str) -> str:
        return f"CASE WHEN {self._table}kpi_code = {self._code} THEN {self._table}{column} END"
