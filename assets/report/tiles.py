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
    listed = f'<ul class="tiles">{shown}</ul>' if shown else ""
    absent = edition.absent_headlines
    told = edition.words("headlines_absent", names=", ".join(absent))
    note = f"<p>{text(told)}</p>" if absent else ""
    return f'<p class="gist">{text(_gist(edition))}</p>{listed}{note}'


def _gist(edition: Edition) -> str:
    """The first screen in two sentences: what moved, and how many targets are met."""
    words = edition.words
    rows = [(one, one.current) for one in edition.headlines if one.current]
    moved = [
        f"{one.name} ({words(edition.verdict(row, one))})" for one, row in rows if one.has_moved
    ]
    parts = [words("gist_moved", names=", ".join(moved)) if moved else words("gist_calm")]
    judged = [row["status"] for _, row in rows if row["status"] in {"on_target", "off_target"}]
    if judged:
        met, all_ = str(judged.count("on_target")), str(len(judged))
        parts.append(words("gist_targets", met=met, all=all_))
    return " ".join(parts)


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
    if not change:
        change = text(words("no_before") if _has_value(one) else _last_value(edition, one))
    told = f'<p class="change">{change}</p>' if change else ""
    spark = sparkline([each["value"] for each in one.points])
    return (
        f'<li class="tile {tone}"><h3>{text(one.name)}</h3>'
        f'<p class="big"><span>{text(edition.value(row, one))}</span>{spark}</p>'
        f"{told}<dl>{listed}</dl></li>"
    )


def shown_value(edition: Edition, one: Series) -> str:
    """Value of the leading period; where there is none, the last one that there was."""
    value = edition.value(one.current, one)
    if _has_value(one) or (one.current and one.current["suppression"]):
        return value
    last = _last_value(edition, one)
    return edition.words("none_but_last", value=value, last=last) if last else value


def _last_value(edition: Edition, one: Series) -> str:
    """The last value there was, where the leading period has none."""
    last = next((each for each in reversed(one.points) if each["value"] is not None), None)
    if last is None:
        return ""
    value = edition.numbers.value(last["value"], one.unit)
    return edition.words("last_value", value=value, period=last["label"])


def _has_value(one: Series) -> bool:
    return one.current is not None and one.current["value"] is not None


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
        Cell(text(shown_value(edition, one)), is_number=True, is_long=not _has_value(one)),
        Cell(sparkline([each["value"] for each in one.points])),
        number(_interval(edition, one)),
        number(edition.change(row, one)),
        Cell(text(edition.significance(row)), is_strong=one.has_moved, is_short=True),
        cell(edition.target(row, one)),
        number(edition.n(row)),
    ]
