"""What a publish changes in what was published before, and why: rows that appear, differ, are gone.

Reasons are derived from evidence: figures before and since, and what is known to have changed in
between (`Since`, gathered in `assets.kpi.evidence`). Where rows are kept is not known here.
"""

import json
from dataclasses import dataclass

import polars as pl

from schemas.history_tables import REASONS, STAMPS
from schemas.warehouse import KPI_VALUE, TOTAL_SET

KEY = list(KPI_VALUE.key)
EXCLUSIONS = "exclusions"
_OLD = "_old_"
_STAMPED = (*STAMPS, "publish_id")


@dataclass(frozen=True, slots=True)
class Differences:
    """A publish against the rows that readers had.

    Attributes:
        values: The rows of the publish in their order, with `exclusions`; those that are the same
            as before keep the run_id, known_at and publish_id under which they became known.
        appended: Rows that are new, differ or are withdrawn, for `kpi_value_history`.
        pairs: Rows that differ or are withdrawn, with the columns of before as `_old_…`.
    """

    values: pl.DataFrame
    appended: pl.DataFrame
    pairs: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Since:
    """What changed since the publish before.

    Attributes:
        kpis: kpi_code; is_redefined (method or parameters); changed_from (first day of the
            earliest month whose events changed, null for none); has_new and has_reloaded (logical
            dates of its tables); is_lookup_changed (of a table without events that it reads);
            is_additive (whether n and excluded count its events); logical_dates (text).
        sets: segment_set; is_recut (dimensions); is_dimension_changed (table that carries them).
    """

    kpis: pl.DataFrame
    sets: pl.DataFrame


def with_exclusions(values: pl.DataFrame, exclusions: pl.DataFrame) -> pl.DataFrame:
    """Rows of `kpi_value` with their rows of `kpi_exclusion` as text of a JSON object."""
    names = {name: json.dumps(name, ensure_ascii=False) for name in exclusions["reason"].unique()}
    name = pl.col("reason").replace_strict(names, return_dtype=pl.String)
    entry = pl.format("{}:{}", name, pl.col("count"))
    texts = (
        exclusions.sort(*KEY, "reason")
        .with_columns(entry.alias("entry"))
        .group_by(KEY)
        .agg((pl.lit("{") + pl.col("entry").str.join(",") + pl.lit("}")).alias(EXCLUSIONS))
    )
    joined = values.join(texts, on=KEY, how="left", maintain_order="left")
    return joined.with_columns(pl.col(EXCLUSIONS).fill_null("{}"))


def differences(current: pl.DataFrame, values: pl.DataFrame, stamp: pl.DataFrame) -> Differences:
    """Compare a publish with what readers have; equal rows keep their stamps.

    Args:
        current: Rows that readers have: as `values`, with stamps and publish_id. Columns that it
            does not have count as null, those that `values` has no more are ignored.
        values: Rows of `kpi_value` to publish, with `exclusions`.
        stamp: One row: run_id, known_at, publish_id of the publish.
    """
    columns = [name for name in values.columns if name not in _STAMPED]
    before = current.select(
        *[
            pl.col(name) if name in current.columns else pl.lit(None, kind).alias(name)
            for name, kind in values.schema.items()
            if name in columns
        ],
        *_STAMPED,
    )
    figures = [name for name in [*columns, *_STAMPED] if name not in KEY]
    joined = values.select(columns).join(
        before.rename({name: _OLD + name for name in figures}),
        on=KEY, how="left", maintain_order="left",
    )  # fmt: skip
    was_there = pl.col(_OLD + "known_at").is_not_null()
    is_same = pl.all_horizontal(
        was_there,
        *[pl.col(name).eq_missing(pl.col(_OLD + name)) for name in columns if name not in KEY],
    )
    joined = joined.with_columns(is_same.alias("_is_same")).with_columns(
        pl.when("_is_same").then(_OLD + name).otherwise(pl.lit(stamp[name][0])).alias(name)
        for name in _STAMPED
    )
    gone = before.join(values, on=KEY, how="anti")
    changed = joined.filter(~pl.col("_is_same"))
    kept = [*columns, *_STAMPED]
    withdrawn = _withdrawn(gone, stamp, kept)
    appended = pl.concat(
        [
            changed.select(*kept, pl.lit(value=False).alias("is_withdrawn")),
            withdrawn.select(*kept, pl.lit(value=True).alias("is_withdrawn")),
        ]
    )
    lost = withdrawn.join(gone.rename({name: _OLD + name for name in figures}), on=KEY, how="left")
    pairs = pl.concat([changed.filter(was_there).drop("_is_same"), lost], how="diagonal")
    return Differences(joined.select(kept), appended, pairs)


