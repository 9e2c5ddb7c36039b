"""What a population is: records counted anew for each period, for they do not add up over days.

Customers, contracts and employees are met in many periods, and who is met twice is one. A
population reads compact extracts of history, one file a month, and gives the sums of its measures
for each period and segment. The populations themselves are in the modules beside this one, the
extracts in those called `extract_…`; storage is `assets.kpi.populations`' work.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import polars as pl

from assets.transforms.facts import FactSource
from assets.transforms.measures import COMPONENTS, Measure, Shape
from assets.transforms.segments import SegmentSet, known
from schemas.config.project import Project
from schemas.table import Table


@dataclass(frozen=True, slots=True)
class PopulationPeriods:
    """Periods of one grain, none of which starts after the last loaded day.

    Attributes:
        grain: Their grain.
        starts: First days, ascending.
        ends: For each, its last day, or the last loaded day where that is earlier.
    """

    grain: str
    starts: pl.Series
    ends: pl.Series

    @property
    def tests(self) -> pl.Series:
        """For each, the day after its end: at its beginning the period is over."""
        return (self.ends + dt.timedelta(days=1)).alias("test")

    def frame(self) -> pl.DataFrame:
        """period_start and period_end (never after the last loaded day), in order."""
        return pl.DataFrame({"period_start": self.starts, "period_end": self.ends})


@dataclass(frozen=True, slots=True)
class Shared:
    """What populations, grains and years of one refresh have in common, the last of each kind.

    Attributes:
        kept: Kind → what it was made from, and what it is.
    """

    kept: dict[str, tuple[object, Any]] = field(default_factory=dict)

    def get(self, kind: str, key: object, make: Callable[[], Any]) -> Any:
        """Something made before from the same, or made now.

        Args:
            kind: What it is; one of each kind is kept.
            key: All that it is made from.
            make: Makes it.
        """
        if kind not in self.kept or self.kept[kind][0] != key:
            self.kept.pop(kind, None)  # not both in memory
            self.kept[kind] = key, make()
        return self.kept[kind][1]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the states of a population are wanted for.

    Attributes:
        periods: Periods of one grain.
        sets: Segment sets that the population carries.
        versions: Account versions with their dimensions (`assets.kpi.history_inputs`): account_id,
            holds_from, holds_until, the dimension columns, is_known. None where no set needs them.
        products: product_id, category, family (Categorical); None where the population does not
            read them or nothing feeds products.
        project: The configuration.
        since: First day that the extracts reach back to; None without any.
        as_of: Last loaded day; None where it is the last of the periods' ends.
        firsts: First day that each extract reaches back to, of those that have rows.
        shared: What was made for others of the same refresh.
        files: Extract → what its rows are read from; none where that is not known.
    """

    periods: PopulationPeriods
    sets: Sequence[SegmentSet]
    versions: pl.DataFrame | None
    products: pl.DataFrame | None
    project: Project
    since: dt.date | None
    as_of: dt.date | None = None
    firsts: Mapping[str, dt.date] = field(default_factory=dict)
    shared: Shared = field(default_factory=Shared)
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def once(
        self, kind: str, extract: str, make: Callable[[], pl.DataFrame], *settings: object
    ) -> pl.DataFrame:
        """A frame made from an extract and settings, once where it is known what is read."""
        if extract not in self.files:
            return make()
        found: pl.DataFrame = self.shared.get(kind, (self.files[extract], *settings), make)
        return found


@dataclass(frozen=True, slots=True)
class PopulationStates:
    """Sums of the measures of a population.

    Attributes:
        state: measure, period_start, segment_set, segment_key, stratum, n (Int64), the components
            (Int128, in the measure's units, null where it has none), and the dimension columns.
        exclusion: measure, period_start, segment_set, segment_key, reason, count, and the
            dimension columns.
        extra: Published table → its rows of these periods, but for `period_grain`; every table of
            `Population.extra`, empty ones too.
    """

    state: pl.DataFrame
    exclusion: pl.DataFrame
    extra: Mapping[str, pl.DataFrame] = field(default_factory=dict)


