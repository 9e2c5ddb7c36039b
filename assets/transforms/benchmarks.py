"""Published values beside benchmarks: figures of others, by KPI, industry and country.

A benchmark is matched by the published code and nothing else: one of a code that is not published
is not used for another.
"""

from collections.abc import Mapping

import polars as pl

from schemas.dimensions import UNKNOWN

_KINDS = (("industry", "country"), ("industry",), ("country",), ())
"""What a benchmark may be said of, the most telling first; it is null in the others."""

_ROW = "_row"


def with_benchmarks(
    values: pl.DataFrame, benchmarks: pl.DataFrame, own: Mapping[str, str | None]
) -> pl.DataFrame:
    """Fill `benchmark` and `gap_to_benchmark`.

    The benchmark of a row is the one said of its industry and country, else of its industry, else
    of its country, else of all; of these the latest that holds from the period's end or before.

    Args:
        values: Rows of `kpi_value`; a segment set cut by industry or country has that column.
        benchmarks: kpi_code, period_start, industry, country, value, as in `survey_benchmark`.
        own: `industry` and `country` of the company: those of rows that are not cut by them.
    """
    asked = values.select(
        "kpi_code",
        "period_end",
        *[_of(name, values.columns, own) for name in ("industry", "country")],
    ).unique()
    found = asked.sort("period_end").with_row_index(_ROW)
    figures = benchmarks.sort("period_start")
    columns = []
    for kind in _KINDS:
        columns.append("_".join(["_of", *kind]))
        found = _joined(found, figures, kind, columns[-1])
    best = found.select(
        "kpi_code", "period_end", "industry", "country", pl.coalesce(columns).alias("benchmark")
    ).rename({"industry": "_industry", "country": "_country"})
    keyed = values.drop("benchmark").with_columns(
        _of(name, values.columns, own).alias(f"_{name}") for name in ("industry", "country")
    )
    keys = ["kpi_code", "period_end", "_industry", "_country"]
    joined = keyed.join(best, on=keys, how="left", nulls_equal=True, maintain_order="left")
    gap = (pl.col("value") - pl.col("benchmark")).alias("gap_to_benchmark")
    return joined.with_columns(gap).select(values.columns)


def _of(name: str, columns: list[str], own: Mapping[str, str | None]) -> pl.Expr:
    """Industry or country of a row: that of its segment, or else the company's."""
    company = pl.lit(own.get(name), dtype=pl.String)
    if name not in columns:
        return company.alias(name)
    # an unknown country is none of the company's own: only benchmarks of all countries serve
    return (
        pl.when(pl.col(name) != UNKNOWN)
        .then(name)
        .when(pl.col(name).is_null())
        .then(company)
        .alias(name)
    )


def _joined(
    found: pl.DataFrame, figures: pl.DataFrame, kind: tuple[str, ...], column: str
) -> pl.DataFrame:
    """Rows with the latest benchmark that is said of exactly a kind."""
    others = [name for name in _KINDS[0] if name not in kind]
    of_kind = figures.filter(
        *[pl.col(name).is_not_null() for name in kind],
        *[pl.col(name).is_null() for name in others],
    ).select("kpi_code", *kind, "period_start", pl.col("value").alias(column))
    named = found.filter(*[pl.col(name).is_not_null() for name in kind])
    matched = named.join_asof(
        of_kind,
        left_on="period_end",
        right_on="period_start",
        by=["kpi_code", *kind],
        strategy="backward",
        check_sortedness=False,  # both are sorted above
    )
    return found.join(matched.select(_ROW, column), on=_ROW, how="left", maintain_order="left")
