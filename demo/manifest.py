"""What was written and what is to become of it: faults, row counts and true values as JSON."""

import datetime as dt
import json
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

COUNTS = ("rows_raw", "filtered", "rows_mapped", "accepted", "quarantined", "superseded")
"""rows_mapped = accepted + quarantined + superseded; it is rows_raw - filtered, or the filled cells
of a wide survey."""


@dataclass(slots=True)
class Entry:
    """One planted fault.

    Attributes:
        kind: Name in `demo.settings.FAULT_RATES`, or `missing_day`.
        source: Name of the source.
        table: Canonical table concerned.
        key: Canonical key of the row.
        column: Canonical column concerned.
        outcome: `accepted`, `quarantined`, `superseded`, `filtered` or `skipped`.
        logical_date: Extract that the row stands in.
        file: File, relative to the folder of the extracts.
        row: Number of the record in that file, from 1.
        found: Raw text planted.
        clean: Value in the clean company, where the planted one differs.
        kept_row: Row number of the duplicate that stays.
        first_sent_on: Extract in which a row that is corrected later was sent wrong.
        event_on: When a late row's event took place.
    """

    kind: str
    source: str
    table: str
    key: dict[str, object]
    column: str
    outcome: str
    logical_date: dt.date | None = None
    file: str | None = None
    row: int | None = None
    found: str | None = None
    clean: str | None = None
    kept_row: int | None = None
    first_sent_on: dt.date | None = None
    event_on: object = None


class Recorder:
    """Collects entries and counts while the days are written."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._files: dict[str, dict[str, list[dict[str, object]]]] = defaultdict(dict)
        self._counts: dict[str, dict[str, dict[str, dict[str, int]]]] = defaultdict(
            lambda: defaultdict(dict)
        )

    def enter(self, entry: Entry) -> int:
        """Note an entry; its number stands on the row until the row is written."""
        self.entries.append(entry)
        return len(self.entries) - 1

    def wrote(self, source: str, date: dt.date, file: str, rows: int) -> None:
        """Note a written file."""
        self._files[source].setdefault(date.isoformat(), []).append({"file": file, "rows": rows})

    def count(self, table: str, source: str, date: dt.date, counts: dict[str, int]) -> None:
        """Note the counts of one table, source and day."""
        self._counts[table][source][date.isoformat()] = counts

    def totals(self) -> dict[str, dict[str, dict[str, int]]]:
        """Table → source → counts over all days."""
        return {
            table: {
                source: {name: sum(day[name] for day in days.values()) for name in COUNTS}
                for source, days in sources.items()
            }
            for table, sources in sorted(self._counts.items())
        }

    def as_dict(self, settings: dict[str, Any], truths: dict[str, Any]) -> dict[str, Any]:
        """The manifest."""
        return {
            "version": 1,
            "settings": settings,
            "tables": self.totals(),
            "partitions": self._counts,
            "files": self._files,
            "faults": [_without_nulls(entry) for entry in self.entries],
            "truths": truths,
        }


def write_manifest(path: Path, content: dict[str, Any]) -> None:
    """Write the manifest; equal content gives equal bytes."""
    path.write_text(
        json.dumps(content, ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8"
    )


def _without_nulls(entry: Entry) -> dict[str, object]:
    kept = {"kind", "source", "table", "key", "column", "outcome"}
    return {
        name: value for name, value in asdict(entry).items() if value is not None or name in kept
    }
