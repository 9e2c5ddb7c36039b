"""Segments: what moved significantly, and each set from best to worst."""

from collections.abc import Sequence

import polars as pl

from assets.report import choices
from assets.report.choices import Series
from assets.report.edition import Edition
from assets.report.markup import Cell, cell, details, number, table, text
from assets.report.published import Row
from assets.report.sketches import dot, scale_of
from assets.report.texts import NONE


def segments(edition: Edition) -> str:
    """The page of segments."""
    words, found = edition.words, _of_sets(edition)
    intro = words("segments_intro", period=edition.period_label)
    rankings = "".join(
        details(one.name, _rankings(edition, one, found), is_open=place == 0, name="ranking")
        for place, one in enumerate(edition.headlines)
    )
    return f"{_movers(edition, found)}<p>{text(intro)}</p>{rankings}"


def _of_sets(edition: Edition) -> pl.DataFrame:
    shown = pl.col("segment_set").is_in(list(edition.segment_sets))
    return edition.published.segments.filter(shown)


def _movers(edition: Edition, found: pl.DataFrame) -> str:
    words = edition.words
    rows, count = choices.movers(found, [one.code for one in edition.headlines])
    title = f"<h3>{text(words('movers'))}</h3>"
    if not rows:
        is_tested = found["is_significant"].is_not_null().any()
        key = "movers_none" if is_tested else "movers_untested"
        return f"{title}<p>{text(words(key))}</p>"
    told = words("movers_of", shown=str(len(rows)), all=edition.numbers.count(count))
    heads = (
        words("segment"), words("kpi"), words("change"), words("value"), words("n"), words("set"),
    )  # fmt: skip
    shown = [_mover(edition, row, edition.series[row["kpi_code"]]) for row in rows]
    caption = f"{words('movers')} ({edition.period_label}, {words('vs_before')})"
    return f"{title}<p>{text(told)}</p>{table(caption, heads, shown)}"


def _mover(edition: Edition, row: Row, one: Series) -> list[Cell]:
    return [
        cell(row["segment"].strip() or NONE),
        cell(one.name),
        number(edition.change(row, one), is_strong=True),
        number(edition.value(row, one)),
        number(edition.n(row)),
        cell(row["segment_set"]),
    ]


def _rankings(edition: Edition, one: Series, found: pl.DataFrame) -> str:
    """All sets of a KPI, on one scale, so that a dot means the same in each."""
    words, most = edition.words, edition.project.report.segments_per_table
    sets, alone = [], []
    for name in edition.segment_sets:
        rows = found.filter(kpi_code=one.code, segment_set=name)
        if rows.height > 1:
            sets.append((name, *choices.ranking(rows, str(one.kpi["direction"]), most)))
        elif rows.height:
            alone.append(name)
    if not sets and not alone:
        return f"<p>{text(words('no_segments'))}</p>"
    reference = one.current["value"] if one.current else None
    drawn = [row for _, ranked, _ in sets for row in ranked]
    ends = scale_of([(row["value"], row["ci_low"], row["ci_high"], reference) for row in drawn])
    shown = [_ranking(edition, one, *each, ends=ends) for each in sets]
    if any(row["value"] is not None for row in drawn):
        low, high = (edition.numbers.value(end, one.unit) for end in ends)
        shown.insert(0, _note(words("scale", low=low, high=high, level=edition.level)))
    if alone:
        shown.append(_note(words("not_ranked", sets=", ".join(alone))))
    return f'<div class="sets">{"".join(shown)}</div>'


def _note(told: str) -> str:
    return f'<p class="note">{text(told)}</p>'


def _ranking(
    edition: Edition,
    one: Series,
    name: str,
    ranked: Sequence[Row],
    count: int,
    *,
    ends: tuple[float, float],
) -> str:
    words = edition.words
    reference = one.current["value"] if one.current else None
    heads = (
        words("segment"), words("rank"), words("value"), words("change"), words("state"),
        words("interval", level=edition.level), words("n"),
    )  # fmt: skip
    body = [_rank(edition, row, one, ends=ends, reference=reference) for row in ranked]
    told = words("segments_of", shown=str(len(ranked)), all=edition.numbers.count(count))
    note = _note(told) if len(ranked) < count else ""
    caption = f"{one.name}, {name}, {edition.period_label}"
    return f"<div>{table(caption, heads, body)}{note}</div>"


def _rank(
    edition: Edition,
    row: Row,
    one: Series,
    *,
    ends: tuple[float, float],
    reference: float | None,
) -> list[Cell]:
    has_moved = bool(row["is_significant"])
    interval = (row["ci_low"], row["ci_high"])
    drawn = dot(row["value"], interval, ends, reference=reference, is_marked=has_moved)
    told = edition.numbers.interval(*interval, one.unit)
    return [
        cell(row["segment"].strip() or NONE),
        number(NONE if row["rank"] is None else str(row["rank"])),
        number(edition.value(row, one)),
        number(edition.change(row, one), is_strong=has_moved),
        Cell(text(edition.significance(row)), is_strong=has_moved, is_short=True),
        Cell(f'<span class="with">{drawn}<span class="ends">{text(told)}</span></span>'),
        number(edition.n(row)),
    ]
