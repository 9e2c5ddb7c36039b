"""Contracts of the published tables; one `Table` each, and the columns of the dimensions.

`kpi_value`, `kpi_exclusion` and `dim_segment` get one nullable text column for each dimension that
the segment sets of barometer.yaml use: `with_dimensions` inserts them.
"""

import dataclasses
from collections.abc import Iterable

from schemas.config.periods import ALL_GRAINS, CALENDAR_GRAINS
from schemas.config.project import Project
from schemas.lifetime_tables import CLV_ASSUMPTION
from schemas.table import Column, Table

GRAINS: tuple[str, ...] = CALENDAR_GRAINS
"""Periods of the calendar; `ALL_GRAINS` has the fiscal and the rolling ones too."""
TOTAL_SET = "total"
TOTAL_KEY = "all"
"""Segment key of the set `total`."""

_PERIOD = (
    Column("period_grain", "text", "Length of the period.", nullable=False, allowed=ALL_GRAINS),
    Column("period_start", "date", "First day, in the company's time zone.", nullable=False),
)
_SEGMENT = (
    Column("segment_set", "text", "Segment set, `total` for everything.", nullable=False),
    Column("segment_key", "text", "Segment within its set.", nullable=False),
)

KPI_VALUE = Table(
    name="kpi_value",
    domain="warehouse",
    description="One row per KPI, period and segment.",
    key=("kpi_code", "period_grain", "period_start", "segment_set", "segment_key"),
    columns=(
        Column(
            "kpi_code", "text", "KPI, see dim_kpi.", nullable=False, reference="dim_kpi.kpi_code"
        ),
        *_PERIOD,
        Column("period_end", "date", "Last day, inclusive.", nullable=False),
        Column("is_complete", "boolean", "Whether its last day is loaded.", nullable=False),
        *_SEGMENT,
        Column("value", "number", "Value, in the KPI's unit; null where there is none."),
        Column("numerator", "number", "Numerator, before the factor of the unit."),
        Column("denominator", "number", "Denominator."),
        Column(
            "n", "integer", "Answers, customers or orders it rests on; null where withheld.",
            minimum=0,
        ),
        Column("n_effective", "number", "Effective number under weights (Kish)."),
        Column("ci_low", "number", "Lower end of the confidence interval."),
        Column("ci_high", "number", "Upper end of the confidence interval."),
        Column(
            "previous_value", "number",
            "Value of the period before; of a running period, that of its same days.",
        ),
        Column("change", "number", "Value less that of the period before."),
        Column("change_p_value", "number", "Two-sided p-value of the change."),
        Column(
            "is_significant", "boolean",
            "Whether the change is, adjusted for the segments of the set (Benjamini-Hochberg).",
        ),
        Column("year_ago_value", "number", "The same of the like period a year ago."),
        Column("target", "number", "Target from barometer.yaml."),
        Column("gap_to_target", "number", "Value less target."),
        Column("benchmark", "number", "Benchmark of its industry and country, or of all."),
        Column("gap_to_benchmark", "number", "Value less benchmark."),
        Column(
            "status", "text", "Against the target; null where there is no value.",
            allowed=("on_target", "off_target", "no_target"),
        ),
        Column(
            "suppression", "text",
            "Why a value is withheld: it rests on too few, or would tell one that does.",
            allowed=("min_n", "complementary"),
        ),
        Column(
            "excluded", "integer",
            "Rows left out, by reason in kpi_exclusion; null where withheld.", minimum=0,
        ),
        Column("method_id", "text", "Definition, version and interval used.", nullable=False),
        Column("run_id", "text", "Run that published it."),
        Column("known_at", "instant", "When it was published."),
    ),
)  # fmt: skip

KPI_EXCLUSION = Table(
    name="kpi_exclusion",
    domain="warehouse",
    description="One row per KPI, period, segment and reason that rows were left out for.",
    key=("kpi_code", "period_grain", "period_start", "segment_set", "segment_key", "reason"),
    columns=(
        Column(
            "kpi_code", "text", "KPI, see dim_kpi.", nullable=False, reference="dim_kpi.kpi_code"
        ),
        *_PERIOD,
        *_SEGMENT,
        Column("reason", "text", "Why the rows do not count.", nullable=False),
        Column("count", "integer", "Rows left out.", nullable=False, minimum=1),
    ),
)  # fmt: skip

