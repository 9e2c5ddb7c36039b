"""The first screen: a tile a headline KPI, and what each page says of all of its KPIs."""

from collections.abc import Sequence

from assets.report.choices import Series
from assets.report.edition import Edition
from assets.report.markup import Cell, cell, number, table, text
from assets.report.sketches import sparkline
from assets.report.texts import NONE


def tiles(edition: Edition) -> str:
    """The tiles of the headline KPIs, as a list."""
    shown = "".join(_tile(edition, one) for one in edition.headlines)
    return f'<ul class="tiles">{shown}</ul>'


def _tile(edition: Edition, one: Series) -> str:
    words, row = edition.words, one.current
    verdict = edition.verdict(row, one) if row else "unchanged"
    tone = verdict if one.has_moved else "calm"
    facts = (
        (words("target"), edition.target(row, one)),
        (words("benchmark"), edition.benchmark(row, one)),
        (words("interval", level=edition.level), _interval(edition, one)),
        (words("n"), edition.n(row)),
        *_year_ago(edition, one),
    )
    listed = "".join(f"<div><dt>{text(k)}</dt><dd>{text(v)}</dd></div>" for k, v in facts)
    moved = edition.significance(row)
    change = "" if moved == NONE else f"{text(edition.change(row, one))} · <em>{text(moved)}</em>"
    spark = sparkline([each["value"] for each in one.points])
    return (
        f'<li class="tile {tone}"><h3>{text(one.name)}</h3>'
        f'<p class="big"><span>{text(shown_value(edition, one))}</span>{spark}</p>'
        f'<p class="change">{change or text(words("no_before"))}</p><dl>{listed}</dl></li>'
    )


def shown_value(edition: Edition, one: Series) -> str:
    """Value of the leading period; where there is none, the last one that there was."""
    row = one.current
    if row is not None and (row["value"] is not None or row["suppression"]):
        return edition.value(row, one)
    last = next((each for each in reversed(one.points) if each["value"] is not None), None)
    if last is None:
        return edition.words("no_value")
    value = edition.numbers.value(last["value"], one.unit)
    return edition.words("last_value", value=value, period=last["label"])


def _year_ago(edition: Edition, one: Series) -> tuple[tuple[str, str], ...]:
    before = one.current["year_ago_value"] if one.current else None
    if before is None:
        return ()
    return ((edition.words("year_ago"), edition.numbers.value(before, one.unit)),)


def _interval(edition: Edition, one: Series) -> str:
    row = one.current
    return edition.numbers.interval(row["ci_low"], row["ci_high"], one.unit) if row else NONE


def kpi_table(edition: Edition, caption: str, members: Sequence[Series]) -> str:
    """All KPIs of a page: value, interval, change, target, n."""
    words = edition.words
    heads = (
        words("kpi"), words("value"), words("trend"), words("interval", level=edition.level),
        words("change"), words("state"), words("target"), words("n"),
    )  # fmt: skip
    return table(caption, heads, [_kpi_row(edition, one) for one in members])


def _kpi_row(edition: Edition, one: Series) -> list[Cell]:
    row = one.current
    return [
        cell(one.name),
        number(shown_value(edition, one)),
        Cell(sparkline([each["value"] for each in one.points])),
        number(_interval(edition, one)),
        number(edition.change(row, one)),
        Cell(text(edition.significance(row)), is_strong=one.has_moved, is_short=True),
        cell(edition.target(row, one)),
        number(edition.n(row)),
    ]