def restatements(found: Differences, since: Since | None) -> pl.DataFrame:
    """Published values of periods that had ended, and changed: with the reasons.

    Args:
        found: What the publish changes.
        since: What changed since the publish before; None where that is not known.

    Returns:
        The columns of `kpi_restatement`, not yet in order, and the dimension columns.
    """
    named = {
        "value": "value", "n": "n", "excluded": "excluded",
        "known_at": "known_at", "publish_id": "publish_id",
    }  # fmt: skip
    restated = found.pairs.filter(
        pl.col(_OLD + "is_complete").fill_null(value=False),
        pl.col("value").ne_missing(pl.col(_OLD + "value")),
    )
    reasoned = _reasoned(restated, found, since)
    old = [pl.col(_OLD + name).alias(f"old_{to}") for name, to in named.items()]
    new = [pl.col(name).alias(f"new_{name}") for name in ("value", "n", "excluded")]
    return reasoned.with_columns(*old, *new).with_columns(
        pl.col("period_end").fill_null(pl.col(_OLD + "period_end"))
    )


def _reasoned(restated: pl.DataFrame, found: Differences, since: Since | None) -> pl.DataFrame:
    """Restated rows with reasons, is_conclusive, logical_dates."""
    if since is None:
        return restated.with_columns(
            pl.lit("other").alias("reasons"),
            pl.lit(value=False).alias("is_conclusive"),
            pl.lit(None, pl.String).alias("logical_dates"),
        )
    totals = _same_totals(found)
    joined = (
        restated.join(since.kpis, on="kpi_code", how="left", maintain_order="left")
        .join(since.sets, on="segment_set", how="left", maintain_order="left")
        .join(totals, on=KEY[:3], how="left", maintain_order="left")
    )
    conditions = _conditions()
    listed = pl.concat_list(
        [pl.when(condition).then(pl.lit(name)) for name, condition in conditions.items()]
    ).list.drop_nulls()
    return joined.with_columns(listed.alias("reasons")).with_columns(
        (pl.col("reasons").list.len() == 1).alias("is_conclusive"),
        pl.when(pl.col("reasons").list.len() > 0)
        .then(pl.col("reasons").list.join(","))
        .otherwise(pl.lit("other"))
        .alias("reasons"),
    )


def _conditions() -> dict[str, pl.Expr]:
    """Reason → whether it may be one, in the order of `REASONS`."""
    is_withheld_otherwise = pl.col("suppression").ne_missing(pl.col(_OLD + "suppression"))
    is_redefined = (
        _holds(pl.col("method_id") != pl.col(_OLD + "method_id"))
        | pl.col("is_redefined").fill_null(value=True)
        | pl.col("is_recut").fill_null(value=True)
    )
    has_events = _holds(pl.col("changed_from") <= pl.col(_OLD + "period_end"))
    is_part = pl.col("segment_set") != TOTAL_SET
    # the total stands still: rows went from one segment to another
    is_shift = is_part & _holds(pl.col("is_total_same"))
    is_moved = is_part & _holds(pl.col("is_dimension_changed"))
    is_lookup = _holds(pl.col("is_lookup_changed"))
    is_data = (has_events | is_lookup) & ~(is_shift & is_moved)
    counted = pl.col("n").fill_null(0) + pl.col("excluded").fill_null(0)
    delta = counted - pl.col(_OLD + "n") - pl.col(_OLD + "excluded")
    # followed over time, one late row may add or take away, or change a figure only
    is_followed = ~_holds(pl.col("is_additive"))
    rises, stays = (delta > 0) | is_followed, (delta == 0) | is_followed
    has_new, has_reloaded = _holds(pl.col("has_new")), _holds(pl.col("has_reloaded"))
    conditions = {
        "late_rows": is_data & has_events & ~is_shift & rises & has_new,
        "corrected_rows": is_data & (is_shift | stays | is_lookup | (rises & has_reloaded)),
        "removed_rows": is_data & has_events & ~is_shift & (delta < 0),
        "segment_change": is_moved,
        "definition_change": is_redefined,
    }
    shown = {name: one & ~is_withheld_otherwise for name, one in conditions.items()}
    found = shown | {"suppression": is_withheld_otherwise}
    return {name: found[name] for name in REASONS if name in found}


def _holds(condition: pl.Expr) -> pl.Expr:
    """Whether a condition is known to hold."""
    return condition.fill_null(value=False)


def _same_totals(found: Differences) -> pl.DataFrame:
    """Periods whose total has the value, n and excluded that it had."""
    differs = pl.any_horizontal(
        [pl.col(name).ne_missing(pl.col(_OLD + name)) for name in ("value", "n", "excluded")]
    )
    total = pl.col("segment_set") == TOTAL_SET
    changed = found.pairs.filter(total, differs).select(KEY[:3]).unique()
    there = found.values.filter(total).select(KEY[:3]).unique()
    same = pl.lit(value=True).alias("is_total_same")
    return there.join(changed, on=KEY[:3], how="anti").with_columns(same)


def _withdrawn(gone: pl.DataFrame, stamp: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """Rows that are published no more: key, period and segment, no figures."""
    figures = [
        column.name
        for column in KPI_VALUE.columns
        if column.name not in {*KEY, *STAMPS, "period_end"}
    ]
    return gone.with_columns(
        *[pl.lit(None, gone.schema[name]).alias(name) for name in figures if name in columns],
        *[pl.lit(stamp[name][0]).alias(name) for name in _STAMPED],
        pl.lit("{}").alias(EXCLUSIONS),
    ).select(columns)
