"""Keeping extracts of history current: one slot an extract and history month.

What the columns are is decided in `assets.transforms.populations`; who reads them is
`assets.kpi.populations`' work.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from assets.kpi.history_inputs import event_months, no_rows, scan_slot
from assets.kpi.rates import rates_of
from assets.lake.layout import ALL, Lake
from assets.lake.slot import fingerprint
from assets.transforms.money import Rates, foreign_currencies
from assets.transforms.populations.extract import Extract
from assets.transforms.populations.registry import EXTRACTS
from schemas.config.project import Project
from schemas.registry import canonical

_FOLDER = "extract"
_ROWS = "rows.parquet"
_DAY_TYPES = {"date", "instant"}


@dataclass(frozen=True, slots=True)
class ExtractMonth:
    """One month of an extract.

    Attributes:
        extract: Name of the extract.
        month: History month, `YYYY-MM`, or `all`.
        path: File of its rows.
        content: Fingerprint of what they are.
        first_on: First day that a row reaches from; None without any row.
        last_on: Last day that a row reaches to; None without any row.
    """

    extract: str
    month: str
    path: str
    content: str
    first_on: dt.date | None
    last_on: dt.date | None

    def overlaps(self, first: dt.date | None, last: dt.date) -> bool:
        """Whether its rows reach into a range of days, both ends included; None: since ever."""
        if self.first_on is None or self.last_on is None:
            return False
        return self.first_on <= last and (first is None or self.last_on >= first)


def refresh_extracts(
    lake: Lake, project: Project, names: Collection[str]
) -> dict[str, list[ExtractMonth]]:
    """Bring extracts up to date, and remove those that are not asked for.

    Args:
        lake: Where everything stands.
        project: The configuration.
        names: Extracts wanted.

    Returns:
        The months of each, ascending.
    """
    wanted = {name: _months(lake, EXTRACTS[name]) for name in names}
    for name in lake.kpi_names(_FOLDER):
        for month in lake.kpi_names(_FOLDER, name):
            if month not in wanted.get(name, []):
                lake.kpi(_FOLDER, name, month).remove()
    is_converted = any(EXTRACTS[name].needs_rates for name in names)
    rates = rates_of(lake, project) if is_converted else Rates(project.company.currency)
    for name, months in wanted.items():
        for month in months:
            _refresh(lake, project, EXTRACTS[name], month, rates=rates)
    return {name: _committed(lake, name, months) for name, months in wanted.items()}


def committed_months(lake: Lake, name: str) -> list[ExtractMonth]:
    """The months of an extract as they were last brought up to date."""
    return _committed(lake, name, lake.kpi_names(_FOLDER, name))


def _empty(name: str, project: Project) -> pl.LazyFrame:
    """An extract without a row."""
    extract = EXTRACTS[name]
    tables = {table: no_rows(table) for table in extract.tables}
    return extract.rows(tables, project, Rates(project.company.currency)).lazy()


def scan_rows(
    names: Sequence[str], months: Mapping[str, Sequence[ExtractMonth]], project: Project
) -> dict[str, pl.LazyFrame]:
    """Extracts by name from their months; empty ones where there is none."""
    return {
        name: pl.scan_parquet([one.path for one in months[name]])
        if months[name]
        else _empty(name, project)
        for name in names
    }


def _months(lake: Lake, extract: Extract) -> list[str]:
    first = extract.tables[0]
    if _is_single(first):
        return [name for name in lake.history_months(first) if name == ALL]
    return event_months(lake, first)


def _is_single(table: str) -> bool:
    """Whether a table has no events, and so all its rows in one month."""
    contract = canonical(table)
    return contract.event is None and contract.parent is None


def _refresh(lake: Lake, project: Project, extract: Extract, month: str, *, rates: Rates) -> None:
    slots = {
        name: lake.history(name, ALL if _is_single(name) else month) for name in extract.tables
    }
    contents = {name: (found.content if (found := slot.receipt()) else None)
                for name, slot in slots.items()}  # fmt: skip
    tables = {name: scan_slot(slot, name) for name, slot in slots.items()}
    own = _own_rates(tables[extract.tables[0]], extract, rates) if extract.needs_rates else rates
    inputs = fingerprint(
        extract.version,
        extract.settings(project),
        contents,
        own.content if extract.needs_rates else None,
    )
    slot = lake.kpi(_FOLDER, extract.name, month)
    if slot.is_current(inputs):
        return
    rows = extract.rows(tables, project, own)
    with slot.replace(inputs) as draft:
        rows.write_parquet(draft.path(_ROWS))
        draft.facts["days"] = _span(rows, extract.reach)


def _own_rates(rows: pl.LazyFrame, extract: Extract, rates: Rates) -> Rates:
    """Rates that may serve a month; with none of the others, a new one does not make it stale."""
    table = canonical(extract.tables[0])
    columns = extract.rated_by or [one.name for one in table.columns if one.type in _DAY_TYPES]
    currencies = foreign_currencies(rows, currency="currency", reporting=rates.reporting)
    days = pl.concat_list([pl.col(name).cast(pl.Date) for name in columns]).explode()
    first, last = rows.select(days.min().alias("first"), days.max().alias("last")).collect().row(0)
    if not currencies or first is None:
        return Rates(rates.reporting, None, rates.max_age_days)
    # an instant's day in the company's zone may be the one before or after that in UTC
    margin = dt.timedelta(days=1)
    return rates.within(first - margin, last + margin, currencies)


def _span(rows: pl.DataFrame, reach: Sequence[str]) -> list[str]:
    """First and last day that the rows reach from and to, empty without any."""
    days = pl.concat([rows[name] for name in reach])
    ends = [day for day in (days.min(), days.max()) if isinstance(day, dt.date)]
    return [day.isoformat() for day in ends]


def _committed(lake: Lake, name: str, months: Sequence[str]) -> list[ExtractMonth]:
    found = []
    for month in months:
        slot = lake.kpi(_FOLDER, name, month)
        receipt = slot.receipt()
        if receipt is None:
            continue
        path = str(slot.folder / receipt.files[_ROWS])
        days = [dt.date.fromisoformat(text) for text in receipt.facts["days"]]
        first, last = days or (None, None)
        found.append(ExtractMonth(name, month, path, receipt.content, first, last))
    return found
