"""Pseudonyms for personal data: keyed HMAC-SHA-256, the key from the environment."""

import hashlib
import hmac

import polars as pl

from schemas.table import Table

LENGTH = 32
"""Hexadecimal digits kept: 128 bits, so that two people never share a pseudonym."""


def key_fingerprint(key: str | None) -> str | None:
    """Tells whether two keys are equal without telling the key."""
    return None if key is None else pseudonym("key fingerprint", key)


def pseudonym(value: str, key: str) -> str:
    """HMAC-SHA-256 of the value, cut to `LENGTH` hexadecimal digits."""
    return hmac.digest(key.encode(), value.encode(), hashlib.sha256).hex()[:LENGTH]


def pseudonymised(rows: pl.DataFrame, table: Table, key: str | None) -> pl.DataFrame:
    """Replace identity and contact columns by pseudonyms; without a key they are blanked."""
    for column in table.columns:
        if column.pii not in {"identity", "contact"}:
            continue
        values = rows[column.name].drop_nulls().unique()
        if key is None or values.is_empty():
            rows = rows.with_columns(pl.lit(None, dtype=pl.String).alias(column.name))
            continue
        table_of = pl.Series([pseudonym(value, key) for value in values], dtype=pl.String)
        replaced = pl.col(column.name).replace_strict(values, table_of, default=None)
        rows = rows.with_columns(replaced.alias(column.name))
    return rows
