"""Check `categories`: shares of a column's categories, and categories never seen before."""

import numpy as np
import polars as pl

from assets.transforms.quality.about import About, decided, run_again
from assets.transforms.quality.keys import mapping_key
from assets.transforms.quality.outcome import ERROR, PASSED, WARN, status_above
from assets.transforms.quality.significance import Floats, chance_of_new, chance_of_shares
from assets.transforms.quality.windows import MOST_DAYS, Integers, Tally, tallies
from assets.transforms.quality.wording import number_text, share_text, shortened, span
from schemas.config.mapping import TableMap
from schemas.config.quality import Categories

OTHER = "(other)"
"""Category of the rare ones of a day that are not counted apart; it is never a new one."""

MOST_NAMED = 3


def judge_categories(
    categories: pl.DataFrame, limits: Categories, mapping: TableMap, *, table: str, source: str
) -> pl.DataFrame:
    """Judge every column's shares in recent days against those in the time before.

    The total variation distance counts only if a chi-square test calls it significant. The share
    of rows in new categories counts only if it is more than a column with so many rare categories
    brings anyway: the chance that the next row is new is estimated as the share of rows in the
    reference that are the only one of their category (Good 1953, The population frequencies of
    species, Biometrika 40), one row added; rows in `(other)` may hide any category and count with
    them.

    Args:
        categories: Rows of `CATEGORIES` of one table and source.
        limits: Limits that hold for them.
        mapping: The source's mapping for the table: it names the key to look at.
        table: Canonical table.
        source: Source.

    Returns:
        One outcome a column and day with rows, frame of schema `OUTCOME`; `observed` is the
        distance, or the share of new categories where that decided.
    """
    about = About("categories", source, table)
    reach = min(limits.recent_days, MOST_DAYS) + min(limits.reference_days, MOST_DAYS)
    counts = categories.drop_nulls(["column", "category", "date"]).filter(pl.col("rows") > 0)
    found = [
        _compared(tally, first, limits).with_columns(column=pl.lit(column))
        for (column,), of_one in sorted(counts.partition_by("column", as_dict=True).items())
        for tally, first in tallies(of_one.rename({"category": "label"}), reach_days=reach)
    ]
    judged = pl.concat(found) if found else pl.DataFrame(schema=_COMPARED)
    judged = judged.with_columns(_status(limits)).with_columns(
        pl.when("is_new").then("new_share").otherwise("distance").alias("observed")
    )
    keys = {
        name: mapping_key(mapping, source=source, table=table, column=str(name))
        for name in judged["column"].unique().to_list()
    }
    limit = pl.lit(limits.new_above, dtype=pl.Float64)
    shown = decided(limits.warn_above, limits.error_above)
    return about.outcomes(
        judged,
        subject=pl.col("column"),
        upper_limit=pl.when("is_new").then(limit).otherwise(shown),
        unit=pl.when("is_new").then(pl.lit("share")).otherwise(pl.lit("distance")),
        rows_checked=pl.col("rows"),
        rows_unexpected=pl.when("is_new").then("new_rows"),
        message=_message(limits),
        mend=_mend(about, keys),
    )


_COMPARED = pl.Schema(
    {
        "date": pl.Date(),
        "rows": pl.Int64(),
        "reference_rows": pl.Int64(),
        "distance": pl.Float64(),
        "is_significant": pl.Boolean(),
        "new_rows": pl.Int64(),
        "new_share": pl.Float64(),
        "is_new_significant": pl.Boolean(),
        "moved": pl.String(),
        "newly": pl.String(),
        "column": pl.String(),
    }
)


def _compared(tally: Tally, first: int, limits: Categories) -> pl.DataFrame:
    """Recent against reference shares of one column, a row a day from row `first` on."""
    days = tally.days
    after = days - min(limits.recent_days, MOST_DAYS)
    recent = tally.between(after, days)[first:]
    before = tally.between(after - min(limits.reference_days, MOST_DAYS), after)[first:]
    n, m = recent.sum(axis=1), before.sum(axis=1)
    is_judged = (n >= limits.least_rows) & (m >= limits.least_rows)
    shares, shares_before = (
        side / np.maximum(side.sum(axis=1, keepdims=True), 1) for side in (recent, before)
    )
    moves = shares - shares_before
    is_other = (tally.labels == OTHER).to_numpy()
    newly = np.where((before == 0) & ~is_other, recent, 0)
    new_rows = newly.sum(axis=1)
    rate = ((before == 1).sum(axis=1) + before[:, is_other].sum(axis=1) + 1) / (m + 1)
    frame = pl.DataFrame(
        {
            "date": tally.dates[first:],
            "rows": n,
            "reference_rows": m,
            "distance": np.abs(moves).sum(axis=1) / 2,
            "is_significant": chance_of_shares(recent, before) < limits.significance,
            "new_rows": new_rows,
            "new_share": new_rows / np.maximum(n, 1),
            "is_new_significant": chance_of_new(new_rows, n, np.minimum(rate, 1.0))
            < limits.significance,
        }
    )
    judged = pl.Series(is_judged)
    return frame.with_columns(
        pl.when(judged).then(pl.col("distance", "new_share")),
        moved=_most(tally.labels, moves, (shares_before, shares)),
        newly=_most(tally.labels, newly / np.maximum(n, 1)[:, None], (shares,)),
    )


