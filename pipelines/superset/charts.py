"""Charts of the bundle's plug-ins: their parameters, and the query that they make.

Which charts there are is `pipelines.superset.contents`' work.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from pipelines.superset.chart import Chart, Filter, Metric, Place, Sql, adhoc, query_of

TIME: Final = "period_start"
PERIOD: Final = "period"
_AXES: Final[dict[str, Any]] = {
    "legendOrientation": "top",
    "legendType": "scroll",
    "rich_tooltip": True,
    "tooltipTimeFormat": "%Y-%m-%d",
    "color_scheme": "supersetColors",
    "row_limit": 10000,
}
_PROSE: Final = frozenset({"message", "mend"})
_LONG: Final = {"truncateLongCells": True, "columnWidth": 350}
"""How a column of prose is shown: in one line, whole when it is pointed at."""


def big_number(
    at: Place, dataset: str, metric: str, *, style: str, subtitle: str, where: Sequence[Filter]
) -> Chart:
    """The latest value in large figures, above its course."""
    params = {
        **_timed(where),
        "metric": metric,
        "show_trend_line": True,
        "start_y_axis_at_zero": False,
        "header_font_size": 0.4,
        "subheader_font_size": 0.125,
        "subtitle": subtitle,
        "subtitle_font_size": 0.125,
        "time_format": "%Y-%m-%d",
        "y_axis_format": style,
        "rolling_type": "None",
        "color_picker": {"r": 31, "g": 119, "b": 180, "a": 1},
    }
    return _chart(at, dataset, "big_number", params, _series_query([metric], where, axis=TIME))


def trend(
    at: Place,
    dataset: str,
    metrics: Sequence[Metric],
    *,
    style: str,
    where: Sequence[Filter] = (),
    by: str | None = None,
) -> Chart:
    """Lines over the published periods, by the labels that readers know them by.

    A label (`2026-W14`, `2026-Q1`) holds for every length of period, which no format of dates does.
    """
    params = {
        **_timed(where, axis=PERIOD),
        **_AXES,
        "metrics": [_told(metric) for metric in metrics],
        "groupby": [by] if by else [],
        "y_axis_format": style,
        "show_legend": bool(by) or len(metrics) > 1,
        "truncateYAxis": True,
        "markerEnabled": True,
        "markerSize": 6,
        "seriesType": "line",
        "x_axis_sort_asc": True,
        "xAxisForceCategorical": True,
        "truncateXAxis": False,
    }
    return _chart(at, dataset, "echarts_timeseries_line", params, _series_query(metrics, where, by))


def bars(at: Place, dataset: str, metric: str, *, style: str, time: str, by: str) -> Chart:
    """Counts by day, stacked."""
    params = {
        **_timed((), time=time, axis=time),
        **_AXES,
        "metrics": [metric],
        "groupby": [by],
        "y_axis_format": style,
        "x_axis_time_format": "%d %b",
        "time_grain_sqla": "P1D",
        "show_legend": True,
        "stack": "Stack",
    }
    query = _series_query([metric], (), by, axis=time)
    return _chart(at, dataset, "echarts_timeseries_bar", params, query)


def listing(
    at: Place,
    dataset: str,
    columns: Sequence[str],
    *,
    order: Sequence[tuple[str, bool]],
    formats: dict[str, str] | None = None,
    where: Sequence[Filter] = (),
) -> Chart:
    """Rows as they are published, never aggregated.

    Args:
        at: Where it stands.
        dataset: Dataset with the rows.
        columns: Columns in order.
        order: Columns that the rows are ordered by, each with whether it ascends.
        formats: Column → how its figures are written.
        where: Filters.
    """
    params = {
        "query_mode": "raw",
        "all_columns": list(columns),
        "order_by_cols": [json.dumps(each) for each in order],
        "adhoc_filters": [adhoc(each) for each in where],
        "column_config": {
            **{name: {"d3NumberFormat": style} for name, style in (formats or {}).items()},
            **{name: _LONG for name in columns if name in _PROSE},
        },
        "row_limit": 1000,
        "page_length": 0,
        "include_search": False,
        "show_cell_bars": False,
        "table_timestamp_format": "%Y-%m-%d",
        "color_pn": False,
        "server_pagination": False,
    }
    query = {
        **query_of(where),
        "columns": list(columns),
        "metrics": None,
        "orderby": [list(each) for each in order],
        "row_limit": 1000,
    }
    return _chart(at, dataset, "table", params, query)


def counts(at: Place, dataset: str, metric: str, by: Sequence[str]) -> Chart:
    """A table that adds up counts."""
    params = {
        "query_mode": "aggregate",
        "groupby": list(by),
        "metrics": [metric],
        "timeseries_limit_metric": metric,
        "order_desc": True,
        "adhoc_filters": [],
        "row_limit": 1000,
        "page_length": 0,
        "show_cell_bars": True,
        "color_pn": False,
    }
    query = {
        **query_of(()),
        "columns": list(by),
        "metrics": [metric],
        "orderby": [[metric, False]],
        "row_limit": 1000,
    }
    return _chart(at, dataset, "table", params, query)


def heat_map(at: Place, dataset: str, metric: str, *, by: str, where: Sequence[Filter]) -> Chart:
    """A figure by period and another column."""
    params = {
        **_timed(where, axis=PERIOD),
        "groupby": by,
        "metric": metric,
        "normalize_across": "heatmap",
        "linear_color_scheme": "blue_white_yellow",
        "legend_type": "continuous",
        "show_legend": True,
        "show_values": True,
        "show_percentage": False,
        "sort_x_axis": "alpha_asc",
        "sort_y_axis": "alpha_desc",
        "xscale_interval": -1,
        "yscale_interval": -1,
        "left_margin": 110,
        "bottom_margin": 40,
        "value_bounds": [None, None],
        "y_axis_format": ",.1f",
        "border_color": {"r": 255, "g": 255, "b": 255, "a": 1},
        "row_limit": 10000,
    }
    query = {**query_of(where), "columns": [PERIOD, by], "metrics": [metric], "row_limit": 10000}
    return _chart(at, dataset, "heatmap_v2", params, query)


def _chart(
    at: Place, dataset: str, viz: str, params: dict[str, Any], query: dict[str, Any]
) -> Chart:
    return Chart(
        at.key, at.title, dataset, viz, params, query, at.width, at.height, at.note, at.filters
    )


def _timed(where: Sequence[Filter], *, time: str = TIME, axis: str = TIME) -> dict[str, Any]:
    every = (time, "TEMPORAL_RANGE", "No filter")
    return {
        "x_axis": axis,
        "time_grain_sqla": None,
        "adhoc_filters": [adhoc(each) for each in (every, *where)],
    }


def _series_query(
    metrics: Sequence[Metric], where: Sequence[Filter], by: str | None = None, *, axis: str = PERIOD
) -> dict[str, Any]:
    base = {
        "columnType": "BASE_AXIS", "sqlExpression": axis, "label": axis,
        "expressionType": "SQL", "timeGrain": None,
    }  # fmt: skip
    return {
        **query_of(where),
        "columns": [base, *([by] if by else [])],
        "metrics": [_told(metric) for metric in metrics],
        "orderby": [],
        "row_limit": 10000,
    }


def _told(metric: Metric) -> Any:
    return metric.document() if isinstance(metric, Sql) else metric
