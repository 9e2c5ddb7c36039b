"""States: sums of a fact by event day and segment, additive over days and segments of a set.

A fact is summed once at the finest grain (day and all dimensions in use) by
`assets.transforms.measures`; here each segment set is rolled up from that base, which is small.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from assets.transforms.measures import COMPONENTS, Measure, counted_buckets, summed
from assets.transforms.segments import SegmentSet, known, segment_frame

STATE_VERSION = 2
"""Raised when states computed from the same history would differ."""

SUM_TYPE = pl.Decimal(38, 0)
"""How an exact sum is stored; Parquet has no 128-bit integer."""

_KEYS: dict[str, pl.DataType] = {
    "measure": pl.String(),
    "event_day": pl.Date(),
    "segment_set": pl.String(),
    "segment_key": pl.String(),
}

STATE_SCHEMA = pl.Schema(
    {
        **_KEYS,
        "stratum": pl.String(),
        "superseded_on": pl.Date(),
        "n": pl.Int64(),
        **dict.fromkeys(COMPONENTS, SUM_TYPE),
    }
)
EXCLUSION_SCHEMA = pl.Schema({**_KEYS, "reason": pl.String(), "count": pl.Int64()})
HISTOGRAM_SCHEMA = pl.Schema({**_KEYS, "bucket": pl.Int32(), "n": pl.Int64()})


@dataclass(frozen=True, slots=True)
class States:
    """States of one fact and one history month, in key order.

    Attributes:
        state: `STATE_SCHEMA`. Rows with `superseded_on` count in the periods that end before it.
        exclusion: `EXCLUSION_SCHEMA`: rows that do not count, by reason.
        histogram: `HISTOGRAM_SCHEMA`.
        segment: segment_set, segment_key and one column a configured dimension.
    """

    state: pl.DataFrame
    exclusion: pl.DataFrame
    histogram: pl.DataFrame
    segment: pl.DataFrame


def compute_states(
    fact: pl.LazyFrame,
    measures: Sequence[Measure],
    sets: Sequence[SegmentSet],
    *,
    dimensions: Sequence[str],
    superseded: Mapping[str, pl.DataFrame] | None = None,
) -> States:
    """Sum a fact for all its measures and segment sets.

    Args:
        fact: Rows of the fact.
        measures: Measures of that fact.
        sets: Segment sets that the fact carries.
        dimensions: All configured dimension columns, in the order of the segment frame.
        superseded: Code of each measure with `dedupe_days` → response_id, superseded_on.
    """
    columns = list(dict.fromkeys(name for one in sets for name in one.columns))
    with_histogram = [measure for measure in measures if measure.has_histogram]
    plans = [
        _sums(_with_superseding(fact, measure, superseded or {}), measure, columns)
        for measure in measures
    ]
    plans += [_buckets(fact, measure, columns) for measure in with_histogram]
    frames = pl.collect_all(plans, engine="streaming")
    # a value that spells the unknown segment's name joins it
    coded = [name.cast(pl.Categorical) for name in (pl.col("measure"), *known(columns))]
    base = pl.concat(frames[: len(measures)]).with_columns(coded)
    counted = [frame.with_columns(coded) for frame in frames[len(measures) :]]
    buckets = pl.concat([_no_buckets(base), *counted])
    rolls = list(_rolls(base, buckets))
    rolled = pl.collect_all([roll(one) for one in sets for roll in rolls])
    return States(
        state=_sorted(rolled[0::3], STATE_SCHEMA),
        exclusion=_sorted(_with_reasons(rolled[1::3], measures), EXCLUSION_SCHEMA),
        histogram=_sorted(rolled[2::3], HISTOGRAM_SCHEMA),
        segment=_segments(base, sets, dimensions),
    )


def merge_states(parts: Sequence[States]) -> States:
    """States of several views of a fact as one; their segment sets are distinct."""
    if len(parts) == 1:
        return parts[0]
    return States(
        state=_sorted([part.state for part in parts], STATE_SCHEMA),
        exclusion=_sorted([part.exclusion for part in parts], EXCLUSION_SCHEMA),
        histogram=_sorted([part.histogram for part in parts], HISTOGRAM_SCHEMA),
        segment=pl.concat([part.segment for part in parts])
        .unique()
        .sort("segment_set", "segment_key"),
    )


def _with_superseding(
    fact: pl.LazyFrame, measure: Measure, superseded: Mapping[str, pl.DataFrame]
) -> pl.LazyFrame:
    if not measure.dedupe_days:
        return fact
    return fact.join(superseded[measure.code].lazy(), on="response_id", how="left")


def _sums(fact: pl.LazyFrame, measure: Measure, columns: Sequence[str]) -> pl.LazyFrame:
    """The finest grain of one measure, with the columns of every measure."""
    absent = [name for name in COMPONENTS if name not in measure.components]
    stratum = pl.col("stratum").cast(pl.String) if measure.stratum else pl.lit(None, pl.String)
    # what does not count is left out for its own reason, whatever came later
    counts = pl.when(pl.col("reason") == 0).then("superseded_on")
    superseded_on = counts if measure.dedupe_days else pl.lit(None, pl.Date)
    return summed(fact, measure, columns).select(
        pl.lit(measure.code).alias("measure"),
        "event_day",
        *columns,
        stratum.alias("stratum"),
        superseded_on.alias("superseded_on"),
        "reason",
        "n",
        *[pl.lit(None, pl.Int128).alias(x) if x in absent else pl.col(x) for x in COMPONENTS],
    )


def _buckets(fact: pl.LazyFrame, measure: Measure, columns: Sequence[str]) -> pl.LazyFrame:
    return counted_buckets(fact, measure, columns).select(
        pl.lit(measure.code).alias("measure"), "event_day", *columns, "bucket", "n"
    )


def _no_buckets(base: pl.DataFrame) -> pl.DataFrame:
    """No histogram, with the columns that one of this base has."""
    return base.clear().drop("stratum", "superseded_on", "reason", *COMPONENTS).with_columns(
        pl.lit(None, dtype=pl.Int32).alias("bucket")
    ).select(pl.exclude("n"), "n")  # fmt: skip


def _rolls(
    base: pl.DataFrame, buckets: pl.DataFrame
) -> Iterator[Callable[[SegmentSet], pl.LazyFrame]]:
    """How the state, the exclusions and the histogram of one segment set come from the base."""
    counts = [pl.col("n").sum()]
    # a sum of nothing but nulls is 0 in Polars; a component that a measure lacks stays null
    sums = [pl.when(pl.col(x).count() > 0).then(pl.col(x).sum()).alias(x) for x in COMPONENTS]
    counted = base.filter(pl.col("reason") == 0).lazy()
    yield lambda one: _roll(counted, one, ["stratum", "superseded_on"], [*counts, *sums])
    left_out = base.filter(pl.col("reason") != 0).lazy()
    yield lambda one: _roll(left_out, one, ["reason"], counts)
    yield lambda one: _roll(buckets.lazy(), one, ["bucket"], counts)


def _roll(
    base: pl.LazyFrame, one: SegmentSet, keys: Sequence[str], sums: Sequence[pl.Expr]
) -> pl.LazyFrame:
    outer = ["measure", "event_day", *keys]
    return (
        base.group_by(*outer, *one.columns)
        .agg(sums)
        .with_columns(pl.col("measure", *one.columns).cast(pl.String))
        .with_columns(pl.lit(one.name).alias("segment_set"), one.key().alias("segment_key"))
    )


def _with_reasons(
    frames: Sequence[pl.DataFrame], measures: Sequence[Measure]
) -> Iterator[pl.DataFrame]:
    """Exclusions with the reasons' names instead of their numbers."""
    names = [
        (measure.code, number, name)
        for measure in measures
        for number, name in enumerate(measure.reasons, start=1)
    ]
    schema = {"measure": pl.String, "reason": pl.Int8, "name": pl.String}
    lookup = pl.DataFrame(names, schema=schema, orient="row")
    for frame in frames:
        named = frame.join(lookup, on=["measure", "reason"], how="left").drop("reason")
        yield named.rename({"name": "reason", "n": "count"})


