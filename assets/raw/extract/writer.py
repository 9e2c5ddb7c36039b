"""Writes batches with their lineage to one Parquet file."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.config.files import LINEAGE_COLUMNS

if TYPE_CHECKING:
    import pyarrow as pa

_GROUP_ROWS = 262_144
_GROUP_BYTES = 96 * 1024**2
_ZSTD_LEVEL = 1


class LineageWriter:
    """Adds the lineage columns and gathers batches to row groups of a good size.

    Args:
        path: The file to write; not complete before `close`.
        schema: The source's columns.
        logical_date: Value of `_logical_date`.

    Attributes:
        rows: Rows taken so far.
        schema: The file's columns, lineage last.
    """

    def __init__(self, path: Path, schema: "pa.Schema", logical_date: dt.date) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        kinds = (pa.string(), pa.int64(), pa.date32())
        for name, kind in zip(LINEAGE_COLUMNS, kinds, strict=True):
            schema = schema.append(pa.field(name, kind))
        self.rows = 0
        self.schema = schema
        self._date = pa.scalar(logical_date, pa.date32())
        self._pending: list[pa.RecordBatch] = []
        self._pending_rows = 0
        self._pending_bytes = 0
        self._writer: Any = pq.ParquetWriter(
            path, schema, compression="zstd", compression_level=_ZSTD_LEVEL, write_statistics=True
        )

    def write(self, batch: "pa.RecordBatch", source_file: str, first_row: int) -> None:
        """Take a batch of one file, whose first record has that number in it."""
        import pyarrow as pa

        count = batch.num_rows
        names = self.schema.names[: -len(LINEAGE_COLUMNS)]
        arrays = [batch.column(name) for name in names]
        arrays += [
            pa.repeat(pa.scalar(source_file, pa.string()), count),
            pa.arange(first_row, first_row + count),
            pa.repeat(self._date, count),
        ]
        self._pending.append(pa.RecordBatch.from_arrays(arrays, schema=self.schema))
        self.rows += count
        self._pending_rows += count
        self._pending_bytes += batch.nbytes
        if self._pending_rows >= _GROUP_ROWS or self._pending_bytes >= _GROUP_BYTES:
            self._flush()

    def close(self) -> None:
        """Write what is pending, and the footer."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        import pyarrow as pa

        if self._pending:
            table = pa.Table.from_batches(self._pending, self.schema)
            self._pending.clear()
            self._pending_rows = self._pending_bytes = 0
            self._writer.write_table(table, row_group_size=max(table.num_rows, 1))
