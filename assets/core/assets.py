"""Dagster assets of the core layer: one per canonical table, one step per system."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from assets.core.declared import SOURCE as DECLARED
from assets.core.partitions import COUNTS, build_core
from assets.lake.layout import Lake
from assets.metadata import column_schema, core_lineage, counts_table
from assets.pictures import counts_by_day
from assets.resources import LakeResource
from schemas.config.project import Project
from schemas.errors import MappingError
from schemas.registry import TABLES
from schemas.table import Table

GROUP = "core"
CONSERVATION = "rows_are_conserved"

PICTURED_DAYS = 30
"""Days up to the run's last one that the picture of the quarantine shows."""


def core_assets(
    project: Project,
    *,
    partitions: dg.DailyPartitionsDefinition,
    freshness: dg.FreshnessPolicy,
) -> list[dg.AssetsDefinition]:
    """One multi-asset per system with fed tables."""
    fed = [TABLES[name] for name in project.fed_tables()]
    domains = dict.fromkeys(table.domain for table in fed)
    return [
        _core_asset(
            domain,
            [table for table in fed if table.domain == domain],
            project,
            partitions=partitions,
            freshness=freshness,
        )
        for domain in domains
    ]


def _core_asset(
    domain: str,
    tables: Sequence[Table],
    project: Project,
    *,
    partitions: dg.DailyPartitionsDefinition,
    freshness: dg.FreshnessPolicy,
) -> dg.AssetsDefinition:
    specs = [_spec(table, project, partitions, freshness) for table in tables]
    checks = [
        dg.AssetCheckSpec(
            CONSERVATION,
            asset=spec.key,
            blocking=True,
            description="rows_raw - filtered = accepted + quarantined + superseded",
        )
        for spec in specs
    ]

    @dg.multi_asset(
        name=f"core_{domain}",
        specs=specs,
        check_specs=checks,
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        can_subset=True,
    )
    def canonical(
        context: dg.AssetExecutionContext, lake: LakeResource
    ) -> Iterator[dg.MaterializeResult[None]]:
        dates = [dt.date.fromisoformat(key) for key in context.partition_keys]
        wanted = context.op_execution_context.selected_asset_keys
        for table in tables:
            if dg.AssetKey(["core", table.name]) in wanted:
                try:
                    _build(lake.lake, project, table, dates)
                except MappingError as error:
                    raise dg.Failure(str(error), allow_retries=False) from error
                yield _result(lake.lake, project, table, dates)

    return canonical


def _spec(
    table: Table,
    project: Project,
    partitions: dg.DailyPartitionsDefinition,
    freshness: dg.FreshnessPolicy,
) -> dg.AssetSpec:
    mappings = project.feeds(table.name)
    lookups = {
        spec.lookup.source
        for mapping in mappings.values()
        for spec in (*mapping.columns.values(), *mapping.custom.values())
        if spec.lookup
    }
    deps = [dg.AssetKey(["raw", source]) for source in sorted({*mappings, *lookups})]
    if table.name == "survey_answer":
        deps += [
            dg.AssetKey(["core", name])
            for name in ("survey_question", "survey_response")
            if name in project.fed_tables()
        ]
    return dg.AssetSpec(
        ["core", table.name],
        deps=deps,
        description=f"{table.description} Typed and checked; refused rows are in quarantine.",
        group_name=GROUP,
        kinds={"polars", "parquet"},
        owners=[project.owner],
        tags={"system": table.domain},
        partitions_def=partitions,
        freshness_policy=freshness,
        metadata={
            "dagster/column_schema": column_schema(table),
            "dagster/column_lineage": core_lineage(project, table),
        },
    )


def _feeding(project: Project, table: Table) -> list[str]:
    declared = [DECLARED] if table.name in {"survey", "survey_question"} and project.surveys else []
    return [*declared, *project.feeds(table.name)]


def _build(lake: Lake, project: Project, table: Table, dates: Sequence[dt.date]) -> None:
    for source in _feeding(project, table):
        build_core(lake, project, table=table.name, source=source, dates=dates)


def _result(
    lake: Lake, project: Project, table: Table, dates: Sequence[dt.date]
) -> dg.MaterializeResult[None]:
    """Counts of the run's dates, and the check that they add up, as stored in the lake."""
    counts: dict[str, dict[str, int]] = {}
    reasons: dict[str, int] = {}
    lost = 0
    for source in _feeding(project, table):
        days = [project.start_date] if source == DECLARED else dates
        for date in days:
            receipt = lake.core(table.name, source, date).receipt()
            if receipt is None:
                continue
            facts = receipt.facts
            lost += abs(_lost(facts))
            sums = counts.setdefault(source, dict.fromkeys(COUNTS, 0))
            for name in COUNTS:
                sums[name] += facts[name]
            for reason, number in facts["reasons"].items():
                reasons[reason] = reasons.get(reason, 0) + number
    key = dg.AssetKey(["core", table.name])
    metadata = _metadata(counts, reasons)
    picture = _quarantine_picture(lake, table, last=dates[-1])
    if picture:
        metadata["quarantine_by_day"] = dg.MetadataValue.md(picture)
    return dg.MaterializeResult(
        asset_key=key,
        metadata=metadata,
        check_results=[
            dg.AssetCheckResult(
                asset_key=key,
                check_name=CONSERVATION,
                passed=lost == 0,
                severity=dg.AssetCheckSeverity.ERROR,
                metadata={"rows_lost_or_made": lost},
            )
        ],
    )


def _quarantine_picture(lake: Lake, table: Table, *, last: dt.date) -> str:
    """Counts by reason over the days up to the run's last one; empty without any."""
    days = [last - dt.timedelta(days=back) for back in range(PICTURED_DAYS - 1, -1, -1)]
    by_reason: dict[str, dict[dt.date, int]] = {}
    for source in lake.core_sources(table.name):
        for day in days:
            receipt = lake.core(table.name, source, day).receipt()
            for reason, rows in (receipt.facts["reasons"] if receipt else {}).items():
                by_day = by_reason.setdefault(reason, {})
                by_day[day] = by_day.get(day, 0) + rows
    return counts_by_day(by_reason, days) if by_reason else ""


def _lost(facts: dict[str, Any]) -> int:
    ways = facts["accepted"] + facts["quarantined"] + facts["superseded"]
    return int(facts["rows_mapped"] - ways)


def _metadata(
    counts: dict[str, dict[str, int]], reasons: dict[str, int]
) -> dict[str, dg.MetadataValue | int]:
    found: dict[str, dg.MetadataValue | int] = {
        "dagster/row_count": sum(sums["accepted"] for sums in counts.values()),
        "rows_quarantined": sum(sums["quarantined"] for sums in counts.values()),
        "rows_superseded": sum(sums["superseded"] for sums in counts.values()),
        "counts": dg.MetadataValue.md(counts_table(counts, COUNTS)),
    }
    if reasons:
        table = counts_table({name: {"rows": n} for name, n in reasons.items()}, ["rows"])
        found["quarantine_by_reason"] = dg.MetadataValue.md(table)
    return found
