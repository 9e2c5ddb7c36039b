"""Dagster assets of the raw layer: one per source, one partition per logical date."""

import datetime as dt
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dagster as dg

from assets.raw.pull import Pull, pull
from assets.resources import LakeResource
from schemas.config.project import Project, Source
from schemas.errors import ExtractError

GROUP = "raw"

PULLS_AT_ONCE = 2
"""Dates of one source that are pulled side by side."""

RETRIES = dg.RetryPolicy(
    max_retries=3, delay=10, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)
"""For sources that cannot be reached; a file that cannot be read is not tried again."""

MAX_ERRORS = 5
"""Failed dates of a range that are told in full."""


def raw_assets(
    project: Project,
    *,
    partitions: dg.DailyPartitionsDefinition,
    freshness: dg.FreshnessPolicy,
) -> list[dg.AssetsDefinition]:
    """One asset per source of the configuration."""
    return [
        _raw_asset(name, source, project, partitions=partitions, freshness=freshness)
        for name, source in project.sources.items()
    ]


def _raw_asset(
    name: str,
    source: Source,
    project: Project,
    *,
    partitions: dg.DailyPartitionsDefinition,
    freshness: dg.FreshnessPolicy,
) -> dg.AssetsDefinition:
    feeds = ", ".join(source.tables) or "lookups"
    described = source.description or f"Extract `{name}` of the {source.system.upper()} system."

    @dg.asset(
        key=["raw", name],
        description=f"One row per record of the extract, as extracted. {described} Feeds {feeds}.",
        group_name=GROUP,
        kinds={"polars", "parquet", source.files.format},
        owners=[project.owner],
        tags={"system": source.system, "mode": source.mode},
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=RETRIES,
        pool=f"source_{source.system}",
        freshness_policy=freshness,
        metadata={"path": source.files.path, "on_missing": source.on_missing},
    )
    def extract(
        context: dg.AssetExecutionContext, lake: LakeResource
    ) -> dg.MaterializeResult[None]:
        dates = [dt.date.fromisoformat(key) for key in context.partition_keys]
        return dg.MaterializeResult(
            metadata=_metadata(lake, name, _pull(lake, name, source, dates))
        )

    return extract


def _pull(lake: LakeResource, name: str, source: Source, dates: Sequence[dt.date]) -> list[Pull]:
    """Pull every date; those that fail are told together, after the others are in.

    Raises:
        dg.Failure: One date or more failed; the first that may pass by itself ends the attempt.
    """

    def attempt(date: dt.date) -> Pull | ExtractError:
        try:
            return pull(lake.lake, name, source, date)
        except ExtractError as error:
            return error

    # dates are independent, and a pull spends its time in Arrow and on the disk
    with ThreadPoolExecutor(PULLS_AT_ONCE) as pool:
        found = list(pool.map(attempt, dates))
    pulls = [one for one in found if isinstance(one, Pull)]
    errors = [one for one in found if isinstance(one, ExtractError)]
    for error in errors:
        if _may_pass(error):
            raise dg.Failure(str(error)) from error
    if errors:
        told = [str(error) for error in errors[:MAX_ERRORS]]
        if len(errors) > MAX_ERRORS:
            told.append(f"and {len(errors) - MAX_ERRORS} further dates")
        raise dg.Failure("\n".join(told), allow_retries=False) from errors[0]
    return pulls


def _may_pass(error: ExtractError) -> bool:
    """Whether the cause may go away by itself: the network, not the content of a file."""
    return isinstance(error.__cause__, OSError) and not isinstance(
        error.__cause__, FileNotFoundError | PermissionError
    )


def _metadata(
    lake: LakeResource, name: str, pulls: list[Pull]
) -> dict[str, dg.MetadataValue[Any] | dg.TableSchema | int]:
    notes = [f"{each.date}: {note}" for each in pulls for note in each.notes]
    receipt = lake.lake.raw(name, pulls[-1].date).receipt()
    columns = receipt.facts["columns"] if receipt else []
    found: dict[str, dg.MetadataValue[Any] | dg.TableSchema | int] = {
        "dagster/row_count": sum(each.rows for each in pulls),
        "dates_extracted": sum(each.status == "extracted" for each in pulls),
        "dates_unchanged": sum(each.status in {"unchanged", "kept"} for each in pulls),
        "dates_absent": sum(each.status == "absent" for each in pulls),
        "dagster/column_schema": dg.TableSchema(
            columns=[dg.TableColumn(name=column, type="VARCHAR") for column in columns]
        ),
    }
    if notes:
        found["notes"] = dg.MetadataValue.md("\n".join(f"- {note}" for note in notes[:20]))
    return found
