"""Planting faults in a source's clean rows: what comes late, wrong first, or for nobody.

The final state of the company stays the clean one wherever it can: a restated row is first sent
wrong and later as it should be, and broken rows are extra rows with keys of their own
(`demo.damage`). Only orphans and scores off their scale change a clean row for good. Nothing here
writes files.
"""

from dataclasses import dataclass, field

import polars as pl

from demo.clock import Ints, Later, stream
from demo.damage import broken_rows, copies, marked_twins, orphan_rows, push_off_scale
from demo.manifest import Recorder
from demo.questionnaire import QUESTIONS
from demo.settings import Settings
from demo.shapes import Fault, Field, Source
from demo.surveys import ANSWER, long_answers
from demo.workbench import KEY, Workbench

LATE_DAYS = (3, 41)
RESTATED_DAYS = (1, 11)
CHANGED = ("late", "restated", "moved_month", "orphan")
BROKEN = ("missing_id", "bad_date", "bad_number", "unmapped_value", "skipped_hour", "filtered")
CELLS = {question.id: question.cell for question in QUESTIONS}


@dataclass(slots=True)
class Planted:
    """A day of one source, ready to be written.

    Attributes:
        rows: Raw columns in order, then inner ones: key, `_fault`, `_twin`, `_part`.
        touched: First key column of the rows that something was done to.
        lost: `(response_id, question_id)` of answers that cannot be accepted.
    """

    rows: pl.DataFrame
    touched: set[str] = field(default_factory=set)
    lost: set[tuple[str, str]] = field(default_factory=set)


class Planter:
    """Plants one source's faults; keeps in memory only the rows that are to come later."""

    def __init__(self, source: Source, settings: Settings, recorder: Recorder) -> None:
        self._source = source
        self._settings = settings
        self._recorder = recorder
        self._later = Later(settings.days - 1)

    def plant(self, clean: pl.DataFrame, day: int, spared: set[str]) -> Planted:
        """Raw rows of a day, faults included.

        Args:
            clean: Clean rows of the source's stream.
            day: Day counted from 0.
            spared: First key column of rows to leave alone.
        """
        rng = stream(self._settings.seed, f"faults {self._source.name}", day)
        bench = Workbench(self._source, self._settings, self._recorder, rng, day)
        frame = _derived(bench, clean, spared)
        for fault in bench.wanted(*CHANGED):
            frame = self._change(bench, frame, fault)
        frame = pl.concat([frame, *self._later.pop(day)])
        raw, lost = _shaped(bench, frame), set()
        for fault in bench.wanted("out_of_scale"):
            raw, gone = push_off_scale(bench, frame, raw, fault)
            lost |= gone
        twins = copies(bench, raw)
        extras = [broken_rows(bench, raw, fault) for fault in bench.wanted(*BROKEN)]
        extras += [orphan_rows(bench, raw, fault) for fault in bench.wanted("orphan_parent")]
        rows = pl.concat([marked_twins(raw, twins), twins, *extras])
        touched = raw.filter(pl.col("_fault").is_not_null() | pl.col("_spared"))
        return Planted(
            rows=rows.sort("_pos", maintain_order=True).drop("_pos", "_spared"),
            touched=set(touched[f"{KEY}{bench.key[0]}"].drop_nulls()),
            lost=lost,
        )

    def _change(self, bench: Workbench, frame: pl.DataFrame, fault: Fault) -> pl.DataFrame:
        """Hold rows back, send them wrong first, or point them at nobody."""
        is_free = pl.col("_final") & pl.col("_fault").is_null()
        eligible = is_free & pl.col(fault.column).is_not_null()
        if fault.among:
            eligible = eligible & pl.col("question_id").is_in(fault.among)
        chosen = bench.choose(fault, frame.select(eligible).to_series())
        if not len(chosen):
            return frame
        if fault.kind == "orphan":
            marks = self._enter(bench, frame[chosen], fault)
            return _altered(frame, chosen, fault, marks)
        first, last = LATE_DAYS if fault.kind == "late" else RESTATED_DAYS
        due = bench.day + bench.rng.integers(first, last, len(chosen))
        in_time = due < self._settings.days
        chosen, due = chosen[in_time], due[in_time]
        marks = self._enter(bench, frame[chosen], fault)
        self._later.push(frame[chosen].with_columns(marks), due)
        if fault.kind == "late":
            return frame.filter(~_is_at(chosen))
        return _altered(frame, chosen, fault, marks.clear(len(marks)))

    def _enter(self, bench: Workbench, rows: pl.DataFrame, fault: Fault) -> pl.Series:
        """Note faults on canonical rows; the file and the row follow when they are written."""
        numbers = []
        for row in rows.to_dicts():
            entry = bench.entry(fault, {name: row[name] for name in bench.key}, "accepted")
            if fault.kind == "late":
                entry.event_on = row[fault.column]
            else:
                entry.clean = str(row[fault.column])
            if fault.kind in {"restated", "moved_month"}:
                entry.first_sent_on = self._settings.date(bench.day)
            numbers.append(self._recorder.enter(entry))
        return pl.Series("_fault", numbers, dtype=pl.Int64)


