"""Dagster's view of data quality: one asset with all results, one asset check per kind and asset.

The results asset makes the checks and keeps what they found; the asset checks show it on the assets
that it is about. Publish reads the kept results itself, so no run passes them by.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
import polars as pl

from assets.kpi.assets import latest_date
from assets.metadata import column_schema
from assets.pictures import escaped, sparkline
from assets.quality.results import STATUSES, judge, read_results
from assets.quality.totals import has_totals
from assets.resources import LakeResource
from assets.transforms.quality.outcome import ERROR, WARN
from schemas.config.project import Project
from schemas.quality import CHECKS, DATA_QUALITY_RESULT, Check
from schemas.registry import TABLES

GROUP = "quality"
RESULTS_KEY = dg.AssetKey(["quality", "data_quality_result"])

PERIODS = 30
"""Latest periods that the figures of a check show."""
SUBJECTS = 12
"""Subjects of a check that are shown, those that did not pass first."""
PLOTTED = 6
"""Subjects whose latest figure Dagster plots from run to run."""


def quality_assets(
    project: Project, *, freshness: dg.FreshnessPolicy
) -> tuple[dg.AssetsDefinition, dg.AssetChecksDefinition]:
    """The results, and the checks that show them."""

    @dg.asset(
        key=RESULTS_KEY,
        deps=[dg.AssetKey(["history", name]) for name in project.fed_tables()],
        description=f"{DATA_QUALITY_RESULT.description} Errors block publish.",
        group_name=GROUP,
        kinds={"polars", "greatexpectations", "parquet"},
        owners=[project.owner],
        freshness_policy=freshness,
        metadata={"dagster/column_schema": column_schema(DATA_QUALITY_RESULT)},
    )
    def data_quality_result(lake: LakeResource) -> dg.MaterializeResult[None]:
        as_of = latest_date(lake.lake, project)
        judge(lake.lake, project, as_of=as_of)
        rows = read_results(lake.lake, today=_today(project))
        counts = dict(rows.group_by("status").len().rows())
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": rows.height,
                "as_of": as_of.isoformat(),
                **{status: counts.get(status, 0) for status in STATUSES},
                "not_passed": dg.MetadataValue.md(_open(rows)),
            }
        )

    @dg.multi_asset_check(name="quality_checks", specs=list(_specs(project)), can_subset=True)
    def checks(
        context: dg.AssetCheckExecutionContext, lake: LakeResource
    ) -> Iterator[dg.AssetCheckResult]:
        rows = read_results(lake.lake, today=_today(project))
        found = rows.partition_by("asset", "check_name", as_dict=True)
        for key in sorted(context.selected_asset_check_keys, key=str):
            about = ("/".join(key.asset_key.path), key.name)
            yield check_result(key, found.get(about, rows.clear()))

    return data_quality_result, checks


def applicable(check: Check, project: Project) -> list[str]:
    """Sources (raw) or tables (core, history) that a check can say something about."""
    if check.layer == "raw":
        is_dated = {name: source.files.is_dated for name, source in project.sources.items()}
        return [name for name in is_dated if check.name != "volume" or is_dated[name]]
    fed = project.fed_tables()
    # rows that the configuration declares come from no extract
    tables = fed if check.layer == "history" else [name for name in fed if project.feeds(name)]
    is_judged = _ONLY_WHERE.get(check.name)
    return [name for name in tables if is_judged is None or is_judged(name, project)]


def _has_reference(table: str, project: Project) -> bool:
    referred = [column.reference for column in TABLES[table].columns if column.reference]
    return any(name.partition(".")[0] in project.fed_tables() for name in referred)


def _is_incremental(table: str, project: Project) -> bool:
    return any(project.sources[name].mode == "incremental" for name in project.feeds(table))


_ONLY_WHERE: Mapping[str, Callable[[str, Project], bool]] = {
    "scores": lambda table, _: table == "survey_answer",
    "categories": lambda table, _: any(column.is_category for column in TABLES[table].columns),
    "redelivered": _is_incremental,
    "references": _has_reference,
    "totals": lambda table, project: table == "erp_order" and has_totals(project),
}
"""Checks that say nothing about some tables → whether they do about one."""


def check_result(key: dg.AssetCheckKey, rows: pl.DataFrame) -> dg.AssetCheckResult:
    """What a check came to: every standing error, and warnings of the latest period.

    Args:
        key: The check.
        rows: Its rows of `data_quality_result`.
    """
    about = ["source", "subject"]
    latest = rows.sort("period_start").group_by(about, maintain_order=True).last()
    latest = latest.select(rows.columns)
    standing = pl.concat(
        [rows.filter(pl.col("status") == ERROR), latest.filter(pl.col("status") == WARN)]
    )
    errors = standing.filter(pl.col("status") == ERROR).height
    metadata: dict[str, dg.MetadataValue | int | float] = {
        "errors": errors,
        "warnings": standing.height - errors,
    }
    ranked = sorted(
        rows.sort("period_start").partition_by("source", "subject", maintain_order=True), key=_rank
    )
    for last in (group.row(-1, named=True) for group in ranked[:PLOTTED]):
        if last["observed"] is not None:
            metadata[f"observed {_about(last)}".rstrip()] = last["observed"]
    if ranked:
        metadata["figures"] = dg.MetadataValue.md(_figures(ranked))
    if standing.height:
        metadata["not_passed"] = dg.MetadataValue.md(_open(standing))
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=standing.is_empty(),
        severity=dg.AssetCheckSeverity.ERROR if errors else dg.AssetCheckSeverity.WARN,
        metadata=metadata,
        description=_sentence(standing, rows),
    )


def _specs(project: Project) -> Iterator[dg.AssetCheckSpec]:
    for check in CHECKS:
        for name in applicable(check, project):
            yield dg.AssetCheckSpec(
                check.name,
                asset=dg.AssetKey([check.layer, name]),
                description=check.description,
                additional_deps=[RESULTS_KEY],
                metadata={"limits": f"quality.checks.{check.name}"},
            )


def _sentence(standing: pl.DataFrame, rows: pl.DataFrame) -> str:
    if rows.is_empty():
        return "Nothing to judge yet."
    if standing.is_empty():
        return f"{rows.height} results, none amiss."
    first = standing.row(0, named=True)
    more = f" (and {standing.height - 1} more)" if standing.height > 1 else ""
    return f"{first['message']}{more}"


def _open(rows: pl.DataFrame) -> str:
    """What did not pass, errors first, with what to do."""
    order = {ERROR: 0, WARN: 1}
    amiss = rows.filter(pl.col("status").is_in(list(order))).sort(
        pl.col("status").replace_strict(order), pl.col("period_start"), descending=[False, True]
    )
    if amiss.is_empty():
        return "everything passed"
    lines = [
        "| | result | asset | about | period | found | to do |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in amiss.head(PERIODS).to_dicts():
        cells = (
            row["status"],
            f"`{row['result_id']}`",
            f"{row['asset']} {row['check_name']}",
            _about(row),
            str(row["period_start"] or ""),
            row["message"],
            row["mend"],
        )
        lines.append("| " + " | ".join(escaped(cell) for cell in cells) + " |")
    if amiss.height > PERIODS:
        lines.append(f"\nand {amiss.height - PERIODS} more: `barometer checks`")
    return "\n".join(lines)


def _figures(ranked: Sequence[pl.DataFrame]) -> str:
    """Observed figures over the latest periods, a line a subject; what did not pass comes first."""
    lines = ["| about | observed over time | last | limits | |", "|---|---|---:|---|---|"]
    for group in ranked[:SUBJECTS]:
        last = group.row(-1, named=True)
        cells = (
            _about(last),
            f"`{sparkline(group['observed'].tail(PERIODS).to_list())}`",
            _figure(last["observed"], last["unit"]),
            _limits(last),
            last["status"],
        )
        lines.append("| " + " | ".join(escaped(cell) for cell in cells) + " |")
    if len(ranked) > SUBJECTS:
        lines.append(f"\nand {len(ranked) - SUBJECTS} more, all like the last")
    return "\n".join(lines)


def _about(row: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (row["source"], row["subject"])))


def _rank(group: pl.DataFrame) -> tuple[int, str, str]:
    status = group["status"][-1]
    order: Iterable[str] = (ERROR, WARN, "waived", "passed")
    place = list(order).index(status) if status in order else len(list(order))
    return place, group["source"][0], group["subject"][0]


def _limits(row: Mapping[str, Any]) -> str:
    low, high = (
        "" if row[name] is None else _figure(row[name], str(row["unit"]))
        for name in ("lower_limit", "upper_limit")
    )
    return f"{low} … {high}" if low or high else ""


def _figure(value: object, unit: str) -> str:
    if not isinstance(value, float):
        return ""
    return f"{value:.1%}" if unit == "share" else f"{value:,.4g} {unit}".strip()


def _today(project: Project) -> dt.date:
    return project.company.today(dt.datetime.now(dt.UTC))
