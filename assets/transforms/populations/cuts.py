"""Counting for all segment sets at once: what an account is becomes one number, its *cut*.

Rows and spans are met with the versions of their account once, and summed by cut; the sums of a
segment set are sums of those, and few. Versions cover all time, so that every row has one cut.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from assets.transforms.populations.counting import covering
from assets.transforms.populations.population import Asked, PopulationPeriods
from assets.transforms.segments import SegmentSet, known
from schemas.dimensions import UNKNOWN

CUT: Final = "_cut"
_AT: Final = "_at"
_HOLDS_TO: Final = "_holds_to"
_NOBODY: Final = 0
"""Cut of what has no account, or one that is not known."""


@dataclass(frozen=True, slots=True)
class Cuts:
    """What the accounts are, as numbers.

    Attributes:
        versions: account_id, holds_from, holds_until, _holds_to, the cut; None where no set needs
            them.
        segments: Cut → the dimension columns of all sets (text, unknown filled).
    """

    versions: pl.DataFrame | None
    segments: pl.DataFrame

    def place(self, rows: pl.DataFrame, day: str) -> pl.DataFrame:
        """Rows with the cut of their account as of a day.

        Args:
            rows: account_id and the day.
            day: Date column that decides the version.
        """
        if self.versions is None:
            return rows.with_columns(pl.lit(_NOBODY, pl.UInt32).alias(CUT))
        held = (
            pl.col("holds_from").is_null() | (pl.col("holds_from") <= pl.col(day)),
            pl.col("holds_until").is_null() | (pl.col(day) < pl.col("holds_until")),
        )
        joined = rows.join(self.versions.drop(_HOLDS_TO), on="account_id", how="left").filter(held)
        return joined.drop("holds_from", "holds_until").with_columns(_known_cut())

    def narrow(self, spans: pl.DataFrame, when: pl.Series) -> pl.DataFrame:
        """Spans cut by the versions of their account.

        Args:
            spans: Rows with account_id, from `covering`.
            when: Day of each period that decides the version, ascending.
        """
        if self.versions is None:
            return spans.with_columns(pl.lit(_NOBODY, pl.UInt32).alias(CUT))
        joined = spans.join(self.versions.drop("holds_until"), on="account_id", how="left")
        narrowed = covering(joined, when, "holds_from", _HOLDS_TO)
        return narrowed.drop("holds_from", _HOLDS_TO).with_columns(_known_cut())

    def summed(self, sums: pl.DataFrame, one: SegmentSet, by: Sequence[str]) -> pl.DataFrame:
        """Sums of a segment set from those by cut.

        Args:
            sums: The cut, the columns of `by`, and numbers to sum.
            one: The set.
            by: What the sums are kept apart by, beside the segment.

        Returns:
            The columns of `by`, the set's dimension columns (unknown filled), the sums.
        """
        if not one.columns:
            return sums.drop(CUT).group_by(by).agg(pl.all().sum())
        named = sums.join(self.segments.select(CUT, *one.columns), on=CUT, how="inner").drop(CUT)
        return named.group_by(*by, *one.columns).agg(pl.all().sum())

    def running(
        self,
        steps: pl.DataFrame,
        periods: PopulationPeriods,
        one: SegmentSet,
        by: Sequence[str] = (),
    ) -> pl.DataFrame:
        """Sums over the spans that each period and segment has, where there is a span.

        Args:
            steps: From `steps_of`; the first number is that of the spans.
            periods: The periods.
            one: The set.
            by: What the sums are kept apart by, beside the segment.
        """
        keys = [*by, *one.columns]
        own = self.summed(steps, one, [*by, _AT])
        numbers = [name for name in own.columns if name not in (*keys, _AT)]
        grid = pl.DataFrame({"period_start": periods.starts}).select(
            pl.int_range(pl.len(), dtype=pl.Int64).alias(_AT), "period_start"
        )
        kept = own.select(keys).unique() if keys else pl.DataFrame({"_": [0]})
        dense = kept.join(grid, how="cross").join(own, on=[*keys, _AT], how="left")
        total = pl.col(numbers).fill_null(0).cum_sum().over(keys or [pl.lit(0)])
        running = dense.sort(_AT).with_columns(total).filter(pl.col(numbers[0]) > 0)
        return running.select("period_start", *keys, *numbers)


def steps_of(
    spans: pl.DataFrame,
    name: str,
    values: Mapping[str, pl.Expr] | None = None,
    by: Sequence[str] = (),
) -> pl.DataFrame:
    """What begins at each period less what ended before it, by cut.

    Args:
        spans: From `Cuts.narrow`.
        name: Name of the number of spans.
        values: Further numbers to sum: name → value of a span, signed.
        by: Columns that are kept apart.
    """
    edges = [
        spans.group_by(CUT, *by, pl.col(at).alias(_AT)).agg(
            (pl.len().cast(pl.Int64) * sign).alias(name),
            *[(value.sum() * sign).alias(other) for other, value in (values or {}).items()],
        )
        for at, sign in (("_first", 1), ("_past", -1))
    ]
    return pl.concat(edges).group_by(CUT, *by, _AT).agg(pl.all().sum())


def cuts_of(asked: Asked) -> Cuts:
    """What the accounts are, as numbers; kept while the accounts are the same ones."""
    columns = tuple(dict.fromkeys(name for one in asked.sets for name in one.columns))
    versions = asked.versions if columns else None
    key = (id(versions), columns)
    # the frame is kept beside its number, lest another one gets that
    kept: tuple[pl.DataFrame | None, Cuts] = asked.shared.get(
        "cuts", key, lambda: (versions, _cuts(versions, columns))
    )
    return kept[1]


def _cuts(versions: pl.DataFrame | None, columns: Sequence[str]) -> Cuts:
    nobody = pl.DataFrame(
        {CUT: [_NOBODY], **{name: [UNKNOWN] for name in columns}},
        schema={CUT: pl.UInt32, **dict.fromkeys(columns, pl.String)},
    )
    if versions is None:
        return Cuts(None, nobody)
    numbered = versions.select(columns).unique().with_row_index(CUT, offset=_NOBODY + 1)
    placed = versions.join(numbered, on=columns, how="left", nulls_equal=True).select(
        "account_id",
        "holds_from",
        "holds_until",
        (pl.col("holds_until") - pl.duration(days=1)).alias(_HOLDS_TO),
        CUT,
    )
    named = numbered.select(CUT, *known(columns))
    return Cuts(placed, pl.concat([nobody, named]))


def _known_cut() -> pl.Expr:
    return pl.col(CUT).fill_null(_NOBODY)
