"""What populations are asked for in tests, and what they answer, as plain Python."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from assets.transforms.measures import COMPONENTS
from assets.transforms.populations.population import Asked, PopulationPeriods, PopulationStates
from assets.transforms.segments import TOTAL, SegmentSet
from tests.assets.kpi.histories import project

D = dt.date
BY_COUNTRY = SegmentSet("country", ("country",))
VERSIONS = pl.DataFrame(
    {
        "account_id": ["a", "b", "b"],
        "holds_from": [None, None, D(2026, 2, 1)],
        "holds_until": [None, D(2026, 2, 1), None],
        "country": ["FR", "DE", None],
    },
    schema_overrides={"holds_from": pl.Date, "holds_until": pl.Date},
)
"""a is in FR; b in DE until the end of January 2026, then nobody knows."""


def asking(
    periods: Sequence[tuple[dt.date, dt.date]],
    *,
    sets: Sequence[SegmentSet] = (TOTAL,),
    kpis: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Asked:
    """A request for some periods, the last of whose days is the last loaded one."""
    starts = pl.Series([start for start, _ in periods], dtype=pl.Date)
    ends = pl.Series([end for _, end in periods], dtype=pl.Date)
    options: dict[str, Any] = {"versions": VERSIONS, "products": None, "since": None, **changes}
    return Asked(
        PopulationPeriods("month", starts, ends), sets, project=project(kpis=kpis or {}), **options
    )


def sums(found: PopulationStates, measure: str) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """(period_start, segment_key) → n and the components that there are."""
    rows = found.state.filter(pl.col("measure") == measure)
    return {
        (row["period_start"], row["segment_key"]): (
            row["n"], *[row[name] for name in COMPONENTS if row[name] is not None],
        )
        for row in rows.rows(named=True)
    }  # fmt: skip


def left_out(found: PopulationStates, measure: str) -> dict[tuple[Any, ...], int]:
    """(period_start, segment_key, reason) → count."""
    rows = found.exclusion.filter(pl.col("measure") == measure)
    return {
        (row["period_start"], row["segment_key"], row["reason"]): row["count"]
        for row in rows.rows(named=True)
    }
