"""Trends: a picture a KPI, with its figures as a table beside it."""

from collections.abc import Iterator, Sequence

from assets.report import charts
from assets.report.choices import Series
from assets.report.edition import Edition
from assets.report.markup import Cell, details, number, table, text
from assets.report.published import Row


def trend_figures(edition: Edition, shown: Sequence[Series], numbering: Iterator[int]) -> str:
    """Pictures of several KPIs side by side.

    Args:
        edition: What the report is made from.
        shown: KPIs, with two values or more.
        numbering: Gives each picture of the page a number of its own.
    """
    drawn = "".join(_figure(edition, one, next(numbering)) for one in shown)
    return f'<div class="figures">{drawn}</div>'


def _figure(edition: Edition, one: Series, place: int) -> str:
    words = edition.words
    last = next(row for row in reversed(one.points) if row["value"] is not None)
    name = words(
        "trend_of",
        name=one.name,
        first=one.points[0]["label"],
        last=one.points[-1]["label"],
        value=edition.numbers.value(last["value"], one.unit),
    )
    svg = charts.to_svg(charts.trend(one.points), name=name, number=place, language=words.language)
    unit = edition.numbers.unit(one.unit)
    direction = words(str(one.kpi["direction"]))
    return (
        f"<figure><figcaption><h3>{text(one.name)}</h3>"
        f'<p class="unit">{text(unit)} · {text(direction)}</p></figcaption>{svg}'
        f'<p class="note">{text(_note(edition, one))}</p>'
        + details(words("figures_of", name=one.name), _table(edition, one))
        + "</figure>"
    )


def _note(edition: Edition, one: Series) -> str:
    """What the picture shows besides its line, in words."""
    words, points = edition.words, one.points
    parts = []
    if any(row["ci_low"] is not None for row in points):
        parts.append(words("band", level=edition.level))
    for key in ("target", "benchmark"):
        last = next((row[key] for row in reversed(points) if row[key] is not None), None)
        if last is not None:
            parts.append(words(f"{key}_line", value=edition.numbers.value(last, one.unit)))
    if any(not row["is_complete"] and row["value"] is not None for row in points):
        parts.append(words("hollow"))
    if not charts.begins_at_zero(points):
        parts.append(words("axis_cut"))
    return " ".join(parts)


def _table(edition: Edition, one: Series) -> str:
    words = edition.words
    heads = (
        words("period"), words("value"), words("interval", level=edition.level), words("change"),
        words("state"), words("n"),
    )  # fmt: skip
    rows = [
        [
            Cell(text(_period(edition, row)), is_short=True),
            number(edition.value(row, one)),
            number(edition.numbers.interval(row["ci_low"], row["ci_high"], one.unit)),
            number(edition.change(row, one)),
            Cell(text(edition.significance(row)), is_short=True),
            number(edition.n(row)),
        ]
        for row in reversed(one.points)
    ]
    told = edition.pair(words("definition"), one.kpi["formula"])
    return f'<p class="note">{text(told)}</p>{table(one.name, heads, rows)}'


def _period(edition: Edition, row: Row) -> str:
    label = str(row["label"])
    return label if row["is_complete"] else f"{label} ({edition.words('to_date')})"
