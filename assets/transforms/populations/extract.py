"""What an extract of history is: the few columns of a table that populations read, month by month.

The extracts themselves are in the modules `extract_…` beside this one; storage is
`assets.kpi.populations`' work.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from assets.transforms.money import Rates
from schemas.config.project import Project


@dataclass(frozen=True, slots=True)
class Extract:
    """Columns of history that populations read.

    Attributes:
        name: Name; its slots are called by it.
        version: Raised when the same history would give other rows.
        tables: History tables it reads; the first one's months are the extract's. A table without
            events is one month, `all`.
        settings: What of the configuration its rows depend on, for the fingerprint.
        rows: From the tables of one month to the rows. They have `starts_on` and `last_on`, the
            days that a row reaches from and to; amounts are Int64 in units of 10⁻⁴ of the
            reporting currency, null where there is none or no rate.
        needs_rates: Whether it converts money.
        rated_by: Columns of the first table whose days decide rates; all its dates and instants by
            default. The rates given are those that may serve from the first to the last of them.
        reach: Date columns that decide which periods a month of rows may matter to: the days that
            a row reaches from and to, `starts_on` and `last_on` unless it matters for longer.
    """

    name: str
    version: int
    tables: tuple[str, ...]
    settings: Callable[[Project], object]
    rows: Callable[[Mapping[str, pl.LazyFrame], Project, Rates], pl.DataFrame]
    needs_rates: bool = False
    rated_by: tuple[str, ...] = ()
    reach: tuple[str, str] = ("starts_on", "last_on")
