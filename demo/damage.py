"""Faults on raw rows: scores off their scale, exact duplicates, broken and orphaned extra rows.

Faults that change what is sent when are in `demo.faults`.
"""

import datetime as dt

import polars as pl

from demo.plan import skipped_hour
from demo.shapes import Fault, Outcome
from demo.surveys import ANSWER
from demo.workbench import KEY, Workbench

IS_FREE = pl.col("_fault").is_null() & ~pl.col("_spared")


def push_off_scale(
    bench: Workbench, frame: pl.DataFrame, raw: pl.DataFrame, fault: Fault
) -> tuple[pl.DataFrame, set[tuple[str, str]]]:
    """Replace scores by ones that their question's scale does not have.

    Args:
        bench: Source and day.
        frame: Canonical rows, in the order of `raw`.
        raw: Raw rows.
        fault: What to put where.

    Returns:
        The raw rows and `(response_id, question_id)` of the answers lost.
    """
    question = str(bench.rng.choice(fault.among)) if bench.source.answers == "wide" else None
    cell = f"{ANSWER}{question}" if question else fault.column
    eligible = pl.col(cell).is_not_null()
    if not question:
        eligible = eligible & pl.col("question_id").is_in(fault.among)
    chosen = bench.choose(
        fault, frame.select(eligible).to_series() & raw.select(IS_FREE).to_series()
    )
    if not len(chosen):
        return raw, set()
    lost, numbers = set(), []
    for row in frame[chosen].to_dicts():
        asked = question or str(row["question_id"])
        key = {"response_id": row["response_id"], "question_id": asked, "choice": None}
        entry = bench.entry(fault, key, "quarantined")
        entry.clean, entry.found = str(row[cell]), fault.found
        numbers.append(bench.recorder.enter(entry))
        lost.add((str(row["response_id"]), asked))
    header = bench.header(cell)
    changed = raw.with_columns(
        raw[header].scatter(chosen, pl.Series([fault.found] * len(chosen), dtype=pl.String)),
        raw["_fault"].scatter(chosen, pl.Series(numbers, dtype=pl.Int64)),
    )
    return changed, lost


def copies(bench: Workbench, raw: pl.DataFrame) -> pl.DataFrame:
    """Exact duplicates further down in the same extract; `_twin` has the entry's number."""
    faults = bench.wanted("exact_duplicate")
    if not faults:
        return raw.clear()
    chosen = bench.choose(faults[0], raw.select(IS_FREE).to_series())
    if not len(chosen):
        return raw.clear()
    keys = [_key_of(row) for row in raw[chosen].to_dicts()]
    numbers = [bench.recorder.enter(bench.entry(faults[0], key, "superseded")) for key in keys]
    first = chosen + 0.25
    places = first + bench.rng.random(len(chosen)) * (raw.height - first)
    return raw[chosen].with_columns(
        pl.Series("_twin", numbers, dtype=pl.Int64), pl.Series("_pos", places, dtype=pl.Float64)
    )


def marked_twins(raw: pl.DataFrame, twins: pl.DataFrame) -> pl.DataFrame:
    """Note the entry on the earlier of two equal rows: the one that is superseded."""
    if not twins.height:
        return raw
    names = [name for name in raw.columns if name.startswith(KEY)]
    numbers = twins.select(*names, pl.col("_twin").alias("_number"))
    return (
        raw.join(numbers, on=names, how="left", nulls_equal=True, maintain_order="left")
        .with_columns(pl.coalesce("_fault", "_number").alias("_fault"))
        .drop("_number")
    )


def broken_rows(bench: Workbench, raw: pl.DataFrame, fault: Fault) -> pl.DataFrame:
    """Extra rows with a key of their own and one cell that cannot be accepted."""
    date = bench.settings.date(bench.day)
    if fault.kind == "skipped_hour" and not skipped_hour(date):
        return raw.clear()
    rows = _spare_rows(bench, raw, fault, tag=f"-{fault.kind}")
    if not rows.height:
        return rows
    header, found = bench.header(fault.column), fault.found
    if fault.kind == "skipped_hour":
        form = next(own.form for own in bench.source.fields if own.column == fault.column)
        found = pl.select(form(pl.lit(dt.datetime.combine(date, dt.time(2, 30))))).item()
    if found is None:
        rows = rows.with_columns(pl.lit(None, dtype=raw.schema[header]).alias(header))
    else:
        rows = rows.with_columns(pl.lit(found).alias(header))
    if fault.kind == "missing_id":
        rows = rows.with_columns(pl.lit(None, dtype=pl.String).alias(f"{KEY}{fault.column}"))
    return _entered(bench, rows, fault, "filtered" if fault.kind == "filtered" else "quarantined")


def orphan_rows(bench: Workbench, raw: pl.DataFrame, fault: Fault) -> pl.DataFrame:
    """Extra child rows whose parent no extract ever has."""
    return _entered(bench, _spare_rows(bench, raw, fault, tag="-none"), fault, "accepted")


def _spare_rows(bench: Workbench, raw: pl.DataFrame, fault: Fault, *, tag: str) -> pl.DataFrame:
    """Copies of random rows under fresh keys, at random places."""
    eligible = IS_FREE
    if fault.among:
        eligible = eligible & pl.col(f"{KEY}question_id").is_in(fault.among)
    chosen = bench.choose(fault, raw.select(eligible).to_series())
    if not len(chosen):
        return raw.clear()
    places = bench.rng.random(len(chosen)) * raw.height
    key = f"{KEY}{bench.key[0]}"
    return raw[chosen].with_columns(
        (pl.col(key) + tag).alias(key),
        (pl.col(key) + tag).alias(bench.header(bench.key[0])),
        pl.Series("_pos", places, dtype=pl.Float64),
    )


def _entered(bench: Workbench, rows: pl.DataFrame, fault: Fault, outcome: Outcome) -> pl.DataFrame:
    header, numbers = bench.header(fault.column), []
    for row in rows.to_dicts():
        entry = bench.entry(fault, _key_of(row), outcome)
        entry.found = row[header]
        numbers.append(bench.recorder.enter(entry))
    return rows.with_columns(pl.Series("_fault", numbers, dtype=pl.Int64))


def _key_of(row: dict[str, object]) -> dict[str, object]:
    return {name.removeprefix(KEY): value for name, value in row.items() if name.startswith(KEY)}
