"""The page of the data: freshness, quarantine, restatements, checks, and what is not there."""

from assets.report.edition import Edition
from assets.report.markup import Cell, cell, number, table, text
from assets.report.published import Row
from assets.report.sketches import bar
from assets.report.texts import NONE

_PROBLEMS = ("error", "warn", "waived")


def quality(edition: Edition) -> str:
    """The page of data quality."""
    parts = (_summary, _sources, _quarantine, _restatements, _problems, _inventory)
    return "".join(part(edition) for part in parts)


def _summary(edition: Edition) -> str:
    """How the data stands, in one list of counts."""
    words, numbers, found = edition.words, edition.numbers, edition.published.quality
    stale = sum(bool(row["is_stale"]) for row in found.sources)
    checks = ", ".join(
        f"{numbers.count(row['results'])} {words.or_as_is(row['status'], row['status'])}"
        for row in found.checks
    )
    run = edition.published.run or {"rows_quarantined": 0}
    restated = sum(row["restated"] for row in found.restated)
    withheld = _withheld(edition)
    refused = numbers.count(run["rows_quarantined"])
    facts = (
        (words("sources"), f"{len(found.sources)}, {stale} {words('missing_stale')}"),
        (words("checks"), checks or NONE),
        (words("in_quarantine"), f"{refused} {words('rows').lower()}"),
        (words("restatements"), numbers.count(restated)),
    )
    listed = "".join(f"<div><dt>{text(k)}</dt><dd>{text(v)}</dd></div>" for k, v in facts)
    note = words("withheld", all=numbers.count(withheld))
    return f'<dl class="facts">{listed}</dl><p>{text(note)}</p>'


def _withheld(edition: Edition) -> int:
    """Values of the leading period that are withheld."""
    if edition.period is None:
        return 0
    frames = (edition.published.totals, edition.published.segments)
    of_period = (frame.filter(period_start=edition.period["period_start"]) for frame in frames)
    return sum(frame["suppression"].drop_nulls().len() for frame in of_period)


def _sources(edition: Edition) -> str:
    words, numbers = edition.words, edition.numbers
    heads = (
        words("source"), words("state"), words("last_loaded"), words("dates_loaded"), words("rows"),
    )  # fmt: skip
    rows = [
        [
            cell(row["source"]),
            Cell(
                text(f"✗ {words('stale')}" if row["is_stale"] else f"✓ {words('fresh')}"),
                is_strong=bool(row["is_stale"]),
            ),
            cell(numbers.date(row["last_loaded_on"])),
            number(numbers.count(row["dates_loaded"])),
            number(numbers.count(row["rows_raw"])),
        ]
        for row in edition.published.quality.sources
    ]
    title = words("freshness")
    if not rows:
        return f"<h3>{text(title)}</h3><p>{text(words('no_sources'))}</p>"
    return f"<h3>{text(title)}</h3>{table(title, heads, rows)}"


def _quarantine(edition: Edition) -> str:
    words, found = edition.words, edition.published.quality
    title = words("quarantine")
    if not found.reasons:
        return f"<h3>{text(title)}</h3><p>{text(words('no_reasons'))}</p>"
    most = max(row["rows"] for row in found.reasons)
    told = words(
        "quarantine_of", shown=str(len(found.reasons)), all=edition.numbers.count(found.all_reasons)
    )
    rows = [
        [
            cell(f"{row['table_name']}.{row['column_name']}"),
            cell(words.or_as_is(row["expectation"], row["expectation"].replace("_", " "))),
            number(edition.numbers.count(row["rows"])),
            Cell(bar(row["rows"] / most)),
        ]
        for row in found.reasons
    ]
    heads = (words("table"), words("reason"), words("rows"), words("count"))
    return f"<h3>{text(title)}</h3><p>{text(told)}</p>{table(title, heads, rows)}"


