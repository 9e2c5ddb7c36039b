"""What the dashboard shows: its tabs, and which chart stands where.

What people look for first is decided by `assets.report.choices`, as it is for the report.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from assets.report.choices import by_renown, first_screen
from pipelines.superset import datasets
from pipelines.superset.chart import Chart, Filter, Metric, Place, Sql
from pipelines.superset.charts import bars, big_number, counts, heat_map, listing, trend
from pipelines.superset.texts import Words, d3_format
from schemas.config.project import Project
from schemas.kpis.catalogue import Published, published_kpis

GRAIN: Final = "grain"
PERIOD: Final = "period"
RANGE: Final = "range"
SET: Final = "set"
SEGMENT: Final = "segment"
COMPARE: Final = "compare"
KPI: Final = "kpi"
"""Filters of the dashboard."""

TREND_FILTERS = (GRAIN, SET, SEGMENT, RANGE)
ROW_FILTERS = (GRAIN, SET, SEGMENT, PERIOD)
SEGMENT_FILTERS = (GRAIN, COMPARE, KPI)

_CHARTS_PER_FAMILY = 6
_PAGES = (("experience",), ("service",), ("loyalty", "value"), ("people",))
_ENDED = (("is_complete", "IS TRUE", None),)
_ONE = ",.1f"


@dataclass(frozen=True, slots=True)
class Tab:
    """A page of the dashboard: rows of charts."""

    key: str
    title: str
    rows: tuple[tuple[Chart, ...], ...]

    @property
    def charts(self) -> tuple[Chart, ...]:
        """Its charts, row by row."""
        return tuple(chart for row in self.rows for chart in row)


def tabs(
    project: Project, words: Words, with_values: Collection[str] | None = None
) -> tuple[Tab, ...]:
    """The pages in order; one that would have no chart is left out.

    Args:
        project: Company.
        words: Texts.
        with_values: KPIs that charts are made of; all that the company publishes by default.
    """
    named = {
        one.code: (one, row[f"name_{words.language}"])
        for row, one in datasets.kpis_with_rows(project, published_kpis(project))
        if with_values is None or one.code in with_values
    }
    pages = (
        _overview(project, named, words),
        *(_family_page(project, families, named, words) for families in _PAGES),
        _segments(project, words),
        _quality(words),
    )
    return tuple(page for page in pages if page.rows)


_Named = dict[str, tuple[Published, str]]
"""KPI code → KPI and its name."""


def headlines(project: Project, named: _Named) -> list[str]:
    """KPIs of the first screen, by the report's rule."""
    if project.report.headline:
        return [code for code in project.report.headline if code in named]
    families = {code: one.kpi.family for code, (one, _) in named.items() if _has_total(one)}
    return first_screen(families, project.kpis.targets.keys() & named.keys())


def _has_total(one: Published) -> bool:
    """Whether the whole company has one value: answers on scales of their own have not."""
    return not one.kpi.is_per_stratum


def _overview(project: Project, named: _Named, words: Words) -> Tab:
    tiles = [_tile(project, code, named, words) for code in headlines(project, named)]
    columns = ("family_name", "kpi", "value", "unit_name", "ci_low", "ci_high", "n", "change",
               "movement", "year_ago_value", "target", "standing", "benchmark")  # fmt: skip
    table = listing(
        Place("kpi_table", words("kpi_table"), 12, 78, filters=ROW_FILTERS),
        datasets.ROWS, columns, order=(("family_name", True), ("kpi", True)), formats=_figures(),
    )  # fmt: skip
    rows = [tuple(tiles[at : at + 4]) for at in range(0, len(tiles), 4)]
    return Tab("overview", words("overview"), (*rows, (table,)))


def _tile(project: Project, code: str, named: _Named, words: Words) -> Chart:
    one, name = named[code]
    unit = words.unit(one.kpi.unit)
    target = project.kpis.targets.get(code)
    aim = f" · {words('target')} {target:g}" if target is not None else ""
    return big_number(
        Place(f"headline_{code}", name, 3, 26, filters=TREND_FILTERS),
        datasets.METRICS, code, style=d3_format(one.kpi.unit), subtitle=f"{unit}{aim}",
        where=_of(code),
    )  # fmt: skip


def _family_page(project: Project, families: Sequence[str], named: _Named, words: Words) -> Tab:
    shown: list[str] = []
    for family in families:
        codes = [
            code for code in by_renown(named)
            if named[code][0].kpi.family == family and _has_total(named[code][0])
        ]  # fmt: skip
        aimed = [code for code in codes if code in project.kpis.targets]
        shown += by_renown(list(dict.fromkeys((*aimed, *codes)))[:_CHARTS_PER_FAMILY])
    charts = [_family_trend(project, code, named, words) for code in shown]
    title = words(f"family_{families[0]}" if len(families) == 1 else "loyalty_and_value")
    rows = tuple(tuple(charts[at : at + 2]) for at in range(0, len(charts), 2))
    return Tab("_".join(families), title, rows)


