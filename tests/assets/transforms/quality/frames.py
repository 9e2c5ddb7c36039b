"""Short ways to write the frames that checks of extracts look at, and to read their outcomes."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from assets.transforms.quality.observed import CATEGORIES, EXTRACTS, NULLS, SCORES
from schemas.config.mapping import TableMap
from schemas.config.project import Project

START = dt.date(2024, 1, 1)  # a Monday

MAPPING = TableMap.model_validate(
    {
        "columns": {"product_id": "id", "name": "Name", "category": {"from": "Cat"}},
        "custom": {"tone": "Tone"},
    }
)


def day(number: int) -> dt.date:
    return START + dt.timedelta(days=number)


def project(sources: Mapping[str, Any], **more: Any) -> Project:
    """A company of sources, each given as its differences from a dated incremental one."""
    document: dict[str, Any] = {
        "version": 1,
        "company": {"name": "C", "time_zone": "Europe/Paris", "currency": "EUR"},
        "start_date": START,
        "sources": {},
        **more,
    }
    for name, given in sources.items():
        files = {"root": "/x", "path": "a_{date}.csv", "format": "csv"} | given.get("files", {})
        document["sources"][name] = {
            "system": "crm", "mode": "incremental", **given, "files": files
        }  # fmt: skip
    return Project.model_validate(document)


def extracts(
    rows: Mapping[int, int | None], columns: Mapping[int, Mapping[str, str]] | None = None
) -> pl.DataFrame:
    """Extracts of source `shop`: day number → rows, and → columns with types."""
    return pl.DataFrame(
        [
            {
                "source": "shop",
                "date": day(number),
                "rows": count,
                "columns": [
                    {"name": name, "type": kind}
                    for name, kind in (columns or {}).get(number, {"id": "text"}).items()
                ],
            }
            for number, count in rows.items()
        ],
        schema=EXTRACTS,
    )


def nulls(counts: Mapping[int, tuple[int, int]], column: str = "name") -> pl.DataFrame:
    """Day number → rows and those of them without a value."""
    rows = [
        ("erp_product", "shop", day(number), column, both, without)
        for number, (both, without) in counts.items()
    ]
    return pl.DataFrame(rows, schema=NULLS, orient="row")


def categories(counts: Mapping[int, Mapping[str | None, int]]) -> pl.DataFrame:
    """Day number → category → rows."""
    rows = [
        ("erp_product", "shop", day(number), "category", category, number_of_rows)
        for number, of_day in counts.items()
        for category, number_of_rows in of_day.items()
    ]
    return pl.DataFrame(rows, schema=CATEGORIES, orient="row")


def scores(
    given: Mapping[int, Iterable[float]], *, survey: str | None = "web", question: str = "q1"
) -> pl.DataFrame:
    """Day number → scores, one by one."""
    rows = [
        ("survey_answer", "shop", day(number), survey, question, score, 1)
        for number, of_day in given.items()
        for score in of_day
    ]
    frame = pl.DataFrame(rows, schema=SCORES, orient="row")
    keys = [name for name in frame.columns if name != "rows"]
    return frame.group_by(keys, maintain_order=True).agg(pl.col("rows").sum())


def by_day(outcomes: pl.DataFrame) -> dict[int, dict[str, Any]]:
    """Outcomes of one subject by day number."""
    found = {(row["period_start"] - START).days: row for row in outcomes.to_dicts()}
    assert len(found) == outcomes.height
    return found


def statuses(outcomes: pl.DataFrame) -> dict[int, str]:
    return {number: row["status"] for number, row in by_day(outcomes).items()}


def shuffled(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The same rows in another order, its columns in chunks of different lengths."""
    mixed = frame.sample(fraction=1, shuffle=True, seed=seed)
    return mixed.select(
        pl.concat([column[:cut], column[cut:]], rechunk=False)
        for cut, column in enumerate(mixed.get_columns(), start=1)
    )


def with_empty_chunks(frame: pl.DataFrame) -> pl.DataFrame:
    """The same rows as a filter may leave them: the first column whole, others after empty chunks.

    The last column comes first, since it is seldom the one that messages hold.
    """
    twice = pl.DataFrame({"_copy": [0, 1]}).join(frame, how="cross")
    half = twice.filter(pl.col("_copy") == 1)
    last = frame.columns[-1]
    return half.select(frame[last].rechunk(), *(name for name in frame.columns if name != last))


RANKS: Sequence[str] = ("skipped", "passed", "warn", "error")