def counted_measure(
    code: str, shape: Shape, *, decimals: int | None = None, counts_rows: bool = False
) -> Measure:
    """A measure that is counted anew for each period; a ratio has a denominator, y.

    Args:
        code: Code of its states.
        shape: Shape of its states.
        decimals: Decimals of x and y where they are fixed-point integers; None where they are not.
        counts_rows: Whether the n of a ratio is the records, for y is no count.
    """
    return Measure(
        code=code,
        fact="population",
        shape=shape,
        day="period_start",
        concerns=None,
        reasons={},
        x=nw.col("x"),
        y=nw.col("y") if shape == "ratio" else None,
        is_fixed=decimals is not None,
        decimals=decimals or 0,
        counts_rows=counts_rows,
    )


@dataclass(frozen=True, slots=True)
class Population:
    """Records counted for each period.

    Attributes:
        name: Name; its slots are called by it.
        version: Raised when the same extracts would give other states.
        measures: What is summed; their `x`, `y` and `day` are not read.
        extracts: Extracts it reads, by name, given the configuration.
        source: Table that carries its dimensions, and the origins it is joined to.
        look_back_days: Days of extracts before a period that its states depend on, given the
            configuration; None for all there are.
        states: From extracts by name (every row that may matter, and others) to the states. The
            periods may have gaps between them, and those of rolling windows overlap.
        reads_products: Whether it reads `Asked.products`.
        look_ahead_days: Days of extracts after a period, as far as they are loaded, that its
            states depend on, given the configuration.
        extra: Tables that it publishes beside its values, each a file of its slots.
    """

    name: str
    version: int
    measures: tuple[Measure, ...]
    extracts: Callable[[Project], tuple[str, ...]]
    source: FactSource
    look_back_days: Callable[[Project], int | None]
    states: Callable[[Mapping[str, pl.LazyFrame], Asked], PopulationStates]
    reads_products: bool = False
    look_ahead_days: Callable[[Project], int] = lambda _: 0
    extra: tuple[Table, ...] = ()


def account_as_of(
    rows: pl.DataFrame, versions: pl.DataFrame | None, one: SegmentSet, *, day: str
) -> pl.DataFrame:
    """Rows with the dimension columns of a set, from their account as of a day; unknown filled.

    Args:
        rows: account_id and the day.
        versions: As in `Asked`.
        one: The set.
        day: Date column that decides the version.
    """
    if not one.columns or versions is None:
        return rows
    joined = rows.join(
        versions.select("account_id", "holds_from", "holds_until", *one.columns),
        on="account_id",
        how="left",
    ).filter(
        pl.col("holds_from").is_null() | (pl.col("holds_from") <= pl.col(day)),
        pl.col("holds_until").is_null() | (pl.col(day) < pl.col("holds_until")),
    )
    return joined.drop("holds_from", "holds_until").with_columns(known(one.columns))


def state_rows(sums: pl.DataFrame, measure: Measure, one: SegmentSet) -> pl.DataFrame:
    """Sums of one measure and segment set in the shape of `PopulationStates.state`.

    Args:
        sums: period_start, the set's dimension columns (unknown filled), n and the components that
            the measure has, in its units.
        measure: The measure.
        one: The set.
    """
    absent = [name for name in COMPONENTS if name not in sums.columns]
    return sums.select(
        pl.lit(measure.code).alias("measure"),
        "period_start",
        pl.lit(one.name).alias("segment_set"),
        one.key().alias("segment_key"),
        pl.lit(None, dtype=pl.String).alias("stratum"),
        pl.col("n").cast(pl.Int64),
        *[
            (
                pl.lit(None, pl.Int128).alias(name)
                if name in absent
                else pl.col(name).cast(pl.Int128)
            )
            for name in COMPONENTS
        ],
        *one.columns,
    )


def exclusion_rows(counts: pl.DataFrame, measure: Measure, one: SegmentSet) -> pl.DataFrame:
    """Rows left out, in the shape of `PopulationStates.exclusion`.

    Args:
        counts: period_start, the set's dimension columns (unknown filled), reason, count.
        measure: The measure.
        one: The set.
    """
    return counts.select(
        pl.lit(measure.code).alias("measure"),
        "period_start",
        pl.lit(one.name).alias("segment_set"),
        one.key().alias("segment_key"),
        "reason",
        pl.col("count").cast(pl.Int64),
        *one.columns,
    )
