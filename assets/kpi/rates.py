"""Reading the rates of exchange from history, and when a slot made with them is stale.

A slot notes the foreign currencies of its rows and what their rates of its days were; a rate that
comes late or changes touches the slots that it serves in, and no others. Converting is
`assets.transforms.money`'s work.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from assets.lake.layout import ALL, Lake
from assets.lake.slot import Slot, fingerprint
from assets.transforms.money import Rates, foreign_currencies
from schemas.config.project import Project

TABLE: Final = "erp_fx_rate"
NOTE: Final = "rates"
"""Where a slot's facts hold what `rates_note` gave."""

Days = tuple[dt.date, dt.date]
"""First day of a slot's rows, and the day after the last."""


def rates_of(lake: Lake, project: Project) -> Rates:
    """All rates that are known now; none where nothing feeds them.

    Args:
        lake: Where the history stands.
        project: The configuration: reporting currency and age of the oldest rate that serves.
    """
    path = lake.history(TABLE, ALL).path("data.parquet")
    found = None
    if path is not None and TABLE in project.fed_tables():
        found = pl.read_parquet(path, columns=["currency", "rate_date", "rate"])
    return Rates(project.company.currency, found, project.kpis.exchange.max_age_days)


def rates_note(rates: Rates, rows: pl.LazyFrame, days: Days) -> dict[str, Any]:
    """What a slot is to remember of the rates that it was made with.

    Args:
        rates: The rates.
        rows: Rows of the slot's table with `currency`.
        days: Days that the rows are of.
    """
    codes = foreign_currencies(rows, currency="currency", reporting=rates.reporting)
    return {"currencies": codes, "content": _content(rates, codes, days)}


def has_other_rates(slot: Slot, rates: Rates, days: Days) -> bool:
    """Whether a slot that converts money would come out otherwise with these rates.

    Args:
        slot: A slot with `rates_note` in its facts under `NOTE`; others convert nothing.
        rates: The rates as they are now.
        days: Days that its rows are of.
    """
    receipt = slot.receipt()
    note: Mapping[str, Any] | None = receipt.facts.get(NOTE) if receipt else None
    return note is not None and note["content"] != _content(rates, note["currencies"], days)


def _content(rates: Rates, currencies: list[str], days: Days) -> str:
    last = days[1] - dt.timedelta(days=1)
    return fingerprint(rates.within(days[0], last, currencies).content if currencies else None)
