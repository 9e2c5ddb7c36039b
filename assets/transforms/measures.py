"""What a measure is, and how a fact's rows are summed for it: Narwhals only.

A measure reads one fact. It says which rows are concerned, by which day they are dated, why a row
does not count, and the quantities that are summed. Rows become fixed-point integers before they
are summed, and integer sums do not depend on the order, so a state is exact however it came about.

The measures themselves are in the modules `measures_survey`, `measures_sales`, `measures_service`.
Nothing here goes beyond what Narwhals offers on its lazy engines (DuckDB, Spark).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import narwhals as nw
from narwhals.typing import IntoLazyFrameT

from assets.transforms.sketch import bucket
from schemas.kpis.kpi import FactName

Shape = Literal["share", "net", "mean", "ratio"]

REAL_DECIMALS = 12
"""Decimals of a row's score or weight in fixed point."""

REAL_SQUARE_DECIMALS = 15
"""Decimals of a row's squares and products: fewer than twice the above, lest their sums overflow.

With them, ten million rows may each have a weighted score of a hundred million.
"""

COMPONENTS: tuple[str, ...] = ("x", "y", "z", "xx", "xy", "yy")
"""Sums of a state besides `n`: x numerator (upper class of a net), z lower class of a net,
y denominator (the weight, or 1), and their squares and product; x and y are weighted."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One state: which rows, by which day, why not, and what is summed.

    Attributes:
        code: Code of the state.
        fact: Fact whose rows it reads.
        shape: `share` (x is a condition), `net` (x and z are), `mean` (x a number), `ratio`
            (x and y numbers).
        day: Date column that dates a row.
        concerns: Rows that belong to the measure at all, None for every row; others are not even
            excluded.
        reasons: Reason → condition, in order; the first that holds excludes the row.
        x: Numerator, or condition.
        y: Denominator of a ratio.
        z: Condition of the lower class of a net.
        is_fixed: Whether x and y are fixed-point integers already.
        decimals: Decimals that they then have.
        weight: Column of the row's weight.
        stratum: Column whose values must not be pooled.
        strata: Number of strata that a composite of them needs; 0 for any.
        dedupe_days: Days in which a person's next answer takes the place of an answer; 0 for all
            answers. The rows then carry `superseded_on`.
        has_histogram: Whether x, in whole units ≥ 0, is also kept as a histogram.
        counts_rows: Whether the n of a ratio is the rows, for y is no count.
    """

    code: str
    fact: FactName
    shape: Shape
    day: str
    concerns: nw.Expr | None
    reasons: Mapping[str, nw.Expr]
    x: nw.Expr
    y: nw.Expr | None = None
    z: nw.Expr | None = None
    is_fixed: bool = False
    decimals: int = 0
    weight: str | None = None
    stratum: str | None = None
    strata: int = 0
    dedupe_days: int = 0
    has_histogram: bool = False
    counts_rows: bool = False
    version: int = field(default=1)

    @property
    def components(self) -> tuple[str, ...]:
        """Sums that its states have; the others follow from `n` or have no meaning."""
        found = {
            "share": ("x",),
            "net": ("x", "z"),
            "mean": ("x", "xx"),
            "ratio": ("x", "y", "xx", "xy", "yy"),
        }[self.shape]
        if self.weight is None:
            return found
        added = ("y", "yy", "xy") if self.shape == "mean" else ("y", "yy")
        return tuple(name for name in COMPONENTS if name in {*found, *added})

    @property
    def is_real(self) -> bool:
        """Whether a row's x and y are real numbers, rounded to fixed point before they are summed.

        Otherwise they are integers, conditions included, and sums and products are exact.
        """
        return self.weight is not None or (self.shape in {"mean", "ratio"} and not self.is_fixed)

    def units(self, component: str) -> int:
        """Fixed-point units of a component in 1."""
        is_product = len(component) > 1
        if self.is_real:
            return int(10 ** (REAL_SQUARE_DECIMALS if is_product else REAL_DECIMALS))
        return int(10 ** (self.decimals * len(component)))


def reason_code(measure: Measure) -> nw.Expr:
    """Number of the first reason that excludes a row, from 1; 0 where the row counts."""
    code = nw.lit(0)
    for number, condition in reversed(list(enumerate(measure.reasons.values(), start=1))):
        code = nw.when(condition).then(nw.lit(number)).otherwise(code)
    return code.cast(nw.Int8)