def _most(labels: pl.Series, sizes: Floats, figures: tuple[Floats, ...]) -> pl.Series:
    """By row: the labels of the greatest sizes with their figures, `'web' 40.0 % → 12.3 %`."""
    number = min(MOST_NAMED, sizes.shape[1])
    # a stable sort, so that of equal moves the first label by name is named first
    order: Integers = np.argsort(-np.abs(sizes), axis=1, kind="stable")[:, :number]
    texts = []
    for place in range(number):
        at = order[:, place : place + 1]
        part = pl.DataFrame(
            {
                "label": labels.gather(at[:, 0]),
                "size": np.take_along_axis(np.abs(sizes), at, axis=1)[:, 0],
                **{
                    f"figure_{i}": np.take_along_axis(figure, at, axis=1)[:, 0]
                    for i, figure in enumerate(figures)
                },
            }
        )
        shown = pl.concat_str(
            [share_text(pl.col(f"figure_{i}")) for i in range(len(figures))], separator=" → "
        )
        text = pl.format("'{}' {}", shortened(pl.col("label")), shown)
        texts.append(
            part.select(pl.when(pl.col("size") > 0).then(text)).to_series().alias(str(place))
        )
    joined = pl.DataFrame(texts).select(pl.concat_str(pl.all(), separator=", ", ignore_nulls=True))
    return joined.to_series()


def _status(limits: Categories) -> list[pl.Expr]:
    distance = pl.when("is_significant").then("distance").otherwise(0.0)
    is_judged = pl.col("distance").is_not_null()
    status = status_above(
        distance, warn=limits.warn_above, error=limits.error_above, judged=is_judged
    )
    if limits.new_above is None:
        return [status.alias("status"), pl.lit(value=False).alias("is_new")]
    is_new = (
        (status == PASSED)
        & pl.col("is_new_significant")
        & (pl.col("new_share") > limits.new_above)
    )  # fmt: skip
    is_new = is_new.fill_null(value=False)
    return [
        pl.when(is_new).then(pl.lit(WARN)).otherwise(status).alias("status"),
        is_new.alias("is_new"),
    ]


def _message(limits: Categories) -> pl.Expr:
    before = f"the {span(limits.reference_days)} before"
    few = pl.format(
        f"{{}} rows in {span(limits.recent_days)} and {{}} in {before}; no judgement on fewer than "
        f"{limits.least_rows}",
        pl.col("rows"),
        pl.col("reference_rows"),
    )
    distance = pl.format(
        f"{{}} rows of {span(limits.recent_days)} against {{}} in {before}: shares are {{}} apart",
        pl.col("rows"),
        pl.col("reference_rows"),
        number_text(pl.col("distance")),
    )
    chance = pl.when("is_significant").then(pl.lit("")).otherwise(
        pl.lit(", which chance may explain")
    )  # fmt: skip
    moved = pl.concat_str(distance, pl.lit("; moved most: "), pl.col("moved"))
    new = pl.format(
        f"{{}} of {{}} rows ({{}}) in {span(limits.recent_days)} are of categories not seen in "
        f"{before}: {{}}",
        pl.col("new_rows"),
        pl.col("rows"),
        share_text(pl.col("new_share")),
        pl.col("newly"),
    )
    return (
        pl.when(pl.col("distance").is_null())
        .then(few)
        .when("is_new")
        .then(new)
        .when(pl.col("status").is_in([WARN, ERROR]))
        .then(moved)
        .otherwise(pl.concat_str(distance, chance))
    )


def _mend(about: About, keys: dict[str, str]) -> pl.Expr:
    return pl.format(
        "see whether the source renamed or added codes, or whether an extract lacks a part of its "
        "rows; map the codes under {} (`values`), or have the extract sent again, then {}; "
        + about.unless_meant,
        pl.col("column").replace_strict(keys, default="", return_dtype=pl.String),
        run_again(pl.col("date")),
    )
