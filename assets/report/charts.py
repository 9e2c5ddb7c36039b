"""Trends as pictures: Vega-Lite specifications, and their rendering to static SVG.

The pictures need no script in the browser, print as they are, and are 360 units wide: as wide as a
telephone, so that their letters are never shrunk.
"""

import json
import math
import re
from collections.abc import Sequence
from typing import Any, Literal

from assets.report.markup import text
from assets.report.published import Row
from schemas.config.report import Language

WIDTH = 360
_MILLION = 1_000_000
_LINE, _BAND, _TARGET, _BENCHMARK = "#00598a", "#9fc8e0", "#8a3800", "#4a4a4a"
_LOCALES: dict[Language, Literal["en-US", "fr-FR"]] = {"en": "en-US", "fr": "fr-FR"}
_CLIP = re.compile(r"\bclip(\d+)")
_INNER = re.compile(r' (?:role|aria-[a-z]+)="[^"]*"')
"""The picture has one name; what Vega says of its parts would be read out one by one."""
_SIZE = re.compile(r'<svg([^>]*?) width="\d+(?:\.\d+)?" height="\d+(?:\.\d+)?"')


def trend(points: Sequence[Row]) -> dict[str, Any]:
    """A line with its interval band, target and benchmark; periods to date are hollow.

    Args:
        points: Rows of `kpi_value` by period, ascending.

    Returns:
        A Vega-Lite specification. The axis holds zero where the figures do, and says no more than
        them: `begins_at_zero` tells which.
    """
    data = [
        {
            "period": row["label"],
            "value": _finite(row["value"]),
            "low": _finite(row["ci_low"]),
            "high": _finite(row["ci_high"]),
            "target": _finite(row["target"]),
            "benchmark": _finite(row["benchmark"]),
            "to_date": not row["is_complete"],
            "alone": is_alone,
        }
        for row, is_alone in zip(points, _alone(points), strict=True)
    ]
    low, high = domain(points)
    layers = [
        _layer({"type": "area", "color": _BAND, "opacity": 0.7}, y="low", y2="high"),
        _layer({"type": "rule", "color": _BAND, "strokeWidth": 5, "opacity": 0.7},
               y="low", y2="high", where="datum.alone"),
        _layer({"type": "line", "color": _TARGET, "strokeDash": [7, 4]}, y="target"),
        _layer({"type": "line", "color": _BENCHMARK, "strokeDash": [2, 3]}, y="benchmark"),
        _layer({"type": "line", "color": _LINE, "strokeWidth": 2.5}, y="value"),
        _layer({"type": "point", "color": _LINE, "filled": True, "size": 45, "opacity": 1},
               y="value", where="datum.value !== null && !datum.to_date"),
        _layer({"type": "point", "stroke": _LINE, "fill": "white", "size": 60, "opacity": 1,
                "strokeWidth": 2},
               y="value", where="datum.value !== null && datum.to_date"),
    ]  # fmt: skip
    if low < 0 < high:
        zero = {"mark": {"type": "rule", "color": "#333"}, "encoding": {"y": {"datum": 0}}}
        layers.insert(0, zero)
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": WIDTH,
        "height": 170,
        "autosize": {"type": "fit", "contains": "padding"},
        "data": {"values": data},
        "encoding": {
            "x": {
                "field": "period",
                "type": "ordinal",
                "sort": None,
                "scale": {"type": "point", "padding": 0.3},
                "axis": {
                    "title": None,
                    "labelAngle": 0,
                    "labelOverlap": "greedy",
                    "labelSeparation": 8,
                },
            },
            "y": {
                "type": "quantitative",
                "scale": {"domain": [low, high], "zero": False, "nice": True},
                "axis": {"title": None, "tickCount": 5} | _tick_labels(low, high),
            },
        },
        "layer": layers,
        "config": {
            "aria": False,
            "font": "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
            "background": "white",
            "view": {"stroke": None},
            "axis": {
                "labelFontSize": 12,
                "labelColor": "#222",
                "gridColor": "#ddd",
                "domainColor": "#555",
                "tickColor": "#555",
            },
        },
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _tick_labels(low: float, high: float) -> dict[str, str]:
    """Figures of the upright axis; from millions on in millions, for long ones would be cut off."""
    if max(abs(low), abs(high)) < _MILLION:
        return {"format": ",~r"}
    return {"labelExpr": f"format(datum.value / {_MILLION}, ',~r') + (datum.value ? ' M' : '')"}


def _layer(
    mark: dict[str, Any], *, y: str, y2: str | None = None, where: str | None = None
) -> dict[str, Any]:
    encoding: dict[str, Any] = {"y": {"field": y}}
    if y2:
        encoding["y2"] = {"field": y2}
    layer: dict[str, Any] = {"mark": mark | {"invalid": "break-paths-filter-domains"}}
    layer["encoding"] = encoding
    if where:
        layer["transform"] = [{"filter": where}]
    return layer


def _alone(points: Sequence[Row]) -> list[bool]:
    """Whether each period has an interval and neither neighbour has: no band reaches it."""
    ends = ((_finite(row["ci_low"]), _finite(row["ci_high"])) for row in points)
    has = [None not in each for each in ends]
    around = zip([False, *has], has, [*has[1:], False], strict=False)
    return [here and not before and not after for before, here, after in around]


def domain(points: Sequence[Row]) -> tuple[float, float]:
    """Ends of the upright axis: all that is drawn, and zero where that costs little.

    Zero is taken in where the figures reach three quarters of the way to it or more.
    """
    named = ("value", "ci_low", "ci_high", "target", "benchmark")
    finite = (_finite(row[name]) for row in points for name in named)
    drawn = [each for each in finite if each is not None] or [0.0, 1.0]
    low, high = min(drawn), max(drawn)
    span = (high - low) or abs(high) or 1.0
    if low > 0 and low <= 3 * span:
        return 0.0, high
    if high < 0 and -high <= 3 * span:
        return low, 0.0
    if low < high:
        return low, high
    return low - span / 10, high + span / 10


def begins_at_zero(points: Sequence[Row]) -> bool:
    """Whether the upright axis of a trend holds zero."""
    low, high = domain(points)
    return low <= 0 <= high


def to_svg(specification: dict[str, Any], *, name: str, number: int, language: Language) -> str:
    """Render a specification to an SVG element for use within a page.

    Args:
        specification: Vega-Lite.
        name: What it shows, for readers who do not see it.
        number: Number of the picture in its page; names within it are made unique by it.
        language: Language of its numbers.
    """
    import vl_convert

    svg = vl_convert.vegalite_to_svg(
        json.dumps(specification),
        allowed_base_urls=[],
        format_locale=_LOCALES[language],
    )
    svg = _CLIP.sub(rf"c{number}-\1", _INNER.sub("", svg))
    named = f'role="img" aria-label="{text(name)}" focusable="false"'
    return _SIZE.sub(lambda found: f"<svg{found[1]} {named}", svg, count=1)
