"""Results of all checks: made by every run, kept in the lake, read again before every publish.

Belongs here: gathering the outcomes, naming and storing them, and refusing to publish past an
error. Does not belong here: any one check (`assets.transforms.quality`, `assets.quality.records`).
"""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from assets.lake.layout import Lake
from assets.lake.slot import fingerprint
from assets.quality.profiles import observe
from assets.quality.records import judge_records
from assets.quality.waivers import apply_waivers, read_waivers
from assets.transforms.quality.conserved import conserved
from assets.transforms.quality.extracts import judge_extracts
from assets.transforms.quality.outcome import ERROR, PASSED, SKIPPED, WARN
from schemas.config.project import Project
from schemas.errors import PublishError, QualityError
from schemas.quality import DATA_QUALITY_RESULT

CODE_VERSION = 1
"""Raise it when the same lake would be judged otherwise: publish then asks for new results."""

RESULTS = "results.parquet"
TOLD = 8
"""Errors that a refusal tells in full."""

STATUSES = (PASSED, WARN, ERROR, "waived", SKIPPED)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the checks came to.

    Attributes:
        rows: Rows of `data_quality_result`, waivers not applied.
        is_new: Whether they differ from those of the last time.
    """

    rows: pl.DataFrame
    is_new: bool


def judge(lake: Lake, project: Project, *, as_of: dt.date) -> Verdict:
    """Make all checks and store their results.

    What was looked at before and has not changed is not read again; an equal result is not written
    again.

    Args:
        lake: Where everything stands.
        project: The company's configuration.
        as_of: Latest logical date loaded.
    """
    observed = observe(lake, project)
    outcomes = pl.concat(
        [
            judge_extracts(observed, project, as_of=as_of),
            conserved(observed.partitions),
            judge_records(lake, project, as_of=as_of),
        ]
    )
    rows = named(outcomes)
    state = _state(lake, project)
    slot = lake.quality("results")
    digest = fingerprint(rows.write_ndjson())
    receipt = slot.receipt()
    if receipt is not None and slot.is_current(state) and receipt.facts["digest"] == digest:
        return Verdict(rows, is_new=False)
    with slot.replace(state) as draft:
        rows.write_parquet(draft.path(RESULTS))
        draft.facts.update(digest=digest, results=rows.height)
    return Verdict(rows, is_new=True)


def named(outcomes: pl.DataFrame) -> pl.DataFrame:
    """Outcomes as rows of `data_quality_result`: with a name each, in a fixed order."""
    identity = ["asset", "check_name", "subject", "source", "period_grain", "period_start"]
    names = [fingerprint(row)[:10] for row in outcomes.select(identity).rows()]
    return (
        outcomes.with_columns(
            pl.Series("result_id", names, dtype=pl.String),
            pl.lit(None, dtype=pl.String).alias("waiver_id"),
        )
        .select(DATA_QUALITY_RESULT.polars_schema().names())
        .cast(DATA_QUALITY_RESULT.polars_schema())
        .sort(identity)
    )


def read_results(lake: Lake, *, today: dt.date) -> pl.DataFrame:
    """Stored results with the waivers that hold today.

    Raises:
        QualityError: No checks were ever made.
    """
    path = lake.quality("results").path(RESULTS)
    if path is None:
        raise QualityError(
            "no checks were made yet",
            where=str(lake.root),
            mend="`barometer run` makes them",
        )
    return apply_waivers(pl.read_parquet(path), read_waivers(lake), today=today)


def refuse_if_blocked(lake: Lake, project: Project, *, today: dt.date) -> pl.DataFrame:
    """The stored results, unless they forbid to publish what is in the lake.

    Raises:
        PublishError: A check found an error that no waiver covers, or the checks were not made
            since the data or what is expected of them changed.
    """
    slot = lake.quality("results")
    if not slot.is_current(_state(lake, project)):
        raise PublishError(
            "the checks were not made on what is to be published; the previous publish stays",
            where=str(lake.root),
            found="data or expectations changed since the checks were made, or they never were",
            allowed="results of the checks on exactly what is published",
            mend="run `barometer run`, or in Dagster materialise `quality/data_quality_result` "
            "before the warehouse",
        )
    results = read_results(lake, today=today)
    errors = results.filter(pl.col("status") == ERROR)
    if errors.height:
        raise PublishError(
            f"{_counted(errors.height)} publish; the previous publish stays",
            where=str(lake.root),
            found="\n" + "\n".join(_told(row) for row in errors.head(TOLD).to_dicts())
            + (f"\n  and {errors.height - TOLD} more" if errors.height > TOLD else ""),
            mend="mend the cause and run again; or let it pass for a while: `barometer waive "
            f"{errors['result_id'][0]} --reason … --author … --until DATE`",
        )  # fmt: skip
    return results


def recent_results(results: pl.DataFrame, project: Project, *, as_of: dt.date) -> pl.DataFrame:
    """Results to publish: those that passed only of the last `quality.keep_days` days."""
    first = as_of - dt.timedelta(days=project.quality.keep_days)
    is_old = (pl.col("period_grain") == "day") & (pl.col("period_start") <= first)
    return results.filter(~(is_old & pl.col("status").is_in([PASSED, SKIPPED])))


def _counted(errors: int) -> str:
    return "1 failed check blocks" if errors == 1 else f"{errors} failed checks block"


def _told(row: dict[str, object]) -> str:
    about = " ".join(str(row[name]) for name in ("source", "subject") if row[name])
    period = f" {row['period_start']}" if row["period_start"] else ""
    mend = f"\n    → {row['mend']}" if row["mend"] else ""
    return (
        f"  [{row['result_id']}] {row['check_name']} of {row['asset']} {about}{period}: "
        f"{row['message']}{mend}"
    )


def _state(lake: Lake, project: Project) -> str:
    """Fingerprint of what is to be published and of what is expected of it.

    History's ledgers name every core partition that the published tables are made from.
    """
    ledgers = {
        table: receipt.content
        for table in project.fed_tables()
        if (receipt := lake.history_ledger(table).receipt()) is not None
    }
    return fingerprint(CODE_VERSION, project.quality.model_dump(mode="json"), ledgers)
