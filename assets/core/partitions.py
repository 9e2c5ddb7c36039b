"""Build core partitions: raw → accepted, quarantined and superseded rows of a canonical table.

Every row of an extract goes one of these ways, and the counts are checked to add up before
anything is written: rows_mapped = accepted + quarantined + superseded, where rows_mapped is
rows_raw - filtered, or for an unpivoted survey its filled cells.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from assets.core.declared import SOURCE as DECLARED
from assets.core.declared import build_declared
from assets.core.pseudonyms import key_fingerprint, pseudonymised
from assets.core.references import (
    as_text,
    lookup_rows,
    question_partitions,
    question_scales,
    raw_rows,
    survey_of_responses,
)
from assets.lake.layout import Lake
from assets.lake.slot import Receipt, fingerprint
from assets.transforms.lookups import check_lookups, lookup_columns
from assets.transforms.mapping import (
    LINEAGE,
    REFUSED,
    MappingContext,
    check_columns,
    keep_wanted,
    map_rows,
    unpivoted,
)
from assets.transforms.quarantine import SCHEMA as QUARANTINE
from assets.transforms.quarantine import count_reasons, spell_out
from assets.transforms.superseding import latest_rows
from schemas.config.mapping import TableMap
from schemas.config.project import Project
from schemas.errors import LakeError
from schemas.registry import canonical
from schemas.table import Table

CODE_VERSION = 3
"""Raise it when the same raw rows would map to other core rows."""

BATCH_ROWS = 1_500_000
"""Rows mapped together; a single larger extract is a batch of its own."""

COUNTS = ("rows_raw", "filtered", "rows_mapped", "accepted", "quarantined", "superseded")


@dataclass(frozen=True, slots=True)
class Pending:
    """A partition to be built."""

    date: dt.date
    raw: Receipt
    inputs: str
    scales: str


def build_core(
    lake: Lake, project: Project, *, table: str, source: str, dates: Sequence[dt.date]
) -> dict[dt.date, dict[str, Any]]:
    """Bring the core partitions of one table and source up to date.

    Args:
        lake: Where everything stands.
        project: The company's configuration.
        table: Canonical table.
        source: Source that feeds it, or `configuration` for declared surveys.
        dates: Logical dates.

    Returns:
        Date → counts of the partitions that were built; those already current are left out.

    Raises:
        MappingError: An extract lacks a column that the mapping asks for.
        LakeError: The counts of a partition do not add up.
    """
    contract = canonical(table)
    if source == DECLARED:
        return build_declared(lake, project, contract)
    mapping = project.sources[source].tables[table]
    pending = _pending(lake, project, contract, source=source, dates=dates)
    built: dict[dt.date, dict[str, Any]] = {}
    for batch in _batches(pending):
        built |= _build_batch(lake, project, contract, source=source, batch=batch, mapping=mapping)
    return built


def _pending(
    lake: Lake, project: Project, table: Table, *, source: str, dates: Sequence[dt.date]
) -> list[Pending]:
    mapping = project.sources[source].tables[table.name]
    constant = fingerprint(
        CODE_VERSION,
        mapping.model_dump_json(),
        table.row_contract,
        project.company.time_zone,
        key_fingerprint(project.privacy.key),
        project.sources[source].mode,
    )
    found = []
    for date in dates:
        raw = lake.raw(source, date).receipt()
        if raw is None or "data.parquet" not in raw.files:
            continue
        scales = _scales_fingerprint(lake, project, date) if table.name == "survey_answer" else ""
        others = [lake.raw(name, date).receipt() for name in lookup_columns(mapping)]
        inputs = fingerprint(constant, raw.content, scales, [o and o.content for o in others])
        if not lake.core(table.name, source, date).is_current(inputs):
            found.append(Pending(date, raw, inputs, scales))
    return found


def _scales_fingerprint(lake: Lake, project: Project, date: dt.date) -> str:
    questions = question_partitions(lake, project, date)
    receipts = [lake.core("survey_question", name, day).receipt() for name, day in questions]
    responses = [
        lake.core("survey_response", name, date).receipt()
        for name in lake.core_sources("survey_response")
    ]
    return fingerprint([r and r.content for r in receipts], [r and r.content for r in responses])


def _batches(pending: Sequence[Pending]) -> Iterator[list[Pending]]:
    """Consecutive dates up to `BATCH_ROWS` raw rows."""
    batch: list[Pending] = []
    rows = 0
    for item in pending:
        count = int(item.raw.facts["rows"])
        if batch and rows + count > BATCH_ROWS:
            yield batch
            batch, rows = [], 0
        batch.append(item)
        rows += count
    if batch:
        yield batch


def _build_batch(
    lake: Lake,
    project: Project,
    table: Table,
    *,
    source: str,
    batch: Sequence[Pending],
    mapping: TableMap,
) -> dict[dt.date, dict[str, Any]]:
    for item in batch:
        where = f"sources.{source}.tables.{table.name} ({item.date})"
        check_columns(mapping, item.raw.facts["columns"], where=where)
        check_lookups(mapping, _pulled_columns(lake, mapping, item.date), where=where)
    built = {}
    for group in _alike(lake, project, table, source=source, batch=batch):
        dates = [item.date for item in group]
        context = _context(lake, project, table, source=source, dates=dates)
        raw = _raw_rows(lake, source, dates)
        parts = _split_ways(raw, mapping, table, context, project.privacy.key)
        for item in group:
            facts, accepted, refused = parts.of(item.date)
            facts |= {
                "rows_raw": int(item.raw.facts["rows"]),
                "mode": project.sources[source].mode,
            }
            _check_conservation(facts, mapping, where=f"{table.name} from {source}, {item.date}")
            with lake.core(table.name, source, item.date).replace(item.inputs) as draft:
                accepted.write_parquet(draft.path("accepted.parquet"), compression_level=1)
                if refused.height:
                    refused.write_parquet(draft.path("quarantined.parquet"))
                draft.facts.update(facts)
            built[item.date] = facts
    return built


@dataclass(frozen=True, slots=True)
class _Ways:
    """The ways that the rows of some dates went."""

    latest: dict[dt.date, pl.DataFrame]
    refused: dict[dt.date, pl.DataFrame]
    mapped: dict[dt.date, int]
    superseded: dict[dt.date, int]
    filtered: dict[dt.date, int]
    no_rows: pl.DataFrame

    def of(self, date: dt.date) -> tuple[dict[str, Any], pl.DataFrame, pl.DataFrame]:
        """Counts, accepted rows and quarantined rows of one date."""
        accepted = self.latest.get(date, self.no_rows)
        refused = self.refused.get(date, pl.DataFrame(schema=QUARANTINE))
        facts = {
            "filtered": self.filtered.get(date, 0),
            "rows_mapped": self.mapped.get(date, 0),
            "accepted": accepted.height,
            "quarantined": refused.height,
            "superseded": self.superseded.get(date, 0),
            "reasons": count_reasons(refused),
        }
        return facts, accepted, refused


def _split_ways(
    raw: pl.LazyFrame,
    mapping: TableMap,
    table: Table,
    context: MappingContext,
    pii_key: str | None,
) -> _Ways:
    """Map raw rows and part them into accepted, quarantined and superseded ones."""
    kept = keep_wanted(as_text(raw), mapping)
    plan, _ = map_rows(unpivoted(kept, mapping), mapping, table, context)
    rows = plan.collect(engine="streaming").sort(_in_order(mapping, table))
    quarantined = _quarantined(rows, raw, kept=kept, mapping=mapping, context=context, table=table)
    order = [name for name in rows.columns if name.startswith("_by_")]
    latest, superseded = latest_rows(rows.filter(~pl.col(REFUSED)), table.key, order=order)
    latest = pseudonymised(latest.select(table.polars_schema().names()), table, pii_key)
    return _Ways(
        latest=_by_date(latest),
        refused=_by_date(quarantined),
        mapped=dict(rows.group_by("_logical_date").len().rows()),
        superseded=superseded,
        filtered=_row_counts(raw, kept) if mapping.where else {},
        no_rows=latest.clear(),
    )


def _in_order(mapping: TableMap, table: Table) -> list[str]:
    """Columns that order mapped rows the same way every time, though joins do not.

    Cells of one wide row share its number: what is in them decides.
    """
    cells = [column.name for column in table.columns] if mapping.unpivot else []
    return ["_logical_date", "_source_file", "_row_number", *cells]


def _alike(
    lake: Lake, project: Project, table: Table, *, source: str, batch: Sequence[Pending]
) -> Iterator[list[Pending]]:
    """Split a batch where the extract's schema or the definition of the questions changes.

    A quarantined row holds the columns of its own extract, and with the types they have there.
    """
    group: list[Pending] = []
    previous = None
    for item in batch:
        [rows] = raw_rows(lake, source, [item.date])
        scales = []
        if table.name == "survey_answer":
            questions = question_partitions(lake, project, item.date)
            scales = question_scales(lake, questions).to_dicts()
        current = (list(rows.collect_schema().items()), scales)
        if group and current != previous:
            yield group
            group = []
        group.append(item)
        previous = current
    yield group


def _context(
    lake: Lake, project: Project, table: Table, *, source: str, dates: Sequence[dt.date]
) -> MappingContext:
    mapping = project.sources[source].tables[table.name]
    scales = responses = None
    if table.name == "survey_answer":
        frame = question_scales(lake, question_partitions(lake, project, dates[0]))
        scales = frame.lazy()
        if "survey_id" in frame.columns:
            responses = survey_of_responses(lake, dates)
    return MappingContext(
        source=source,
        time_zone=project.company.time_zone,
        lookups={
            name: lookup_rows(lake, name, dates, columns=columns)
            for name, columns in lookup_columns(mapping).items()
        },
        scales=scales,
        responses=responses,
        pseudonyms=project.privacy.key is not None,
    )


def _pulled_columns(lake: Lake, mapping: TableMap, date: dt.date) -> dict[str, list[str]]:
    """Source looked up → columns of its extract, none where the day has no file."""
    receipts = {name: lake.raw(name, date).receipt() for name in lookup_columns(mapping)}
    return {name: r.facts["columns"] for name, r in receipts.items() if r is not None}


def _raw_rows(lake: Lake, source: str, dates: Sequence[dt.date]) -> pl.LazyFrame:
    """Raw rows with the types of the extract, which is alike on these dates."""
    rows = pl.concat(raw_rows(lake, source, dates), how="vertical")
    return rows.with_columns(pl.lit(source).alias("_source"))


def _quarantined(
    rows: pl.DataFrame,
    raw: pl.LazyFrame,
    *,
    kept: pl.LazyFrame,
    mapping: TableMap,
    context: MappingContext,
    table: Table,
) -> pl.DataFrame:
    """Map the few refused rows once more, in detail."""
    on = list(LINEAGE[1:])
    refused = rows.lazy().filter(pl.col(REFUSED)).select(on).unique()
    if refused.collect().is_empty():
        return pl.DataFrame(schema=QUARANTINE)
    again = unpivoted(kept.join(refused, on=on, how="semi"), mapping)
    plan, reasons = map_rows(again, mapping, table, context, detail=True)
    detailed = plan.collect().sort(_in_order(mapping, table))
    whole = raw.join(refused, on=on, how="semi").collect()
    return spell_out(detailed, reasons, table, whole)


def _row_counts(raw: pl.LazyFrame, kept: pl.LazyFrame) -> dict[dt.date, int]:
    """Rows that `where` left out, by date."""
    before = raw.group_by("_logical_date").len().collect()
    after = dict(kept.group_by("_logical_date").len().collect().rows())
    return {date: count - after.get(date, 0) for date, count in before.rows()}


def _by_date(rows: pl.DataFrame) -> dict[dt.date, pl.DataFrame]:
    parts = rows.partition_by("_logical_date", as_dict=True, maintain_order=True)
    return {key[0]: part for key, part in parts.items()}


def _check_conservation(facts: dict[str, Any], mapping: TableMap, *, where: str) -> None:
    ways = facts["accepted"] + facts["quarantined"] + facts["superseded"]
    expected = facts["rows_mapped"]
    if not mapping.unpivot:
        expected = facts["rows_raw"] - facts["filtered"]
    if ways != expected or facts["rows_mapped"] != expected:
        raise LakeError(
            "rows were lost or made: this is a defect of the pipeline, nothing was written",
            where=where,
            found={name: facts[name] for name in COUNTS},
            allowed="rows_raw - filtered = accepted + quarantined + superseded",
        )