def _is_at(chosen: Ints) -> pl.Expr:
    return pl.int_range(pl.len()).is_in(pl.Series(chosen, dtype=pl.Int64).implode())


def _altered(frame: pl.DataFrame, chosen: Ints, fault: Fault, marks: pl.Series) -> pl.DataFrame:
    """Change a column of the chosen rows, mark them, and let nothing else happen to them."""
    if fault.alter is None:
        msg = f"a fault of kind {fault.kind!r} on {fault.column!r} needs `alter`"
        raise ValueError(msg)
    here = _is_at(chosen)
    changed = fault.alter(pl.col(fault.column))
    return frame.with_columns(
        frame["_fault"].scatter(chosen, marks),
        pl.when(here).then(changed).otherwise(fault.column).alias(fault.column),
        (pl.col("_final") & ~here).alias("_final"),
        (pl.col("_spared") | here).alias("_spared"),
    )


def _derived(bench: Workbench, clean: pl.DataFrame, spared: set[str]) -> pl.DataFrame:
    """The stream as this source tells it.

    Adds `_fault` (number of an entry), `_spared` (leave alone), and `_final` where it lacks.
    """
    frame = long_answers(clean) if bench.source.answers == "long" else clean
    if "_final" not in frame.columns:
        frame = frame.with_columns(pl.lit(value=True).alias("_final"))
    if any(own.column == "_state" for own in bench.source.fields):
        frame = frame.with_columns(pl.lit("completed").alias("_state"))
    names = pl.Series(sorted(spared), dtype=pl.String).implode()
    is_spared = pl.col(bench.key[0]).is_in(names) if spared else pl.lit(value=False)
    return frame.with_columns(
        (pl.col("_final") & ~is_spared).alias("_final"),
        pl.lit(None, dtype=pl.Int64).alias("_fault"),
        is_spared.alias("_spared"),
    )


def _shaped(bench: Workbench, frame: pl.DataFrame) -> pl.DataFrame:
    """Raw columns and the inner ones."""
    split = bench.source.split
    return frame.select(
        *(_cell(bench.source, own) for own in bench.source.fields),
        *(pl.col(name).alias(f"{KEY}{name}") for name in bench.key),
        *([pl.col(split[0]).alias("_part")] if split else []),
        "_fault",
        pl.lit(None, dtype=pl.Int64).alias("_twin"),
        pl.int_range(pl.len()).cast(pl.Float64).alias("_pos"),
        "_spared",
    )


def _cell(source: Source, own: Field) -> pl.Expr:
    """A raw column; blank scores of a survey tool may have a text of their own."""
    shown = own.form(pl.col(own.column))
    is_score = CELLS.get(own.column.removeprefix(ANSWER)) == "score"
    if source.answers == "wide" and source.blank and is_score:
        shown = shown.fill_null(source.blank)
    return shown.alias(own.raw)
