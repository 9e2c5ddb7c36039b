"""What is left of published rows that are withheld, and which KPIs are withheld together.

Which places are withheld is decided in `assets.transforms.suppression`; where that is kept is
`assets.kpi.withheld`' work.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from assets.transforms.segments import SegmentSet
from assets.transforms.significance import SUMMARY
from assets.transforms.suppression.suppress import suppressed
from schemas.config.publication import LeastN
from schemas.kpis.catalogue import Published

PLACE = ("period_grain", "period_start", "segment_set", "segment_key")

LOST = (
    "value", "numerator", "denominator", "n", "n_effective", "ci_low", "ci_high",
    "previous_value", "change", "change_p_value", "is_significant", "year_ago_value",
    "gap_to_target", "gap_to_benchmark", "excluded", *SUMMARY,
)  # fmt: skip
"""Columns that a withheld row does not have."""

_LIKE_FOR_LIKE = ("previous_value", "year_ago_value", "change_p_value")
_DECLARED = "declared:"


@dataclass(frozen=True, slots=True)
class Protected:
    """KPIs on the same answers or customers: what one withholds the others must not tell.

    Attributes:
        name: Name of what they rest on.
        codes: Codes of the KPIs.
        min_n: The greatest of their least numbers.
        by_set: Segment set → least number, where it is greater.
    """

    name: str
    codes: tuple[str, ...]
    min_n: int
    by_set: Mapping[str, int]

    @property
    def least(self) -> pl.Expr:
        """Least number of a row."""
        by_set = pl.col("segment_set").replace_strict(
            dict(self.by_set), default=self.min_n, return_dtype=pl.Int64
        )
        return pl.max_horizontal(by_set, pl.lit(self.min_n, dtype=pl.Int64))


def protected(
    published: Iterable[Published], config: LeastN, populations: Mapping[str, str]
) -> tuple[Protected, ...]:
    """KPIs that have a least number above 1, with those on the same answers or customers.

    Args:
        published: KPIs that are published.
        config: Least numbers.
        populations: State code → name, of the KPIs that are counted anew for each period.
    """
    every = list(published)
    is_pooled = any(_reads_answers(one) and _is_declared(one) for one in every)
    groups: dict[str, list[Published]] = {}
    for one in every:
        name = _basis(one, populations)
        if is_pooled and _reads_answers(one):
            name = "answer"  # a declared KPI may be on the answers of any question
        groups.setdefault(name, []).append(one)
    found = []
    for name, group in groups.items():
        least = max(max(one.kpi.min_n, config.kpis.get(one.code, config.default)) for one in group)
        if least > 1:
            codes = tuple(one.code for one in group)
            found.append(Protected(name, codes, least, config.segment_sets))
    return tuple(found)


def _reads_answers(one: Published) -> bool:
    return "answer" in one.kpi.facts


def _is_declared(one: Published) -> bool:
    return one.kpi.measure.startswith(_DECLARED)


def _basis(one: Published, populations: Mapping[str, str]) -> str:
    """Name of what a KPI rests on: the answers to its questions, or all records of its fact."""
    if one.kpi.fact == "answer":
        # measures of the same answers begin with the same word: csat and csat_mean
        return f"answer-{one.kpi.measure.partition('_')[0]}"
    if one.kpi.fact == "population":
        return f"population-{populations.get(one.state, one.kpi.measure)}"
    return one.kpi.fact


def cells_of(values: pl.DataFrame, one: Protected, dimensions: Sequence[str]) -> pl.DataFrame:
    """Cells of what is protected; KPIs with the same n everywhere are one measure.

    Returns:
        population, measure, the place, period_end, n and the dimension columns, in key order.
    """
    columns = [*PLACE, "period_end", "n", *dimensions]
    rows = values.filter(pl.col("kpi_code").is_in(one.codes), pl.col("n") > 0)
    parts = rows.select("kpi_code", *columns).sort("kpi_code", *PLACE).partition_by(
        "kpi_code", as_dict=True, include_key=False
    )  # fmt: skip
    kept: list[pl.DataFrame] = []
    named: list[pl.DataFrame] = []
    for (code,), part in parts.items():
        if not any(part.equals(other) for other in kept):
            kept.append(part)
            named.append(
                part.select(
                    pl.lit(one.name).alias("population"), pl.lit(code).alias("measure"), *columns
                )
            )
    empty = rows.clear().select(
        pl.lit(None, dtype=pl.String).alias("population"),
        pl.lit(None, dtype=pl.String).alias("measure"),
        *columns,
    )
    return pl.concat([empty, *named])


def withheld_places(
    cells: pl.DataFrame,
    one: Protected,
    sets: Sequence[SegmentSet],
    *,
    hierarchies: Sequence[pl.DataFrame],
    before: pl.DataFrame | None,
) -> pl.DataFrame:
    """Places at which the KPIs are withheld, with the n of their cells.

    Args:
        cells: From `cells_of`.
        one: What is protected.
        sets: The segment sets.
        hierarchies: See `assets.transforms.suppression.suppress.suppressed`.
        before: What this returned for the publish before. Places stay withheld as long as a cell
            of theirs has the same n: it would tell what was withheld beside it then.

    Returns:
        measure, the place, n.
    """
    forced = cells.filter(pl.col("n") < one.least)
    asked = forced.select("population", *PLACE)
    if before is not None:
        keys = ["measure", *PLACE, "n"]
        kept = cells.join(before.select(keys), on=keys, how="semi")
        asked = pl.concat([asked, kept.select("population", *PLACE)])
    if asked.is_empty():
        return cells.clear().select("measure", *PLACE, "n")
    found = suppressed(
        cells, sets, min_n=one.min_n, hierarchies=hierarchies, withheld=asked.unique()
    )
    return found.drop_nulls("suppression").select("measure", *PLACE, "n")


def marked_values(
    values: pl.DataFrame, withheld: Sequence[tuple[Protected, pl.DataFrame]]
) -> pl.DataFrame:
    """Rows of `kpi_value` with `suppression`, and without the figures of those withheld.

    What a running period is compared with is a part of an earlier one, whose n is not known here.
    It stays only where it is a sum of days that are all published.

    Args:
        values: Rows, with their summaries.
        withheld: What is protected, and its withheld places.
    """
    reason = pl.lit(None, dtype=pl.String)
    for one, _ in withheld:
        small = pl.when(pl.col("n") < one.least).then(pl.lit("min_n"))
        own = pl.col("kpi_code").is_in(one.codes)
        reason = pl.when(own).then(small.otherwise(pl.lit("complementary"))).otherwise(reason)
    places = _by_code(withheld)
    keys = ["kpi_code", *PLACE]
    codes = [code for one, _ in withheld for code in one.codes]
    is_open = ~pl.col("is_complete") & pl.col("kpi_code").is_in(codes)
    marked = values.drop("suppression").join(
        places.with_columns(_withheld=pl.lit(value=True)),
        on=keys, how="left", maintain_order="left",
    ).join(
        _whole_series(values, places), on=_SERIES, how="left", maintain_order="left"
    )  # fmt: skip
    is_withheld = pl.col("_withheld").fill_null(value=False) & (pl.col("n") > 0)
    is_compared = ~is_open | pl.col("_is_whole").fill_null(value=False)
    is_kept = dict.fromkeys(LOST, ~is_withheld)
    is_kept |= dict.fromkeys(_LIKE_FOR_LIKE, ~is_withheld & is_compared)
    is_kept["status"] = ~is_withheld | (pl.col("status") == "no_target")
    return marked.with_columns(
        pl.when(is_withheld).then(reason).alias("suppression"),
        *[pl.when(kept).then(name).alias(name) for name, kept in is_kept.items()],
    ).select(values.columns)


_SERIES = ["kpi_code", "segment_set", "segment_key"]


def _by_code(withheld: Sequence[tuple[Protected, pl.DataFrame]]) -> pl.DataFrame:
    """Withheld places of each KPI: kpi_code and the place."""
    parts = [
        places.select(PLACE).unique().join(pl.DataFrame({"kpi_code": one.codes}), how="cross")
        for one, places in withheld
    ]
    return pl.concat(parts).select("kpi_code", *PLACE)


def _whole_series(values: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """KPIs and segments whose days are published, all of them."""
    of_days = pl.col("period_grain") == "day"
    whole = values.filter(of_days).select(_SERIES).unique().join(places, on=_SERIES, how="anti")
    return whole.with_columns(_is_whole=pl.lit(value=True))


def marked_exclusions(exclusions: pl.LazyFrame, marked: pl.DataFrame) -> pl.LazyFrame:
    """Rows of `kpi_exclusion` without those of withheld values."""
    keys = ["kpi_code", *PLACE]
    hidden = marked.lazy().filter(pl.col("suppression").is_not_null()).select(keys)
    return exclusions.join(hidden, on=keys, how="anti", maintain_order="left")


def marked_history(rows: pl.LazyFrame, current: pl.LazyFrame, is_guarded: pl.Expr) -> pl.LazyFrame:
    """Rows of `kpi_value_history`, those of guarded KPIs that hold no more without their figures.

    A month that runs is published anew every day: its versions differ by its days. What was
    published of a place before it was withheld would tell it, and what was published beside it
    would help to. So of what is guarded, history has the figures of `kpi_value` and no others.

    Args:
        rows: Rows.
        current: Rows of `kpi_value` that hold, with the known_at under which they became known.
        is_guarded: Of a row.
    """
    keys = ["kpi_code", *PLACE, "known_at"]
    holds = current.select(keys).with_columns(pl.lit(value=True).alias("_holds"))
    joined = rows.join(holds, on=keys, how="left", maintain_order="left")
    is_hidden = is_guarded & pl.col("_holds").is_null()
    names = rows.collect_schema().names()
    had_figures = is_hidden & pl.col("n").is_not_null()
    marks = {
        "suppression": pl.when(had_figures).then(pl.lit("complementary")).otherwise("suppression"),
        "exclusions": pl.when(is_hidden).then(pl.lit("{}")).otherwise("exclusions"),
        **{
            name: pl.when(~is_hidden).then(name)
            for name in (*LOST, "status")
            if name in names
        },
    }  # fmt: skip
    return joined.with_columns(one.alias(name) for name, one in marks.items()).select(names)


def marked_restatements(rows: pl.LazyFrame, is_guarded: pl.Expr) -> pl.LazyFrame:
    """Rows of `kpi_restatement`, those of guarded KPIs without their figures."""
    figures = [f"{side}_{name}" for side in ("old", "new") for name in ("value", "n", "excluded")]
    return rows.with_columns(pl.when(~is_guarded).then(name).alias(name) for name in figures)
