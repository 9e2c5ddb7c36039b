"""Check `columns`: columns of an extract against those of the extract before it.

A new column is noted (raw keeps it); one that is gone, or has another type, may be asked for by the
mapping, and then the keys to change are named.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from assets.transforms.quality.about import About, run_again
from assets.transforms.quality.outcome import ERROR, PASSED, WARN
from assets.transforms.quality.wording import listed, shortened
from schemas.config.quality import Columns

MOST_NAMED = 10
NEW, GONE, RETYPED = "new", "gone", "retyped"

_RANKS = {PASSED: 0, WARN: 1, ERROR: 2}


def judge_columns(
    extracts: pl.DataFrame,
    limits: Columns,
    asked: Mapping[str, Sequence[str]],
    *,
    source: str,
) -> pl.DataFrame:
    """Judge every extract's columns against those of the extract before it.

    Args:
        extracts: Rows of `EXTRACTS` of one source.
        limits: What each kind of change means; a column that is gone and asked for is an error.
        asked: Raw column → key paths of the configuration that ask for it.
        source: Its name.

    Returns:
        One outcome a day with an extract, the worst of its changes; frame of schema `OUTCOME`.
        `observed` counts the changes that mean something.
    """
    about = About("columns", source)
    loaded = (
        extracts.drop_nulls(["rows", "columns"])
        .unique("date", keep="last", maintain_order=True)
        .sort("date")
        .with_columns(before=pl.col("columns").shift(), before_on=pl.col("date").shift())
    )
    changes = _changes(loaded.filter(pl.col("columns") != pl.col("before")), limits, asked)
    judged = loaded.join(_by_day(changes), on="date", how="left", maintain_order="left")
    return about.outcomes(
        judged,
        status=pl.col("rank").replace_strict(
            {rank: status for status, rank in _RANKS.items()}, default=PASSED
        ),
        observed=pl.col("changes").fill_null(0),
        upper_limit=pl.lit(0.0),
        unit=pl.lit("columns"),
        rows_checked=pl.col("rows"),
        message=_message(),
        mend=_mend(about),
    )


def _changes(
    changed: pl.DataFrame, limits: Columns, asked: Mapping[str, Sequence[str]]
) -> pl.DataFrame:
    """One row a changed column: `date`, `name`, `kind`, `rank` of its severity and `text`."""
    now, before = _exploded(changed, "columns"), _exploded(changed, "before")
    keys = pl.DataFrame(
        {"name": list(asked), "keys": [", ".join(paths) for paths in asked.values()]},
        schema={"name": pl.String, "keys": pl.String},
    )
    both = now.join(before, on=["date", "name"], how="full", coalesce=True, suffix="_before")
    kind = (
        pl.when(pl.col("is_there_before").is_null())
        .then(pl.lit(NEW))
        .when(pl.col("is_there").is_null())
        .then(pl.lit(GONE))
        .when(pl.col("type").ne_missing(pl.col("type_before")))
        .then(pl.lit(RETYPED))
    )
    found = both.with_columns(kind=kind).drop_nulls("kind").join(keys, on="name", how="left")
    found = found.rechunk()  # see `About.outcomes`
    severity = {NEW: limits.new, GONE: limits.gone, RETYPED: limits.retyped}
    rank = pl.col("kind").replace_strict(
        {kind: _RANKS[given or PASSED] for kind, given in severity.items()},
        return_dtype=pl.Int64,
    )
    is_missed = (pl.col("kind") == GONE) & pl.col("keys").is_not_null()
    return found.with_columns(
        rank=pl.when(is_missed).then(_RANKS[ERROR]).otherwise(rank), text=_text()
    ).sort("date", "rank", "kind", "name", descending=[False, True, False, False])


def _exploded(days: pl.DataFrame, columns: str) -> pl.DataFrame:
    return (
        days.select("date", pl.col(columns))
        .explode(columns, empty_as_null=False)
        .select("date", pl.col(columns).struct.unnest(), is_there=pl.lit(value=True))
        .drop_nulls("name")
        .unique(["date", "name"], keep="first", maintain_order=True)
    )


def _text() -> pl.Expr:
    name, keys = shortened(pl.col("name")), pl.col("keys")
    types = pl.format(
        " ({} before, {} now)", pl.col("type_before").fill_null("?"), pl.col("type").fill_null("?")
    )
    return pl.concat_str(
        pl.format("{} '{}'", pl.col("kind"), name),
        pl.when(pl.col("kind") == RETYPED).then(types).otherwise(pl.lit("")),
        pl.when((pl.col("kind") != NEW) & keys.is_not_null())
        .then(pl.format(", asked for by {}", keys))
        .otherwise(pl.lit("")),
    )


def _by_day(changes: pl.DataFrame) -> pl.DataFrame:
    is_new = pl.col("kind") == NEW
    return changes.group_by("date", maintain_order=True).agg(
        pl.col("rank").max(),
        changes=(pl.col("rank") > 0).sum(),
        is_only_new=is_new.all(),
        texts=listed(pl.col("text"), most=MOST_NAMED),
    )


def _message() -> pl.Expr:
    same = pl.format(
        "{} columns as in the extract of {}", pl.col("columns").list.len(), pl.col("before_on")
    )
    first = pl.format("{} columns in the first extract", pl.col("columns").list.len())
    changed = pl.format("against the extract of {}: {}", pl.col("before_on"), pl.col("texts"))
    return (
        pl.when(pl.col("before_on").is_null())
        .then(first)
        .when(pl.col("texts").is_null())
        .then(same)
        .otherwise(changed)
    )


def _mend(about: About) -> pl.Expr:
    tables = f"`sources.{about.source}.tables`"
    new = (
        f"the column is kept in raw; map it under {tables} to use it; "
        f"if such columns do not matter, set `new: null` under {about.limits_key}"
    )
    other = pl.format(
        "change the keys named to the column's new name or form (a new column may be the one that "
        f"is gone), or have the source send it as before; where no key is named nothing under "
        f"{tables} uses it; then `barometer check` and {{}}; " + about.unless_meant,
        run_again(pl.col("date")),
    )
    return pl.when(pl.col("is_only_new")).then(pl.lit(new)).otherwise(other)
