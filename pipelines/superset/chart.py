"""A chart of the bundle, and the file that Superset knows it by.

How its plug-in is told what to draw is `pipelines.superset.charts`' work.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.superset.naming import Names

Filter = tuple[str, str, Any]
"""Column, operator, value."""


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart.

    Attributes:
        key: Name that never changes; its UUID comes from it.
        title: Name that readers see.
        dataset: Name of its dataset.
        viz: Plug-in.
        params: Parameters of the plug-in.
        query: Query of the plug-in's data.
        width: Columns of the dashboard's twelve.
        height: In units of eight pixels.
        note: What it shows.
        filters: Filters of the dashboard that it follows.
    """

    key: str
    title: str
    dataset: str
    viz: str
    params: dict[str, Any]
    query: dict[str, Any]
    width: int
    height: int
    note: str | None
    filters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a chart stands, how large it is, and what it follows; see `Chart`."""

    key: str
    title: str
    width: int
    height: int
    note: str | None = None
    filters: tuple[str, ...] = ()


def chart_document(chart: Chart, names: Names, defaults: Mapping[str, Filter]) -> dict[str, Any]:
    """A chart as its file in the bundle.

    Args:
        chart: The chart.
        names: Names of the company's assets.
        defaults: Filter of the dashboard → what it begins with. Who asks for the chart's data
            without the dashboard (an alert, a report by mail) gets that.
    """
    begun = [defaults[name] for name in chart.filters if name in defaults]
    query = {**chart.query, "filters": [*chart.query["filters"], *query_of(begun)["filters"]]}
    context = {
        "datasource": {"id": 0, "type": "table"},
        "force": False,
        "queries": [query],
        "form_data": {**chart.params, "viz_type": chart.viz},
        "result_format": "json",
        "result_type": "full",
    }
    return {
        "slice_name": chart.title,
        "description": chart.note,
        "viz_type": chart.viz,
        "params": {**chart.params, "viz_type": chart.viz},
        "query_context": json.dumps(context, ensure_ascii=False),
        "cache_timeout": None,
        "uuid": names.uuid("chart", chart.key),
        "version": "1.0.0",
        "dataset_uuid": names.uuid("dataset", chart.dataset),
    }


@dataclass(frozen=True, slots=True)
class Sql:
    """A metric that a chart brings along."""

    label: str
    expression: str

    def document(self) -> dict[str, Any]:
        """The metric in a chart's parameters."""
        return {
            "expressionType": "SQL",
            "sqlExpression": self.expression,
            "label": self.label,
            "hasCustomLabel": True,
            "optionName": f"metric_{self.label}",
        }


Metric = str | Sql


def query_of(where: Sequence[Filter]) -> dict[str, Any]:
    """The part of a query that filters."""
    filters = [{"col": column, "op": operator, "val": value} for column, operator, value in where]
    return {"filters": filters, "extras": {"having": "", "where": ""}}


def adhoc(given: Filter) -> dict[str, Any]:
    """A filter in the parameters of a chart or of a filter."""
    column, operator, value = given
    return {
        "clause": "WHERE",
        "expressionType": "SIMPLE",
        "subject": column,
        "operator": operator,
        "comparator": value,
        "filterOptionName": f"filter_{column}_{operator}",
    }
