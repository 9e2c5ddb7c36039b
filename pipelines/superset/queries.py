"""SQL of the virtual datasets: the published tables, joined with the names that readers know.

It runs on DuckDB and on PostgreSQL alike. Rows are joined, never multiplied: each join is on the
whole key of a dimension table.
"""

from assets.publish.sql import text_literal
from assets.report.choices import FAMILIES
from pipelines.superset.texts import Words
from schemas.config.project import Project
from schemas.table import Table
from schemas.warehouse import KPI_VALUE, configured_dimensions, dimension_column, with_dimensions

_OF_KPI = ("family", "department", "unit", "direction", "is_additive")
_UNITS = ("points", "percent", "per_hundred", "score", "currency", "minutes")


def schema_of(project: Project) -> str | None:
    """Schema that the tables stand in; None where the database has but one."""
    return project.warehouse.schema_name if project.warehouse.kind == "postgres" else None


def dimensions_of(project: Project) -> tuple[str, ...]:
    """Columns of the configured dimensions."""
    return tuple(dimension_column(name) for name in configured_dimensions(project))


def value_query(project: Project, words: Words) -> str:
    """`kpi_value` with the names of KPI, period and segment."""
    table = with_dimensions(KPI_VALUE, configured_dimensions(project))
    own = ",\n  ".join(f"v.{column.name}" for column in table.columns)
    of_kpi = ",\n  ".join(f"k.{name}" for name in _OF_KPI)
    return (
        f"SELECT\n  {own},\n  k.name_{words.language} AS kpi,\n  {of_kpi},\n"
        f"  {_units(words)} AS unit_name,\n  {_families(words)} AS family_name,\n"
        f"  p.label AS period,\n  coalesce(s.label, v.segment_key) AS segment,\n"
        f"  {_movement(words)} AS movement,\n  {_standing(words)} AS standing,\n"
        f"  {_withheld(words)} AS withheld\n"
        f"{joined(project, 'kpi_value')}"
    )


def exclusion_query(project: Project, words: Words) -> str:
    """`kpi_exclusion` with the same names."""
    return (
        "SELECT\n  v.kpi_code,\n  v.period_grain,\n  v.period_start,\n  v.segment_set,\n"
        f"  v.segment_key,\n  v.reason,\n  v.count,\n  k.name_{words.language} AS kpi,\n"
        "  p.label AS period,\n  p.is_complete,\n  coalesce(s.label, v.segment_key) AS segment\n"
        f"{joined(project, 'kpi_exclusion')}"
    )


def publish_query(project: Project) -> str:
    """`run_log` with how many values each publish restated."""
    at = _within(project)
    restated = f"SELECT publish_id, count(*) AS n FROM {at}kpi_restatement GROUP BY publish_id"  # noqa: S608
    return (
        "SELECT l.publish_id, l.run_id, l.published_at, l.as_of, l.kpi_values,\n"
        f"  l.rows_quarantined, coalesce(r.n, 0) AS restated\nFROM {at}run_log AS l\n"
        f"LEFT JOIN ({restated}) AS r ON r.publish_id = l.publish_id"
    )


def joined(project: Project, table: str) -> str:
    """A table of figures and the dimension tables, as a FROM clause."""
    at = _within(project)
    return (
        f"FROM {at}{table} AS v\n"
        f"JOIN {at}dim_kpi AS k ON k.kpi_code = v.kpi_code\n"
        f"LEFT JOIN {at}dim_period AS p\n"
        "  ON p.period_grain = v.period_grain AND p.period_start = v.period_start\n"
        f"LEFT JOIN {at}dim_segment AS s\n"
        "  ON s.segment_set = v.segment_set AND s.segment_key = v.segment_key"
    )


def all_of(project: Project, table: Table) -> str:
    """A published table as it is."""
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    return f"SELECT {columns}\nFROM {_within(project)}{table.name}"


def _within(project: Project) -> str:
    schema = schema_of(project)
    return f'"{schema}".' if schema else ""


def _units(words: Words) -> str:
    cases = " ".join(f"WHEN '{unit}' THEN {text_literal(words.unit(unit))}" for unit in _UNITS)
    return f"CASE k.unit {cases} END"


def _families(words: Words) -> str:
    cases = " ".join(
        f"WHEN '{one}' THEN {text_literal(words(f'family_{one}'))}" for one in FAMILIES
    )
    return f"CASE k.family {cases} END"


def _movement(words: Words) -> str:
    """Whether the change is good, bad, or no more than chance."""
    return (
        "CASE WHEN v.change IS NULL THEN '' "
        f"WHEN v.is_significant IS NULL THEN {text_literal(words('not_tested'))} "
        f"WHEN NOT v.is_significant THEN {text_literal(words('not_significant'))} "
        "WHEN (v.change > 0) = (k.direction = 'higher_is_better') "
        f"THEN {text_literal(words('better'))} ELSE {text_literal(words('worse'))} END"
    )


def _standing(words: Words) -> str:
    return (
        f"CASE v.status WHEN 'on_target' THEN {text_literal(words('on_target'))} "
        f"WHEN 'off_target' THEN {text_literal(words('off_target'))} ELSE '' END"
    )


def _withheld(words: Words) -> str:
    return (
        f"CASE v.suppression WHEN 'min_n' THEN {text_literal(words('min_n'))} "
        f"WHEN 'complementary' THEN {text_literal(words('complementary'))} ELSE '' END"
    )
