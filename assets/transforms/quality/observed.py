"""What the checks of extracts look at: small counts of every partition, and their schemas.

`assets.quality.profiles` counts them from the lake; the checks beside this module judge them. A
frame holds every loaded logical date. Nothing here reads files.
"""

from dataclasses import dataclass, field

import polars as pl

EXTRACTS = pl.Schema(
    {
        "source": pl.String(),
        "date": pl.Date(),
        "rows": pl.Int64(),  # null: there was no file, and the source may be skipped
        "columns": pl.List(pl.Struct({"name": pl.String, "type": pl.String})),  # in file order
    }
)
"""One row per source and logical date that was pulled; types are the file's own (CSV: `text`)."""

PARTITIONS = pl.Schema(
    {
        "table": pl.String(),
        "source": pl.String(),
        "date": pl.Date(),
        "rows_mapped": pl.Int64(),
        "accepted": pl.Int64(),
        "quarantined": pl.Int64(),
        "superseded": pl.Int64(),
    }
)
"""One row per core partition."""

REFUSALS = pl.Schema(
    {
        "table": pl.String(),
        "source": pl.String(),
        "date": pl.Date(),
        "column": pl.String(),
        "expectation": pl.String(),
        "rows": pl.Int64(),
    }
)
"""One row per core partition and reason; a row with two reasons counts in both."""

NULLS = pl.Schema(
    {
        "table": pl.String(),
        "source": pl.String(),
        "date": pl.Date(),
        "column": pl.String(),
        "rows": pl.Int64(),
        "nulls": pl.Int64(),
    }
)
"""One row per core partition and mapped nullable column: accepted rows, and those without value."""

CATEGORIES = pl.Schema(
    {
        "table": pl.String(),
        "source": pl.String(),
        "date": pl.Date(),
        "column": pl.String(),
        "category": pl.String(),
        "rows": pl.Int64(),
    }
)
"""One row per core partition, categorical column and value of it (nulls left out)."""

SCORES = pl.Schema(
    {
        "table": pl.String(),
        "source": pl.String(),
        "date": pl.Date(),
        "survey_id": pl.String(),
        "question_id": pl.String(),
        "score": pl.Float64(),
        "rows": pl.Int64(),
    }
)
"""One row per partition of survey_answer, question and score (nulls left out)."""

REDELIVERIES = pl.Schema(
    {
        "table": pl.String(),
        "source": pl.String(),
        "date": pl.Date(),
        "rows": pl.Int64(),
        "redelivered": pl.Int64(),
    }
)
"""One row per core partition of an incremental source: accepted rows, and those of them whose key
and content an earlier partition within the window brought already."""


def _empty(schema: pl.Schema) -> pl.DataFrame:
    return pl.DataFrame(schema=schema)


@dataclass(frozen=True, slots=True)
class Observed:
    """All of it, for one company."""

    extracts: pl.DataFrame = field(default_factory=lambda: _empty(EXTRACTS))
    partitions: pl.DataFrame = field(default_factory=lambda: _empty(PARTITIONS))
    refusals: pl.DataFrame = field(default_factory=lambda: _empty(REFUSALS))
    nulls: pl.DataFrame = field(default_factory=lambda: _empty(NULLS))
    categories: pl.DataFrame = field(default_factory=lambda: _empty(CATEGORIES))
    scores: pl.DataFrame = field(default_factory=lambda: _empty(SCORES))
    redeliveries: pl.DataFrame = field(default_factory=lambda: _empty(REDELIVERIES))
