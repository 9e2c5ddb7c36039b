"""Small drawings within tables and tiles: sparklines, dots with their interval, bars.

They repeat figures that stand beside them, so that readers without sight of them lose nothing;
each is hidden from screen readers.
"""

import math
from collections.abc import Sequence

_WIDTH, _HEIGHT, _PAD = 120, 30, 4


def sparkline(values: Sequence[float | None]) -> str:
    """A line over periods in order, broken where there is no value; the last value is a dot.

    Its scale goes from the least to the greatest value: it shows a shape, not a size.
    """
    known = [value for value in values if value is not None and math.isfinite(value)]
    if len(known) < 2:  # noqa: PLR2004  one point makes no line
        return ""
    low, span = min(known), (max(known) - min(known)) or 1.0
    step = (_WIDTH - 2 * _PAD) / max(1, len(values) - 1)
    points = [
        None
        if value is None or not math.isfinite(value)
        else (_PAD + place * step, _HEIGHT - _PAD - (value - low) / span * (_HEIGHT - 2 * _PAD))
        for place, value in enumerate(values)
    ]
    path, is_open = [], False
    for point in points:
        if point is not None:
            path.append(f"{'L' if is_open else 'M'}{point[0]:.1f} {point[1]:.1f}")
        is_open = point is not None
    x, y = next(point for point in reversed(points) if point is not None)
    return (
        f'<svg class="spark" viewBox="0 0 {_WIDTH} {_HEIGHT}" aria-hidden="true" '
        f'focusable="false"><path d="{"".join(path)}"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/></svg>'
    )


def dot(
    value: float | None,
    interval: tuple[float | None, float | None],
    scale: tuple[float, float],
    *,
    reference: float | None,
    is_marked: bool,
) -> str:
    """A value with its interval on a scale that all rows of a table share.

    Args:
        value: The dot; nothing is drawn without it.
        interval: Ends of the line.
        scale: Both ends of the scale.
        reference: Upright line, of the whole company.
        is_marked: Whether the dot is filled as that of a significant mover.
    """
    if value is None or not math.isfinite(value):
        return ""
    low, high = scale
    middle = _HEIGHT / 2

    def x(number: float) -> float:
        share = (min(max(number, low), high) - low) / ((high - low) or 1.0)
        return _PAD + share * (_WIDTH - 2 * _PAD)

    parts = []
    if reference is not None:
        parts.append(f'<path class="ref" d="M{x(reference):.1f} 2V{_HEIGHT - 2}"/>')
    if interval[0] is not None and interval[1] is not None:
        parts.append(f'<path d="M{x(interval[0]):.1f} {middle}H{x(interval[1]):.1f}"/>')
    if is_marked:
        at = x(value)
        parts.append(f'<path class="mark" d="M{at:.1f} 9l6 6-6 6-6-6z"/>')
    else:
        parts.append(f'<circle cx="{x(value):.1f}" cy="{middle}" r="4"/>')
    return (
        f'<svg class="dot" viewBox="0 0 {_WIDTH} {_HEIGHT}" aria-hidden="true" '
        f'focusable="false">{"".join(parts)}</svg>'
    )


def scale_of(rows: Sequence[tuple[float | None, ...]]) -> tuple[float, float]:
    """Least and greatest of all finite figures; 0 to 1 where there is none."""
    finite = [each for row in rows for each in row if each is not None and math.isfinite(each)]
    return (min(finite), max(finite)) if finite else (0.0, 1.0)


def bar(share: float) -> str:
    """A bar from zero, as long as a share of its cell."""
    width = min(max(share, 0.0), 1.0) * _WIDTH
    return (
        f'<svg class="bar" viewBox="0 0 {_WIDTH} 12" preserveAspectRatio="none" '
        f'aria-hidden="true" focusable="false"><rect width="{width:.1f}" height="12"/></svg>'
    )
