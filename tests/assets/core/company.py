"""A small company: extracts written by hand, pulled and built into core partitions."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from assets.core.partitions import build_core
from assets.lake.layout import Lake
from assets.lake.slot import Receipt
from assets.raw.pull import pull
from schemas.config.project import Project

START = dt.date(2024, 3, 1)
PRODUCTS: dict[str, Any] = {"columns": {"product_id": "id", "name": "name"}}


def day(number: int) -> dt.date:
    return START + dt.timedelta(days=number)


def csv_text(names: Sequence[str], rows: Sequence[Sequence[str | None]]) -> str:
    """CSV in which null is an empty field and every text stands in quotes."""
    lines = [",".join(names)]
    for row in rows:
        cells = ["" if cell is None else '"' + cell.replace('"', '""') + '"' for cell in row]
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


class Company:
    """Extracts under `files`, a lake under `lake`, and the configuration that joins them."""

    def __init__(self, folder: Path) -> None:
        self.files = folder / "files"
        self.files.mkdir(parents=True)
        self.lake = Lake(folder / "lake")
        self.document: dict[str, Any] = {
            "version": 1,
            "company": {"name": "C", "time_zone": "Europe/Paris", "currency": "EUR"},
            "start_date": START,
            "privacy": {"pii_key": "secret"},
            "sources": {},
        }

    @property
    def project(self) -> Project:
        return Project.model_validate(self.document)

    def source(self, name: str, tables: Mapping[str, Any], **given: Any) -> None:
        files = {"root": str(self.files), "path": f"{name}_{{date}}.csv", "format": "csv"}
        files |= given.pop("files", {})
        self.document["sources"][name] = {
            "system": "crm", "mode": "incremental", "files": files, "tables": tables, **given
        }  # fmt: skip

    def write(self, name: str, number: int, text: str) -> Path:
        path = self.files / f"{name}_{day(number)}.csv"
        path.write_text(text, encoding="utf-8")
        return path

    def deliver(self, name: str, number: int, text: str) -> None:
        """Write an extract and pull it."""
        self.write(name, number, text)
        self.pull(name, number)

    def pull(self, name: str, number: int) -> None:
        pull(self.lake, name, self.project.sources[name], day(number))

    def build(self, table: str, source: str, *numbers: int) -> list[dt.date]:
        """Build partitions; the dates that were written."""
        dates = [day(number) for number in numbers]
        return list(build_core(self.lake, self.project, table=table, source=source, dates=dates))

    def receipt(self, table: str, source: str, number: int = 0) -> Receipt:
        receipt = self.lake.core(table, source, day(number)).receipt()
        assert receipt is not None
        return receipt

    def counts(self, table: str, source: str, number: int = 0) -> tuple[int, ...]:
        """Raw, filtered, mapped, accepted, quarantined, superseded."""
        facts = self.receipt(table, source, number).facts
        names = ("rows_raw", "filtered", "rows_mapped", "accepted", "quarantined", "superseded")
        return tuple(facts[name] for name in names)

    def accepted(self, table: str, source: str, number: int = 0) -> pl.DataFrame:
        path = self.lake.core(table, source, day(number)).path("accepted.parquet")
        assert path is not None
        return pl.read_parquet(path)

    def quarantined(self, table: str, source: str, number: int = 0) -> pl.DataFrame | None:
        path = self.lake.core(table, source, day(number)).path("quarantined.parquet")
        return None if path is None else pl.read_parquet(path)
