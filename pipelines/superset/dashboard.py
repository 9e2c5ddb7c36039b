"""The dashboard: where its charts stand, and its filters.

Keys are those of Superset's layout (`position`) and of its native filters.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from assets.report.choices import by_renown
from pipelines.superset import contents, datasets
from pipelines.superset.chart import Chart, Filter, adhoc
from pipelines.superset.contents import Tab
from pipelines.superset.naming import Names, file_name
from pipelines.superset.texts import Words
from schemas.config.project import Project
from schemas.warehouse import TOTAL_SET

_ROOT: Final = "ROOT_ID"
_TABS: Final = "TABS-cx"
_GRID: Final = "GRID_ID"
_TRANSPARENT = "BACKGROUND_TRANSPARENT"


def defaults(
    project: Project, words: Words, with_values: Collection[str] | None = None
) -> dict[str, Filter]:
    """Filter → what it begins with; a filter that begins with the latest period is not here."""
    found: dict[str, Filter] = {
        contents.GRAIN: ("period_grain", "IN", [project.report.period]),
        contents.SET: ("segment_set", "IN", [TOTAL_SET]),
    }
    if project.segment_sets:
        found[contents.COMPARE] = ("segment_set", "IN", [next(iter(project.segment_sets))])
    names = {
        code: name
        for code, name in datasets.kpi_names(project, words)
        if with_values is None or code in with_values
    }
    best = by_renown(names)[:1]
    return {**found, contents.KPI: ("kpi", "IN", [names[code] for code in best])}


def dashboard_document(
    project: Project,
    tabs: Sequence[Tab],
    names: Names,
    words: Words,
    *,
    begun: Mapping[str, Filter],
) -> dict[str, Any]:
    """The dashboard as its file in the bundle.

    Args:
        project: Company.
        tabs: Its pages.
        names: Names of the company's assets.
        words: Texts.
        begun: Filter → what it begins with, see `defaults`.
    """
    title = project.report.title or words("dashboard", company=project.company.name)
    return {
        "dashboard_title": title,
        "description": None,
        "css": "",
        "slug": f"cx-{file_name(project.company.name)}",
        "uuid": names.uuid("dashboard", "cx"),
        "position": dict(_position(tabs, names, title)),
        "metadata": {
            "native_filter_configuration": _filters(_Filters(tabs, names), project, words, begun),
            "cross_filters_enabled": False,
            "color_scheme": "supersetColors",
            "label_colors": _colours(project, words),
            "refresh_frequency": 0,
            "timed_refresh_immune_slices": [],
            "expanded_slices": {},
            "default_filters": "{}",
            "filter_bar_orientation": "VERTICAL",
        },
        "published": True,
        "version": "1.0.0",
    }


def _colours(project: Project, words: Words) -> dict[str, str]:
    """The value in blue, its interval in grey, the target in vermilion: apart to every eye."""
    found = {name: "#0072B2" for _, name in datasets.kpi_names(project, words)}
    found |= {words(key): "#B8C0C8" for key in ("interval_low", "interval_high")}
    return {**found, words("target"): "#D55E00"}


def _position(
    tabs: Sequence[Tab], names: Names, title: str
) -> Iterator[tuple[str, dict[str, Any] | str]]:
    yield "DASHBOARD_VERSION_KEY", "v2"
    yield _ROOT, {"type": "ROOT", "id": _ROOT, "children": [_TABS]}
    yield _GRID, {"type": "GRID", "id": _GRID, "children": [], "parents": [_ROOT]}
    yield "HEADER_ID", {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": title}}
    children = [_tab_id(tab) for tab in tabs]
    yield _TABS, _part("TABS", _TABS, children, [_ROOT], {})
    for tab in tabs:
        yield from _tab(tab, names)


def _tab(tab: Tab, names: Names) -> Iterator[tuple[str, dict[str, Any]]]:
    name, above = _tab_id(tab), [_ROOT, _TABS]
    rows = [f"ROW-{tab.key}-{number}" for number in range(len(tab.rows))]
    yield name, _part("TAB", name, rows, above, {"text": tab.title})
    for row, charts in zip(rows, tab.rows, strict=True):
        children = [f"CHART-{chart.key}" for chart in charts]
        meta = {"background": _TRANSPARENT}
        yield row, _part("ROW", row, children, [*above, name], meta)
        for child, chart in zip(children, charts, strict=True):
            yield child, _part("CHART", child, [], [*above, name, row], _meta(chart, names))


def _part(
    kind: str, name: str, children: list[str], parents: list[str], meta: Mapping[str, Any]
) -> dict[str, Any]:
    return {"type": kind, "id": name, "children": children, "parents": parents, "meta": dict(meta)}


def _meta(chart: Chart, names: Names) -> dict[str, Any]:
    return {
        "chartId": names.number("chart", chart.key),
        "uuid": names.uuid("chart", chart.key),
        "sliceName": chart.title,
        "width": chart.width,
        "height": chart.height,
    }


def _tab_id(tab: Tab) -> str:
    return f"TAB-{tab.key}"


@dataclass(frozen=True, slots=True)
class _Choice:
    """A choice among the values of a column.

    Attributes:
        key: Filter.
        title: Name that readers see.
        column: Column of the dataset of metrics.
        begin: What it begins with.
        after: Filters that cut its values down.
        where: What its values are taken from.
        is_latest_first: Whether it begins with the last of its values.
        is_multiple: Whether several may be chosen.
    """

    key: str
    title: str
    column: str
    begin: Filter | None = None
    after: tuple[str, ...] = ()
    where: tuple[Filter, ...] = ()
    is_latest_first: bool = False
    is_multiple: bool = False


def _choices(begun: Mapping[str, Filter], words: Words) -> Iterator[_Choice]:
    ended = ("is_complete", "IS TRUE", None)
    yield _Choice(
        contents.GRAIN, words("period_grain"), "period_grain", begin=begun[contents.GRAIN]
    )
    yield _Choice(
        contents.PERIOD, words("period"), "period",
        after=(contents.GRAIN,), where=(ended,), is_latest_first=True,
    )  # fmt: skip
    yield _Choice(contents.SET, words("segment_set"), "segment_set", begin=begun[contents.SET])
    yield _Choice(
        contents.SEGMENT, words("segment"), "segment", after=(contents.SET,), is_multiple=True
    )
    if contents.COMPARE in begun:
        yield _Choice(contents.KPI, words("kpi"), "kpi", begin=begun[contents.KPI])
        yield _Choice(
            contents.COMPARE, words("compare_by"), "segment_set", begin=begun[contents.COMPARE],
            where=(("segment_set", "!=", TOTAL_SET),),
        )  # fmt: skip


class _Filters:
    """Native filters; each reaches the charts that follow it, and no others."""

    def __init__(self, tabs: Sequence[Tab], names: Names) -> None:
        self._tabs, self._names = tabs, names

    def choice(self, one: _Choice) -> dict[str, Any]:
        """A choice among the values of a column."""
        target = {
            "column": {"name": one.column},
            "datasetUuid": self._names.uuid("dataset", datasets.METRICS),
        }
        return {
            **self._common(one.key, one.title, "filter_select", one.after),
            "targets": [target],
            "controlValues": {
                "enableEmptyFilter": one.begin is not None or one.is_latest_first,
                "defaultToFirstItem": one.is_latest_first,
                "multiSelect": one.is_multiple,
                "searchAllOptions": False,
                "inverseSelection": False,
                "sortAscending": not one.is_latest_first,
            },
            "requiredFirst": one.is_latest_first,
            "defaultDataMask": _mask(one.begin) if one.begin else _EMPTY,
            "adhoc_filters": [adhoc(each) for each in one.where],
        }

    def range(self, title: str, begin: str) -> dict[str, Any]:
        """A range of time."""
        return {
            **self._common(contents.RANGE, title, "filter_time", ()),
            "targets": [{}],
            "controlValues": {"enableEmptyFilter": False},
            "defaultDataMask": {
                "extraFormData": {"time_range": begin},
                "filterState": {"value": begin},
            },
        }

    def _common(self, key: str, title: str, kind: str, after: Sequence[str]) -> dict[str, Any]:
        charts = [chart for tab in self._tabs for chart in tab.charts]
        with_any = [tab for tab in self._tabs if any(key in one.filters for one in tab.charts)]
        excluded = [
            self._names.number("chart", chart.key) for chart in charts if key not in chart.filters
        ]
        return {
            "id": filter_id(key),
            "name": title,
            "filterType": kind,
            "type": "NATIVE_FILTER",
            "description": "",
            "cascadeParentIds": [filter_id(name) for name in after],
            "scope": {"rootPath": [_tab_id(tab) for tab in with_any], "excluded": excluded},
        }


def _filters(
    made: _Filters, project: Project, words: Words, begun: Mapping[str, Filter]
) -> list[dict[str, Any]]:
    grain, period, *others = (made.choice(one) for one in _choices(begun, words))
    dates = made.range(words("date_range"), f"{project.start_date.year}-01-01 : ")
    return [grain, period, dates, *others]


_EMPTY: Final[dict[str, Any]] = {"extraFormData": {}, "filterState": {}}


def filter_id(key: str) -> str:
    """Id of a filter within the dashboard."""
    return f"NATIVE_FILTER-{key}"


def _mask(begin: Filter) -> dict[str, Any]:
    """What a filter begins with."""
    column, operator, value = begin
    return {
        "extraFormData": {"filters": [{"col": column, "op": operator, "val": value}]},
        "filterState": {"value": value, "label": ", ".join(value)},
    }
