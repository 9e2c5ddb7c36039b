"""Refused rows spelt out: every reason, and the row as it was extracted. Pure frame → frame."""

import base64
import difflib
import json
import math
from collections.abc import Sequence
from typing import Any

import polars as pl
import polars.selectors as cs

from assets.transforms.mapping import LINEAGE, REFUSED, Reason
from schemas.table import Table

REASON = pl.Struct(
    {
        "expectation": pl.String,
        "column": pl.String,
        "found": pl.String,
        "suggestion": pl.String,
    }
)

SCHEMA = pl.Schema(
    {
        "_source": pl.String(),
        "_source_file": pl.String(),
        "_row_number": pl.Int64(),
        "_logical_date": pl.Date(),
        "key": pl.String(),
        "reasons": pl.List(REASON),
        "raw": pl.String(),
    }
)


def spell_out(
    detailed: pl.DataFrame, reasons: Sequence[Reason], table: Table, raw: pl.DataFrame
) -> pl.DataFrame:
    """The quarantine rows of a table.

    Args:
        detailed: Refused rows as `map_rows(..., detail=True)` gives them.
        reasons: Reasons that `map_rows` named.
        table: Contract, for the key.
        raw: Raw rows that the refused ones came from, all columns.

    Returns:
        One row per refused row: lineage, `key` (JSON object of the key as far as it could be
        read), `reasons` and `raw` (JSON object of the row as extracted). Schema `SCHEMA`.
    """
    refused = detailed.filter(pl.col(REFUSED))
    spelt = [_reason(refused, reason) for reason in reasons]
    key = pl.struct(pl.col(name).cast(pl.String) for name in table.key).struct.json_encode()
    rows = refused.select(
        *LINEAGE,
        key.alias("key"),
        pl.concat_list(spelt).list.drop_nulls().alias("reasons"),
    )
    whole = raw.select(*LINEAGE[1:]).with_columns(
        as_extracted(raw.drop(LINEAGE, strict=False)).alias("raw")
    )
    joined = rows.join(whole, on=list(LINEAGE[1:]), how="left", maintain_order="left")
    return joined.select(SCHEMA.names()).cast(SCHEMA)


def as_extracted(cells: pl.DataFrame) -> pl.Series:
    """Raw rows as JSON objects that keep every cell.

    JSON has neither bytes nor NaN and infinity, which typed extracts have: bytes come out as
    base64, and such a number as text.

    Args:
        cells: Raw columns of any type, lineage left out.
    """
    if any(_needs_care(dtype) for dtype in cells.dtypes):
        return pl.Series([_json(row) for row in cells.iter_rows(named=True)], dtype=pl.String)
    encoded = cells.select(pl.struct(pl.all()).struct.json_encode()).to_series()
    numbers = cells.select(cs.float())
    is_odd = numbers.select(pl.any_horizontal(pl.lit(False), pl.all().is_finite().not_()))
    places = is_odd.to_series().fill_null(value=False).arg_true()
    if places.is_empty():
        return encoded
    odd = zip(encoded[places], numbers[places].iter_rows(named=True), strict=True)
    return encoded.scatter(places, [_json(json.loads(text) | _lost(row)) for text, row in odd])


def count_reasons(quarantined: pl.DataFrame) -> dict[str, int]:
    """`column: expectation` → rows refused for it; a row with two reasons counts in both."""
    if quarantined.is_empty():  # by far the most partitions
        return {}
    counted = (
        quarantined.select(pl.col("reasons").explode())
        .unnest("reasons")
        .group_by("column", "expectation")
        .len()
        .sort("column", "expectation")
    )
    return {f"{row['column']}: {row['expectation']}": row["len"] for row in counted.to_dicts()}


def _reason(refused: pl.DataFrame, reason: Reason) -> pl.Expr:
    found = pl.col(reason.found).cast(pl.String)
    suggestion: pl.Expr = pl.lit(None, dtype=pl.String)
    if reason.allowed:
        met = refused.filter(pl.col(reason.flag))[reason.found].drop_nulls().unique()
        nearest = {str(value): _nearest(str(value), reason.allowed) for value in met}
        if nearest:
            suggestion = found.replace_strict(nearest, default=None, return_dtype=pl.String)
    spelt = pl.struct(
        expectation=pl.lit(reason.expectation),
        column=pl.lit(reason.column),
        found=found,
        suggestion=suggestion,
    )
    return pl.when(pl.col(reason.flag)).then(spelt)


def _nearest(value: str, allowed: Sequence[str]) -> str | None:
    """The allowed value most like this one, case and blanks ignored; None if none is near."""
    folded = {candidate.casefold().replace(" ", ""): candidate for candidate in allowed}
    near = difflib.get_close_matches(value.casefold().replace(" ", ""), folded, n=1, cutoff=0.6)
    return folded[near[0]] if near else None


def _needs_care(dtype: pl.DataType) -> bool:
    """Whether Polars cannot write a column as JSON, or would lose numbers inside of lists."""
    inner: list[Any] = []
    if isinstance(dtype, pl.List | pl.Array):
        inner = [dtype.inner]
    if isinstance(dtype, pl.Struct):
        inner = [field.dtype for field in dtype.fields]
    if any(isinstance(one, pl.Float32 | pl.Float64) or _needs_care(one) for one in inner):
        return True
    return isinstance(dtype, pl.Binary)


def _lost(numbers: dict[str, float | None]) -> dict[str, float]:
    """The numbers that JSON does not have."""
    return {
        name: value
        for name, value in numbers.items()
        if value is not None and not math.isfinite(value)
    }


def _json(row: dict[str, Any]) -> str:
    return json.dumps(_jsonable(row), default=str, ensure_ascii=False, separators=(",", ":"))


def _jsonable(value: Any) -> Any:
    """A value that JSON can hold; dates and decimals are left to `default=str`."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {name: _jsonable(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_jsonable(one) for one in value]
    return value
