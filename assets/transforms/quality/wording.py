"""Figures as text for the messages of checks: short, and the same everywhere.

Does not belong here: what a message says.
"""

import polars as pl

LONGEST = 60


def share_text(share: pl.Expr) -> pl.Expr:
    """0.1234 → "12.3 %"."""
    # + 0.0 turns a negative zero into zero
    return pl.format("{} %", (100 * share).round(1) + 0.0)


def points_text(difference: pl.Expr) -> pl.Expr:
    """A difference of shares in percentage points."""
    return pl.format("{} points", (100 * difference).round(1) + 0.0)


def number_text(number: pl.Expr) -> pl.Expr:
    """A number with at most two decimals, whole numbers with none."""
    number = number.cast(pl.Float64).round(2) + 0.0
    whole = number.cast(pl.Int64, strict=False)
    return pl.when(number == whole).then(whole.cast(pl.String)).otherwise(number.cast(pl.String))


def span(days: int) -> str:
    """1 → "1 day", 7 → "7 days"."""
    return f"{days} day" if days == 1 else f"{days} days"


def counted_text(number: pl.Expr, noun: str) -> pl.Expr:
    """1 → "1 day", 7 → "7 days", of a column of whole numbers."""
    plural = pl.when(number == 1).then(pl.lit(noun)).otherwise(pl.lit(f"{noun}s"))
    return pl.format("{} {}", number.cast(pl.Int64), plural)


def shortened(text: pl.Expr) -> pl.Expr:
    """A name out of the data, cut where it is long and without line breaks."""
    text = text.fill_null("").str.replace_all(r"\s+", " ")
    is_long = text.str.len_chars() > LONGEST
    return pl.when(is_long).then(pl.format("{}…", text.str.head(LONGEST - 1))).otherwise(text)


def listed(text: pl.Expr, *, most: int) -> pl.Expr:
    """Aggregation: the first texts of a group, joined, and how many more there are."""
    more = pl.len().cast(pl.Int64) - most  # unsigned, it would wrap around
    tail = pl.when(more > 0).then(pl.format(" and {} more", more)).otherwise(pl.lit(""))
    return pl.concat_str(text.head(most).str.join(", "), tail)
