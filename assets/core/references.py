"""What a mapping looks up outside its own rows: question scales, responses, other extracts."""

import datetime as dt
from collections.abc import Iterable, Sequence

import polars as pl
import polars.selectors as cs

from assets.lake.layout import Lake
from schemas.config.project import Project

SCALES = pl.Schema(
    {
        "survey_id": pl.String(),
        "question_id": pl.String(),
        "scale_min": pl.Float64(),
        "scale_max": pl.Float64(),
        "na_codes": pl.String(),
    }
)

RAW_LINEAGE: dict[str, pl.DataType] = {
    "_source_file": pl.String(),
    "_row_number": pl.Int64(),
    "_logical_date": pl.Date(),
}

_TYPED = (
    cs.numeric() | cs.boolean() | cs.date() | cs.datetime() | cs.time() | cs.categorical()
) - cs.by_name(*RAW_LINEAGE, require_all=False)


def question_partitions(lake: Lake, project: Project, date: dt.date) -> list[tuple[str, dt.date]]:
    """Core partitions of `survey_question` that define the questions as of a date.

    Of a snapshot source its latest extract up to the date, of an incremental one all up to the
    date; where a source has none yet, its first.
    """
    found: list[tuple[str, dt.date]] = []
    for source in lake.core_sources("survey_question"):
        dates = lake.core_dates("survey_question", source)
        known = [day for day in dates if day <= date] or dates[:1]
        declared = project.sources.get(source)
        is_incremental = declared is not None and declared.mode == "incremental"
        found += [(source, day) for day in (known if is_incremental else known[-1:])]
    return found


def question_scales(lake: Lake, partitions: Sequence[tuple[str, dt.date]]) -> pl.DataFrame:
    """Scales of the questions that those partitions define, the latest definition of each.

    Returns:
        `question_id`, `scale_min`, `scale_max`, `na_scores` (list of numbers), and `survey_id`
        if some question id has different scales in different surveys.
    """
    paths = [lake.core("survey_question", source, day).path("accepted.parquet")
             for source, day in partitions]  # fmt: skip
    frames = [pl.read_parquet(path) for path in paths if path is not None]
    rows = pl.concat(frames) if frames else pl.DataFrame(schema=SCALES)
    if frames:
        rows = rows.sort("_logical_date", "_source", "_row_number")
        rows = rows.unique(["survey_id", "question_id"], keep="last", maintain_order=True)
    codes = pl.col("na_codes").fill_null("").str.split("|")
    codes = codes.cast(pl.List(pl.Float64), strict=False).list.drop_nulls()
    scales = rows.select("survey_id", "question_id", "scale_min", "scale_max", na_scores=codes)
    distinct = scales.drop("survey_id").unique()
    if distinct["question_id"].is_duplicated().any():
        return scales
    return distinct.sort("question_id")


def raw_rows(lake: Lake, source: str, dates: Sequence[dt.date]) -> list[pl.LazyFrame]:
    """Raw rows of a source on the given dates, one frame for each date that has an extract."""
    paths = [lake.raw(source, date).path("data.parquet") for date in dates]
    return [pl.scan_parquet(path) for path in paths if path is not None]


def as_text(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Raw rows as a mapping reads them: only Parquet extracts have types, and lose them here."""
    return rows.with_columns(_TYPED.cast(pl.String))


def lookup_rows(
    lake: Lake, source: str, dates: Sequence[dt.date], *, columns: Iterable[str]
) -> pl.LazyFrame:
    """Those raw columns of another source as text, and the lineage; no rows without an extract."""
    frames = [as_text(rows) for rows in raw_rows(lake, source, dates)]
    if not frames:
        return pl.LazyFrame(schema=RAW_LINEAGE | dict.fromkeys(columns, pl.String()))
    return pl.concat(frames, how="diagonal_relaxed").select(*RAW_LINEAGE, *columns)


def survey_of_responses(lake: Lake, dates: Sequence[dt.date]) -> pl.LazyFrame:
    """`_logical_date`, `response_id`, `survey_id` of the responses accepted on the dates."""
    frames = [
        pl.scan_parquet(path).select("_logical_date", "response_id", "survey_id")
        for source in lake.core_sources("survey_response")
        for date in dates
        if (path := lake.core("survey_response", source, date).path("accepted.parquet"))
    ]
    if not frames:
        schema = {"_logical_date": pl.Date, "response_id": pl.String, "survey_id": pl.String}
        return pl.LazyFrame(schema=schema)
    return pl.concat(frames).unique(["_logical_date", "response_id"], keep="any")