def _family_trend(project: Project, code: str, named: _Named, words: Words) -> Chart:
    """A KPI over time, with both ends of its published interval and its target if it has one.

    The ends are lines: the band that Superset draws around forecasts is lost below zero and where
    the axis does not begin at zero.
    """
    one, name = named[code]
    metrics: list[Metric] = [
        code,
        Sql(words("interval_low"), datasets.single_row(code, "ci_low")),
        Sql(words("interval_high"), datasets.single_row(code, "ci_high")),
    ]
    if code in project.kpis.targets:
        metrics.append(Sql(words("target"), datasets.single_row(code, "target")))
    return trend(
        Place(f"trend_{code}", f"{name} ({words.unit(one.kpi.unit)})", 6, 34,
              words("trend_note", formula=one.kpi.formula), TREND_FILTERS),
        datasets.METRICS, metrics, style=d3_format(one.kpi.unit), where=_of(code),
    )  # fmt: skip


def _of(code: str) -> tuple[Filter, ...]:
    """The rows of a KPI, of periods that have ended."""
    return (("kpi_code", "==", code), *_ENDED)


def _segments(project: Project, words: Words) -> Tab:
    if not project.segment_sets:
        return Tab("segments", words("segments"), ())
    columns = ("segment", "value", "ci_low", "ci_high", "n", "change", "movement", "benchmark",
               "withheld")  # fmt: skip
    ranking = listing(
        Place("ranking", words("ranking"), 7, 46, filters=(*SEGMENT_FILTERS, PERIOD)),
        datasets.ROWS, columns, order=(("value", False), ("segment", True)), formats=_figures(),
    )  # fmt: skip
    heat = heat_map(
        Place("heat_map", words("heat_map"), 12, 46, filters=(*SEGMENT_FILTERS, RANGE)),
        datasets.METRICS, datasets.PUBLISHED_VALUE, by="segment", where=_ENDED,
    )  # fmt: skip
    course = trend(
        Place("segment_trend", words("segment_trend"), 5, 46, filters=(*SEGMENT_FILTERS, RANGE)),
        datasets.METRICS, [datasets.PUBLISHED_VALUE], style=_ONE, where=_ENDED, by="segment",
    )  # fmt: skip
    return Tab("segments", words("segments"), ((ranking, course), (heat,)))


def _quality(words: Words) -> Tab:
    publishes = listing(
        Place("publishes", words("publishes"), 5, 36), datasets.PUBLISHES,
        ("published_at", "as_of", "kpi_values", "rows_quarantined", "restated"),
        order=(("published_at", False),),
        formats=dict.fromkeys(("kpi_values", "rows_quarantined", "restated"), ",d"),
    )  # fmt: skip
    sources = listing(
        Place("sources", words("sources"), 7, 36), datasets.SOURCES,
        ("source", "system", "last_loaded_on", "is_stale", "dates_loaded", "dates_absent",
         "rows_raw"),
        order=(("is_stale", False), ("last_loaded_on", True), ("source", True)),
        formats=dict.fromkeys(("dates_loaded", "dates_absent", "rows_raw"), ",d"),
    )  # fmt: skip
    quarantine = bars(
        Place("quarantine", words("quarantine"), 5, 44, filters=(RANGE,)), datasets.QUARANTINE,
        "refusals", style=",d", by="table_name", time="logical_date",
    )  # fmt: skip
    exclusions = counts(
        Place("exclusions", words("exclusions"), 7, 44, filters=ROW_FILTERS),
        datasets.EXCLUSIONS, "rows_left_out", ("kpi", "reason"),
    )  # fmt: skip
    failed = (("status", "IN", ["warn", "error", "waived"]),)
    checks = listing(
        Place("checks", words("checks"), 12, 60), datasets.CHECKS,
        ("period_start", "asset", "check_name", "subject", "status", "message", "mend"),
        order=(("period_start", False), ("asset", True)), where=failed,
    )  # fmt: skip
    rows = ((publishes, sources), (quarantine, exclusions), (checks,))
    return Tab("quality", words("quality"), rows)


def _figures() -> dict[str, str]:
    signed = dict.fromkeys(("change", "gap_to_target", "gap_to_benchmark"), "+,.1f")
    names = ("value", "ci_low", "ci_high", "year_ago_value", "target", "benchmark")
    return {**dict.fromkeys(names, _ONE), **signed, "n": ",d"}