def _restatements(edition: Edition) -> str:
    words, found = edition.words, edition.published.quality
    title = words("restatements")
    if not found.restated:
        return f"<h3>{text(title)}</h3><p>{text(words('no_restatements'))}</p>"
    by_reason = table(
        f"{title}: {words('reason')}",
        (words("reason"), words("count")),
        [
            [cell(_reasons(edition, row)), number(edition.numbers.count(row["restated"]))]
            for row in found.restated
        ],
    )
    told = words(
        "restatements_of",
        all=edition.numbers.count(sum(row["restated"] for row in found.restated)),
        shown=str(len(found.restatements)),
        grain=words(f"grain_{edition.project.report.period}"),
    )
    latest = _latest_restatements(edition) if found.restatements else ""
    return f"<h3>{text(title)}</h3><p>{text(told)}</p>{by_reason}{latest}"


def _latest_restatements(edition: Edition) -> str:
    words, numbers = edition.words, edition.numbers
    kpis = {row["kpi_code"]: row for row in edition.published.kpis.to_dicts()}
    rows = []
    for row in edition.published.quality.restatements:
        kpi = kpis.get(row["kpi_code"])
        unit = kpi["unit"] if kpi else "score"
        rows.append(
            [
                cell(kpi[f"name_{words.language}"] if kpi else row["kpi_code"]),
                cell(row["label"]),
                number(numbers.value(row["old_value"], unit)),
                number(numbers.value(row["new_value"], unit)),
                cell(_reasons(edition, row)),
                cell(numbers.date(row["known_at"].date())),
            ]
        )
    heads = (
        words("kpi"), words("period"), words("old_value"), words("new_value"), words("reason"),
        words("date"),
    )  # fmt: skip
    return table(words("restatements"), heads, rows)


def _reasons(edition: Edition, row: Row) -> str:
    reasons = (each.strip() for each in row["reasons"].split(","))
    return ", ".join(edition.words.or_as_is(f"reason_{each}", each) for each in reasons)


def _problems(edition: Edition) -> str:
    words, found = edition.words, edition.published.quality
    title = words("checks")
    if not found.problems:
        return f"<h3>{text(title)}</h3><p>{text(words('checks_passed'))}</p>"
    count = sum(row["results"] for row in found.checks if row["status"] in _PROBLEMS)
    told = words(
        "checks_of",
        results=edition.numbers.count(count),
        shown=str(len(found.problems)),
        all=edition.numbers.count(found.all_problems),
    )
    rows = [
        [
            cell(_check(row)),
            cell(words.or_as_is(row["status"], row["status"])),
            Cell(text(edition.numbers.date(row["period_start"])), is_short=True),
            number(edition.numbers.count(row["times"])),
            Cell(f"{text(row['message'])}<br><small>{text(row['mend'])}</small>"),
        ]
        for row in found.problems
    ]
    heads = (words("check"), words("state"), words("latest"), words("times"), words("finding"))
    return f"<h3>{text(title)}</h3><p>{text(told)}</p>{table(title, heads, rows)}"


def _check(row: Row) -> str:
    subject = f" ({row['subject']})" if row["subject"] else ""
    return f"{row['asset']}: {row['check_name']}{subject}"


def _inventory(edition: Edition) -> str:
    words, found = edition.words, edition.published.quality
    if not found.inventory:
        return ""
    kpis = {row["kpi_code"]: row for row in edition.published.kpis.to_dicts()}
    rows = []
    for row in found.inventory:
        kpi = kpis.get(row["kpi_code"])
        lacking = (row["missing_inputs"], row["missing_settings"], row["stale_sources"])
        rows.append(
            [
                cell(kpi[f"name_{words.language}"] if kpi else row["kpi_code"]),
                cell(words(f"missing_{row['status']}")),
                cell(", ".join(each for each in lacking if each) or NONE),
            ]
        )
    title = words("missing_kpis")
    heads = (words("kpi"), words("state"), words("reason"))
    return f"<h3>{text(title)}</h3>{table(title, heads, rows)}"
