"""Where everything stands in the lake. The only module that composes its paths."""

import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path

from assets.lake.slot import Slot

ALL = "all"
"""Month name of tables without events: their single file."""

UNPLACED = "unplaced"
"""Month name of child rows whose parent has not arrived yet."""


@dataclass(frozen=True, slots=True)
class Lake:
    """A lake under a local folder."""

    root: Path

    def raw(self, source: str, date: dt.date) -> Slot:
        """Extract of one source for one logical date: `data.parquet`."""
        return Slot(self.root / "raw" / source / date.isoformat())

    def core(self, table: str, source: str, date: dt.date) -> Slot:
        """Canonical rows: `accepted.parquet` and `quarantined.parquet`."""
        return Slot(self.root / "core" / table / source / date.isoformat())

    def core_dates(self, table: str, source: str) -> list[dt.date]:
        """Logical dates that a table holds from a source, ascending."""
        return [dt.date.fromisoformat(n) for n in _names(self.root / "core" / table / source)]

    def core_sources(self, table: str) -> list[str]:
        """Sources that ever fed a table, in name order."""
        return _names(self.root / "core" / table)

    def raw_dates(self, source: str) -> list[dt.date]:
        """Logical dates that a source was extracted for, ascending."""
        return [dt.date.fromisoformat(name) for name in _names(self.root / "raw" / source)]

    def history(self, table: str, month: str) -> Slot:
        """Latest versions of one event month (`YYYY-MM`, `all` or `unplaced`)."""
        return Slot(self.root / "history" / table / month)

    def history_ledger(self, table: str) -> Slot:
        """Which core partitions a history table has merged."""
        return Slot(self.root / "history" / table / "_ledger")

    def history_months(self, table: str) -> list[str]:
        """Committed months of a table in name order, ledger left out."""
        names = _names(self.root / "history" / table)
        return [name for name in names if not name.startswith("_")]

    def kpi(self, *parts: str) -> Slot:
        """A slot of the KPI layer."""
        return Slot(self.root.joinpath("kpi", *parts))

    def kpi_names(self, *parts: str) -> list[str]:
        """Committed slots of the KPI layer under a path, in name order."""
        return _names(self.root.joinpath("kpi", *parts))

    def published(self, *parts: str) -> Slot:
        """A slot of what was ever published; it outlives every rebuild."""
        return Slot(self.root.joinpath("published", *parts))

    def published_names(self, *parts: str) -> list[str]:
        """Slots of what was ever published under a path, in name order."""
        return _names(self.root.joinpath("published", *parts))

    def quality(self, *parts: str) -> Slot:
        """A slot of what is known about the quality of the data."""
        return Slot(self.root.joinpath("quality", *parts))

    def quality_names(self, *parts: str) -> list[str]:
        """Committed slots of the quality layer under a path, in name order."""
        return _names(self.root.joinpath("quality", *parts))

    @property
    def waivers(self) -> Path:
        """Folder of waivers, one JSON file each; they outlive every rebuild."""
        return self.root / "waivers"

    @property
    def scratch(self) -> Path:
        """Folder for staged downloads; empty between runs."""
        return self.root / "scratch"

    @property
    def warehouse(self) -> Path:
        """The embedded warehouse's file."""
        return self.root / "warehouse" / "cx_barometer.duckdb"

    @property
    def report(self) -> Path:
        """The report of the latest publish."""
        return self.root / "report" / "cx_barometer.html"

    @property
    def run_log(self) -> Path:
        """Folder of run records, one JSON file a run."""
        return self.root / "runs"


def _names(folder: Path) -> list[str]:
    """Names of committed slots in a folder, ascending; empty where there is no folder."""
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return []
    return sorted(entry.name for entry in entries if entry.is_dir())