def _segments(
    base: pl.DataFrame, sets: Sequence[SegmentSet], dimensions: Sequence[str]
) -> pl.DataFrame:
    frames = []
    # once over the base, which is long; the combinations that there are in it are few
    found = base.select(name for name in dimensions if name in base.columns).unique()
    for one in sets if base.height else ():
        distinct = found.select(one.columns).unique().cast(pl.String)
        frames.append(segment_frame(distinct, one, dimensions))
    schema = ("segment_set", "segment_key", *dimensions)
    empty = pl.DataFrame(schema=dict.fromkeys(schema, pl.String))
    return pl.concat([empty, *frames]).unique().sort("segment_set", "segment_key")


def _sorted(frames: Iterable[pl.DataFrame], schema: pl.Schema) -> pl.DataFrame:
    keys = [name for name in schema if name not in {"n", "count", *COMPONENTS}]
    typed = [
        frame.select(pl.col(name).cast(kind) for name, kind in schema.items()) for frame in frames
    ]
    found = pl.concat([schema.to_frame(), *typed])
    # texts in the order of numbers: to sort many rows by texts costs several times as much
    texts = [name for name in keys if schema[name] == pl.String]
    coded = [pl.col(x).cast(pl.Enum(found[x].drop_nulls().unique().sort())) for x in texts]
    return found.with_columns(coded).sort(keys).with_columns(pl.col(texts).cast(pl.String))
