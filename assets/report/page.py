"""The whole document: head, navigation, pages in order. One file that asks for nothing else."""

from collections.abc import Iterator
from importlib import resources
from itertools import count

from assets.report import choices
from assets.report.choices import Series
from assets.report.edition import Edition
from assets.report.markup import details, section, text
from assets.report.quality_page import quality
from assets.report.segments import segments
from assets.report.tiles import kpi_table, tiles
from assets.report.trends import trend_figures

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Content security policy: the browser itself refuses whatever would be asked of a network."""


def page(edition: Edition, *, generator: str) -> str:
    """The report as one HTML document.

    Args:
        edition: What it is made from.
        generator: Names what it was made from; a later run compares it.
    """
    words = edition.words
    title = edition.project.report.title or words("title", company=edition.project.company.name)
    parts = list(_sections(edition))
    links = "".join(f'<li><a href="#{name}">{text(head)}</a></li>' for name, head, _ in parts)
    body = "".join(section(name, head, content) for name, head, content in parts)
    style = resources.files("assets.report").joinpath("report.css").read_text(encoding="utf-8")
    return (
        f'<!DOCTYPE html>\n<html lang="{words.language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="generator" content="{text(generator)}">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light">\n<link rel="icon" href="data:,">\n'
        f"<title>{text(_window_title(edition, title))}</title>\n"
        f"<style>\n{style}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#overview">{text(words("skip"))}</a>\n'
        f'<header><h1>{text(title)}</h1><p class="lead">{text(_lead(edition))}</p></header>\n'
        f'<nav aria-label="{text(words("contents"))}"><ul>{links}</ul></nav>\n'
        f"<main>\n{body}\n</main>\n"
        f"<footer>{_footer(edition)}</footer>\n</body>\n</html>\n"
    )


def _window_title(edition: Edition, title: str) -> str:
    return title if edition.period is None else f"{title}, {edition.period_label}"


def _lead(edition: Edition) -> str:
    words, run = edition.words, edition.published.run
    sources = edition.published.quality.sources
    stale = sum(bool(row["is_stale"]) for row in sources)
    parts = []
    if edition.period is not None:
        period = edition.pair(words("period"), edition.period_label)
        parts.append(f"{period}, {words('vs_before')}")
    if run:
        parts.append(words("data_to", as_of=edition.numbers.date(run["as_of"])))
    parts.append(words("stale_sources", stale=str(stale), all=str(len(sources))))
    return " · ".join(parts)


def _sections(edition: Edition) -> Iterator[tuple[str, str, str]]:
    """Name, title and content of each page."""
    words, numbering = edition.words, count(1)
    if edition.period is None:
        yield "overview", words("overview"), f"<p>{text(words('nothing'))}</p>"
    else:
        yield "overview", words("overview"), tiles(edition)
        charted = [one for one in edition.headlines if one.has_trend]
        yield "trends", words("trends"), _trends(edition, charted, numbering)
        yield "segments", words("segments"), segments(edition)
        yield from _families(edition, [one.code for one in charted], numbering)
    yield "quality", words("quality"), quality(edition)


def _families(
    edition: Edition, shown: list[str], numbering: Iterator[int]
) -> Iterator[tuple[str, str, str]]:
    words = edition.words
    for family in choices.FAMILIES:
        codes = [code for code, one in edition.series.items() if one.kpi["family"] == family]
        members = [edition.series[code] for code in choices.by_renown(codes)]
        if not members:
            continue
        title = words(f"family_{family}")
        charted = choices.charted(members, shown)
        further = len([one for one in members if one.code not in shown])
        told = words("charts_of", shown=str(len(charted)), all=str(further)) if charted else ""
        figures = trend_figures(edition, charted, numbering) if charted else ""
        note = f"<p>{text(told)}</p>" if told else ""
        caption = f"{title}, {edition.period_label}"
        yield family, title, kpi_table(edition, caption, members) + note + figures


def _trends(edition: Edition, charted: list[Series], numbering: Iterator[int]) -> str:
    short = ", ".join(one.name for one in edition.headlines if not one.has_trend)
    told = edition.words("too_short", names=short) if short else ""
    if not edition.headlines:
        told = edition.words("no_trends")
    return trend_figures(edition, charted, numbering) + (f"<p>{text(told)}</p>" if told else "")


def _footer(edition: Edition) -> str:
    words, run = edition.words, edition.published.run
    reading = details(
        words("how_to_read"), f"<p>{text(words('how_to_read_text', level=edition.level))}</p>",
        is_open=True,
    )  # fmt: skip
    if run is None:
        return reading
    told = words(
        "published",
        at=f"{run['published_at']:%Y-%m-%d %H:%M}",
        as_of=edition.numbers.date(run["as_of"]),
        publish_id=run["publish_id"],
    )
    return f"{reading}<p>{text(told)}</p>"
