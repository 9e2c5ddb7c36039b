"""A folder of source files to extract from, and the ways tests look at what comes out."""

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from assets.raw.extract.resolve import resolve_files
from assets.raw.extract.results import ExtractResult
from assets.raw.extract.to_parquet import extract_to_parquet
from schemas.config.files import FileOptions
from schemas.errors import ExtractError

LOGICAL_DATE = dt.date(2024, 3, 31)
LINEAGE = ["_source_file", "_row_number", "_logical_date"]


class Bench:
    """Source files under `root`, an extract at `target`."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "source"
        self.target = folder / "lake" / "data.parquet"
        self.scratch = folder / "scratch"
        self.root.mkdir()
        self.result: ExtractResult

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def options(self, **given: object) -> FileOptions:
        defaults = {"root": str(self.root), "format": "csv", "path": "a.csv"}
        return FileOptions.model_validate(defaults | given)

    def extract(self, **given: object) -> pl.DataFrame:
        """The extract, lineage included."""
        options = self.options(**given)
        files = resolve_files(options, LOGICAL_DATE)
        self.result = extract_to_parquet(
            files, options, LOGICAL_DATE, target=self.target, scratch=self.scratch
        )
        self.check_clean()
        return pl.read_parquet(self.target)

    def rows(self, content: str | bytes, **given: object) -> list[tuple[Any, ...]]:
        """The rows of one file, without lineage."""
        self.write(str(given.setdefault("path", "a.csv")), content)
        return self.extract(**given).drop(LINEAGE).rows()

    def refusal(self, content: str | bytes | None = None, **given: object) -> str:
        """The message; what stood at the target must still stand there, and nothing else."""
        if content is not None:
            self.write(str(given.setdefault("path", "a.csv")), content)
        self.target.parent.mkdir(exist_ok=True)
        self.target.write_bytes(b"yesterday's")
        with pytest.raises(ExtractError) as caught:
            self.extract(**given)
        assert self.target.read_bytes() == b"yesterday's"
        self.check_clean()
        return str(caught.value)

    def check_clean(self) -> None:
        assert [path.name for path in self.target.parent.iterdir()] == [self.target.name]
        assert not self.scratch.exists() or not list(self.scratch.iterdir())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)
