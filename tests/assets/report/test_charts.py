"""Specifications of the trends, their axes, and the pictures made of them."""

import xml.etree.ElementTree as ET

import altair as alt
import pytest

from assets.report.charts import begins_at_zero, domain, to_svg, trend
from assets.report.sketches import bar, dot, scale_of, sparkline
from tests.assets.report.frames import MONTHS, row

POINTS = [
    row("2025-01", value=20.0, ci_low=15.0, ci_high=25.0, target=30.0),
    row("2025-02"),
    row("2025-03", value=26.0, ci_low=21.0, ci_high=31.0, target=30.0, benchmark=28.0),
]


def test_a_trend_is_sound_vega_lite() -> None:
    alt.Chart.from_dict(trend(POINTS), validate=True)


def test_an_interval_without_neighbours_stands_alone_and_a_running_period_is_marked() -> None:
    data = trend(POINTS)["data"]["values"]
    assert [each["alone"] for each in data] == [True, False, True]
    assert [each["to_date"] for each in data] == [False, False, True]


@pytest.mark.parametrize(
    ("figures", "ends", "has_zero"),
    [
        ((10.0, 40.0), (0.0, 40.0), True),
        ((-5.0, 5.0), (-5.0, 5.0), True),
        ((90.0, 92.0), (90.0, 92.0), False),
        ((-40.0, -10.0), (-40.0, 0.0), True),
        ((-92.0, -90.0), (-92.0, -90.0), False),
        ((50.0, 50.0), (0.0, 50.0), True),
    ],
)
def test_an_axis_holds_zero_where_it_costs_little(
    figures: tuple[float, float],
    ends: tuple[float, float],
    *,
    has_zero: bool,
) -> None:
    points = [row(month, value=value) for month, value in zip(MONTHS, figures, strict=False)]
    assert domain(points) == ends
    assert begins_at_zero(points) is has_zero


def test_the_axis_holds_interval_target_and_benchmark() -> None:
    points = [row(value=10.0, ci_low=5.0, ci_high=12.0, target=-3.0, benchmark=40.0)]
    assert domain(points) == (-3.0, 40.0)


def test_a_picture_is_named_once_scales_and_speaks_the_language() -> None:
    points = [row(month, value=value) for month, value in zip(MONTHS, (0.5, 1.5, 1.0), strict=True)]
    svg = to_svg(trend(points), name='NPS "<1>" & more', number=7, language="fr")
    root = ET.fromstring(svg)  # noqa: S314  our own text
    assert root.get("role") == "img"
    assert root.get("aria-label") == 'NPS "<1>" & more'
    assert root.get("viewBox") == "0 0 360 170"
    assert root.get("width") is None
    assert "0,5" in svg
    assert svg.count("aria-") == 1
    assert "script" not in svg
    for month in ("2025-01", "2025-03"):
        assert month in svg


def test_a_sparkline_breaks_where_there_is_no_value() -> None:
    svg = sparkline([1.0, 2.0, None, 3.0])
    assert svg.count("M") == 2
    assert 'aria-hidden="true"' in svg
    assert sparkline([None, 1.0]) == ""


def test_a_dot_stays_on_its_scale() -> None:
    svg = dot(200.0, (-50.0, 300.0), (0.0, 100.0), reference=50.0, is_marked=False)
    assert 'cx="116.0"' in svg
    assert "M4.0 15.0H116.0" in svg
    assert 'class="ref" d="M60.0' in svg
    assert 'class="mark"' in dot(1.0, (None, None), (0.0, 2.0), reference=None, is_marked=True)
    assert dot(None, (None, None), (0.0, 1.0), reference=None, is_marked=False) == ""


def test_scales_and_bars_of_nothing() -> None:
    assert scale_of([(None, float("inf"))]) == (0.0, 1.0)
    assert scale_of([(1.0, None), (-2.0, 5.0)]) == (-2.0, 5.0)
    assert 'width="120.0"' in bar(7.0)
    assert 'width="0.0"' in bar(-1.0)