def _quantity(measure: Measure, value: nw.Expr, *, is_condition: bool) -> nw.Expr:
    """A row's contribution; 0 on excluded rows, whose value may be anything, NaN included."""
    counts = nw.col("reason") == 0
    if is_condition and measure.weight is None:
        return nw.when(counts & value).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int128)
    if is_condition:
        return nw.when(counts & value).then(nw.col(str(measure.weight))).otherwise(nw.lit(0.0))
    if measure.is_fixed:
        return nw.when(counts).then(value.cast(nw.Int128)).otherwise(nw.lit(0, nw.Int128))
    weighted = value if measure.weight is None else value * nw.col(measure.weight)
    return nw.when(counts).then(weighted).otherwise(nw.lit(0.0))


def _quantities(measure: Measure) -> dict[str, nw.Expr]:
    """Columns x, y, z of a row, as far as the measure sums them or their products."""
    is_condition = measure.shape in {"share", "net"}
    found = {"x": _quantity(measure, measure.x, is_condition=is_condition)}
    if measure.z is not None:
        found["z"] = _quantity(measure, measure.z, is_condition=True)
    if measure.y is not None:
        found["y"] = _quantity(measure, measure.y, is_condition=False)
    elif measure.weight is not None:
        found["y"] = _quantity(measure, nw.lit(value=True), is_condition=True)
    return found


def summed(fact: IntoLazyFrameT, measure: Measure, dimensions: Sequence[str]) -> IntoLazyFrameT:
    """Sums of a measure over its fact at the finest grain.

    Args:
        fact: Rows of the measure's fact, a lazy frame of any engine.
        measure: What to sum.
        dimensions: Dimension columns to keep apart.

    Returns:
        event_day, the dimensions, stratum and superseded_on (where the measure has them), reason
        (0 = counts),
        n (Int64) and the measure's components (Int128).
    """
    keys = _keys(measure, dimensions)
    rows = _dated(fact, measure).with_columns(**_quantities(measure))
    sums = {name: _sum(measure, name) for name in measure.components}
    frame = rows.group_by(*keys).agg(nw.len().cast(nw.Int64).alias("n"), **sums)
    return frame.to_native()


def _sum(measure: Measure, component: str) -> nw.Expr:
    """Exact sum of a quantity, or of the product of two: `xy` is that of x and y."""
    first, *second = list(component)
    value = nw.col(first)
    for other in second:
        value = value * nw.col(other)
    if measure.is_real:
        value = (value * measure.units(component)).round().cast(nw.Int128)
    return value.sum()


def counted_buckets(
    fact: IntoLazyFrameT, measure: Measure, dimensions: Sequence[str]
) -> IntoLazyFrameT:
    """Histogram of a measure's x at the finest grain.

    Returns:
        The keys of `summed` without `reason`, bucket (Int32), n (Int64).
    """
    keys = [key for key in _keys(measure, dimensions) if key != "reason"]
    rows = _dated(fact, measure).filter(nw.col("reason") == 0)
    frame = (
        rows.with_columns(bucket(measure.x).alias("bucket"))
        .group_by(*keys, "bucket")
        .agg(nw.len().cast(nw.Int64).alias("n"))
    )
    return frame.to_native()


def _keys(measure: Measure, dimensions: Sequence[str]) -> list[str]:
    strata = ["stratum"] if measure.stratum else []
    places = ["superseded_on"] if measure.dedupe_days else []
    return ["event_day", *dimensions, *strata, *places, "reason"]


def counted(fact: IntoLazyFrameT, measure: Measure) -> IntoLazyFrameT:
    """Rows of the fact that count for a measure, with `event_day`."""
    return _dated(fact, measure).filter(nw.col("reason") == 0).to_native()


def dated(fact: IntoLazyFrameT, measure: Measure) -> IntoLazyFrameT:
    """Rows that belong to a measure, with `event_day` and the number of their `reason`."""
    return _dated(fact, measure).to_native()


def _dated(fact: IntoLazyFrameT, measure: Measure) -> nw.LazyFrame[IntoLazyFrameT]:
    frame = nw.from_native(fact)
    if measure.concerns is not None:
        frame = frame.filter(measure.concerns)
    named = {"event_day": nw.col(measure.day)}
    if measure.stratum:
        named["stratum"] = nw.col(measure.stratum)
    return frame.with_columns(reason_code(measure).alias("reason"), **named)
