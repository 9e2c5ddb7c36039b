"""What `barometer explain` is asked: the KPI, period and segment that words name.

What is told of them is `pipelines.explain`'s work.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl

from assets.kpi.contributions import Value
from assets.kpi.plan import Plan
from assets.kpi.tables import scan_dimension
from assets.lake.layout import Lake
from assets.transforms.segments import SegmentSet
from schemas.errors import BarometerError
from schemas.kpis.catalogue import Published
from schemas.warehouse import TOTAL_KEY, TOTAL_SET

_TOLD = 12
"""Allowed values that an error names."""


@dataclass(frozen=True, slots=True)
class Question:
    """One value.

    Attributes:
        value: KPI, days and segment.
        grain: Grain of the period.
        label: What the period is called.
    """

    value: Value
    grain: str
    label: str

    @property
    def key(self) -> dict[str, object]:
        """The key of `kpi_value`."""
        return {
            "kpi_code": self.value.kpi.code,
            "period_grain": self.grain,
            "period_start": self.value.first,
            "segment_set": self.value.segments.name,
            "segment_key": self.value.key,
        }


def understood(lake: Lake, plan: Plan, *, kpi: str, period: str, segment: str) -> Question:
    """The value that three words name.

    Args:
        lake: Where everything stands.
        plan: What is published.
        kpi: Code of a KPI or variant.
        period: Label of a period, `2026-03`.
        segment: `set=key`, or `total`.

    Raises:
        BarometerError: There is no such KPI, period or segment; the nearest one is named.
    """
    published = _kpi(plan, kpi)
    row = _period(lake, period)
    segments, key = _segment(lake, plan, segment)
    value = Value(published, row["period_start"], row["period_end"], segments, key)
    return Question(value, row["period_grain"], row["label"])


def _kpi(plan: Plan, code: str) -> Published:
    known = {one.code: one for one in plan.published}
    if code not in known:
        raise _unknown("KPI", code, known, "`barometer kpis` tells which are missing, and why")
    return known[code]


def _period(lake: Lake, label: str) -> dict[str, Any]:
    periods = scan_dimension(lake, "dim_period").collect()
    found = periods.filter(pl.col("label").str.to_lowercase() == label.strip().lower())
    if found.height == 1:
        return found.row(0, named=True)
    if found.height:
        raise BarometerError(
            "the label is that of several periods",
            where="--period",
            found=label,
            allowed=", ".join(
                f"{grain} from {start}"
                for grain, start in found.select("period_grain", "period_start").rows()
            ),
            mend="name a period of another grain",
        )
    labels = periods.sort("period_start", descending=True)["label"].to_list()
    raise _unknown("period", label, labels, "`dim_period` has every label", where="--period")


def _segment(lake: Lake, plan: Plan, text: str) -> tuple[SegmentSet, str]:
    name, _, key = text.partition("=")
    sets = {one.name: one for one in plan.sets}
    if name not in sets:
        raise _unknown("segment set", name, sets, "`segment_sets` declares them", where="--segment")
    if name == TOTAL_SET:
        key = key or TOTAL_KEY
    segments = scan_dimension(lake, "dim_segment").filter(pl.col("segment_set") == name)
    keys = segments.select(pl.col("segment_key").sort()).collect().to_series().to_list()
    if key not in keys:
        known = [f"{name}={one}" for one in keys]
        raise _unknown("segment", text, known, "`dim_segment` has every key", where="--segment")
    return sets[name], key


def _unknown(
    what: str, found: str, known: Iterable[str], mend: str, *, where: str = "KPI"
) -> BarometerError:
    names = list(known)
    lowered = {name.lower(): name for name in names}
    near = difflib.get_close_matches(found.lower(), lowered, n=1, cutoff=0.5)
    more = f", … ({len(names):,} in all)" if len(names) > _TOLD else ""
    nearest = f"did you mean {lowered[near[0]]!r}? " if near else ""
    return BarometerError(
        f"no such {what}",
        where=where,
        found=found,
        allowed=(", ".join(names[:_TOLD]) + more) or "none: nothing was computed yet",
        mend=f"{nearest}{mend}",
    )