DIM_KPI = Table(
    name="dim_kpi",
    domain="warehouse",
    description="One row per published KPI or variant.",
    key=("kpi_code",),
    columns=(
        Column("kpi_code", "text", "Code.", nullable=False),
        Column(
            "catalogue_code", "text", "Catalogue entry; a variant's is another.", nullable=False
        ),
        Column("name_en", "text", "English name.", nullable=False),
        Column("name_fr", "text", "French name.", nullable=False),
        Column("family", "text", "Family of the catalogue.", nullable=False),
        Column("department", "text", "Department that owns it.", nullable=False),
        Column("unit", "text", "Unit; money is in the company's currency.", nullable=False),
        Column("direction", "text", "Which way is good.", nullable=False),
        Column("formula", "text", "Formula in words.", nullable=False),
        Column("weights", "text", "How answers are weighted.", nullable=False),
        Column("options", "text", "Rules of the configuration it follows; also in method_id."),
        Column(
            "dimensions",
            "text",
            "Dimensions it can be cut by, comma-separated; null for the total alone.",
        ),
        Column(
            "is_additive",
            "boolean",
            "Whether numerators, denominators and n add up over days; values never do.",
            nullable=False,
        ),
        Column("min_n", "integer", "Least n that is published.", nullable=False),
        Column("method_version", "integer", "Version of the definition.", nullable=False),
        Column("source", "text", "Source of the definition.", nullable=False),
        Column("inputs", "text", "Canonical columns it needs, comma-separated.", nullable=False),
    ),
)

DIM_PERIOD = Table(
    name="dim_period",
    domain="warehouse",
    description="One row per period.",
    key=("period_grain", "period_start"),
    columns=(
        *_PERIOD,
        Column("period_end", "date", "Last day, inclusive.", nullable=False),
        Column(
            "label", "text",
            "2026-03-31, 2026-W14, 2026-03, 2026-Q1, 2026, FY2026-P02, 28 days to 2026-03-31.",
            nullable=False,
        ),
        Column("is_complete", "boolean", "Whether its last day is loaded.", nullable=False),
    ),
)  # fmt: skip

DIM_SEGMENT = Table(
    name="dim_segment",
    domain="warehouse",
    description="One row per segment.",
    key=("segment_set", "segment_key"),
    columns=(*_SEGMENT, Column("label", "text", "Label shown to readers.", nullable=False)),
)

TABLES: tuple[Table, ...] = (
    DIM_KPI,
    DIM_PERIOD,
    DIM_SEGMENT,
    KPI_VALUE,
    KPI_EXCLUSION,
    CLV_ASSUMPTION,
)


def dimension_column(dimension: str) -> str:
    """Column of a dimension in the published tables: `custom.segment` → `custom_segment`."""
    return dimension.replace(".", "_")


def configured_dimensions(project: Project) -> tuple[str, ...]:
    """Dimensions of the segment sets in order of mention, each once."""
    named = (name for dimensions in project.segment_sets.values() for name in dimensions)
    return tuple(dict.fromkeys(named))


def with_dimensions(table: Table, dimensions: Iterable[str]) -> Table:
    """A contract with one nullable text column a dimension after `segment_key`.

    Tables without segments come back as they are.
    """
    names = [column.name for column in table.columns]
    if "segment_key" not in names:
        return table
    at = names.index("segment_key") + 1
    added = tuple(
        Column(dimension_column(name), "text", f"Dimension {name}; null for all of it.")
        for name in dimensions
    )
    return dataclasses.replace(table, columns=(*table.columns[:at], *added, *table.columns[at:]))


def with_summary(table: Table) -> Table:
    """`kpi_value` as it is kept in the lake: with what a test of a later change needs."""
    kept = (
        Column("centre", "number", "Estimate that a change is tested on."),
        Column("variance", "number", "Variance of the centre."),
        Column("df", "number", "Degrees of freedom."),
    )
    return dataclasses.replace(table, columns=(*table.columns, *kept))


def warehouse_tables(project: Project) -> tuple[Table, ...]:
    """The published tables as this configuration shapes them."""
    dimensions = configured_dimensions(project)
    return tuple(with_dimensions(table, dimensions) for table in TABLES)
