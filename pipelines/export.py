"""Published tables as files: Parquet, CSV and Excel, each whole or not at all.

Belongs here: which tables and rows, where the files stand, Parquet and CSV. Excel's workbooks are
`pipelines.export_excel`'s work; where the rows come from, `pipelines.published_rows`'.

Texts that a spreadsheet would run as formulas are made harmless in CSV by an apostrophe before
them; so is what would begin a cell of its own where a spreadsheet takes semicolons, tabs or line
breaks for the ends of cells, as French ones do. Parquet keeps every value as it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

import polars as pl

from assets.lake.atomic import atomic_path
from pipelines.export_excel import MAX_ROWS, write_workbook
from pipelines.published_rows import Choice, PublishedReader, PublishedTable
from schemas.errors import BarometerError, LakeError, PublishError
from schemas.table import Table

if TYPE_CHECKING:
    import pyarrow as pa

Format = Literal["parquet", "csv", "xlsx"]

_STARTS = "[=+@＝＋－＠-]"  # noqa: RUF001  full-width signs are run too
_BEGINS = rf"^(\s*{_STARTS}|[\t\r\n])"
"""A text that is run from its first sign on, spaces before it left aside."""
_WITHIN = rf"([;\t\r\n]\s*[\"']?\s*)({_STARTS})"
"""A sign that begins a cell where the text is split otherwise than it was meant to be."""
_BOM = "\ufeff".encode()
_DATE, _INSTANT = "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%.6fZ"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be exported.

    Attributes:
        tables: Tables by name; none for all.
        folder: Where to; made if it is not there.
        kind: Format of the files.
        only: Column → values of the rows wanted; every table asked for must have the column.
        has_bom: Whether CSV begins with a byte-order mark, by which Excel knows it for UTF-8.
    """

    tables: Sequence[str]
    folder: Path
    kind: Format
    only: Choice
    has_bom: bool = False


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that was written."""

    path: Path
    rows: int


def export_tables(
    reader: PublishedReader, order: Order, contracts: Mapping[str, Table]
) -> list[Exported]:
    """Write the tables that are asked for, one file each; files of the same names are replaced.

    Everything is looked at before the first file is written.

    Args:
        reader: The warehouse.
        order: Which tables, which rows, where to and how.
        contracts: Table → contract; its key is the order of the rows.

    Raises:
        PublishError: A table or a column is not published, or a table is too long for Excel.
        BarometerError: A file cannot be written; those before it stay.
    """
    wanted = _wanted(reader, order)
    counts = {table.name: reader.count(table.name, order.only) for table in wanted}
    if order.kind == "xlsx":
        _refuse_too_long(counts)
    written = []
    for table in wanted:
        path = order.folder / f"{table.name}.{order.kind}"
        contract = contracts.get(table.name)
        by = [name for name in (contract.key if contract else ()) if name in table.columns]
        with reader.rows(table.name, order.only, by) as batches:
            _write(path, table, batches, order=order)
        written.append(Exported(path, counts[table.name]))
    return written


def harmless(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with an apostrophe before texts that a spreadsheet would run as formulas."""
    text = pl.selectors.string()
    told = text.str.replace_all(_WITHIN, "${1}'${2}")
    runs = text.str.contains(_BEGINS)
    return rows.with_columns(pl.when(runs).then("'" + told).otherwise(told).name.keep())


def _wanted(reader: PublishedReader, order: Order) -> list[PublishedTable]:
    """The tables asked for.

    Raises:
        PublishError: One is not published, or lacks a column that rows are chosen by.
    """
    there = {table.name: table for table in reader.tables()}
    for name in order.tables:
        if name not in there:
            raise PublishError(
                "no such published table",
                where=f"export {name}",
                found=name,
                allowed=", ".join(there),
                mend="correct the name, or name none to export all",
            )
    wanted = [there[name] for name in dict.fromkeys(order.tables)] or list(there.values())
    for table in wanted:
        unknown = [column for column in order.only if column not in table.columns]
        if unknown:
            raise PublishError(
                "the table has no such column to choose rows by",
                where=f"export {table.name}",
                found=", ".join(unknown),
                allowed=", ".join(table.columns),
                mend="correct --only, or export this table by itself",
            )
    return wanted


def _refuse_too_long(counts: Mapping[str, int]) -> None:
    for table, rows in counts.items():
        if rows > MAX_ROWS:
            raise PublishError(
                "the table is longer than an Excel sheet",
                where=f"export {table}",
                found=f"{rows:,} rows",
                allowed=f"{MAX_ROWS:,} rows below the header",
                mend="choose rows, `--only period_grain=month` for instance, or export CSV or "
                "Parquet",
            )


def _write(
    path: Path, table: PublishedTable, batches: "pa.RecordBatchReader", *, order: Order
) -> None:
    try:
        with atomic_path(path) as temporary:
            if order.kind == "parquet":
                _write_parquet(temporary, batches)
            elif order.kind == "csv":
                with temporary.open("wb") as file:
                    _write_csv(file, _frames(batches), has_bom=order.has_bom)
            else:
                write_workbook(temporary, table, batches.schema.names, _frames(batches))
    except (OSError, LakeError) as error:
        raise BarometerError(
            "the export cannot be written; a file that was there stays",
            where=str(path),
            found=getattr(error, "strerror", None) or str(error),
            allowed="a folder that can be written to, with room for the table",
            mend="name another --to, or mend its permissions or its disk",
        ) from error


def _write_parquet(path: Path, batches: "pa.RecordBatchReader") -> None:
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, batches.schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)


def _write_csv(file: BinaryIO, frames: Iterator[pl.DataFrame], *, has_bom: bool) -> None:
    if has_bom:
        file.write(_BOM)
    for number, rows in enumerate(frames):
        harmless(rows).write_csv(
            file,
            include_header=number == 0,
            date_format=_DATE,
            datetime_format=_INSTANT,
            line_terminator="\r\n",  # RFC 4180
        )


def _frames(batches: "pa.RecordBatchReader") -> Iterator[pl.DataFrame]:
    """Batches as frames; of a table without rows one frame without rows, for its header."""
    import pyarrow as pa

    yield pl.DataFrame(pl.from_arrow(pa.Table.from_batches([], batches.schema)))
    for batch in batches:
        yield pl.DataFrame(pl.from_arrow(batch))
