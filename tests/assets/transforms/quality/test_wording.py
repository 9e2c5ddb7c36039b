import polars as pl
import pytest

from assets.transforms.quality.wording import (
    counted_text,
    listed,
    number_text,
    points_text,
    share_text,
    shortened,
    span,
)


@pytest.mark.parametrize(
    ("share", "text"), [(0.1234, "12.3 %"), (1.0, "100.0 %"), (-0.0, "0.0 %"), (None, None)]
)
def test_share(share: float | None, text: str | None) -> None:
    assert pl.select(share_text(pl.lit(share, pl.Float64))).item() == text


def test_points() -> None:
    assert pl.select(points_text(pl.lit(-0.051))).item() == "-5.1 points"


@pytest.mark.parametrize(
    ("number", "text"),
    [(5.0, "5"), (0.128, "0.13"), (-0.001, "0"), (1e300, "1e+300"), (float("nan"), "NaN")],
)
def test_number(number: float, text: str) -> None:
    assert pl.select(number_text(pl.lit(number))).item() == text


def test_days() -> None:
    assert (span(1), span(7)) == ("1 day", "7 days")
    assert pl.select(counted_text(pl.lit(pl.Series([1, 0, 3])), "day")).to_series().to_list() == [
        "1 day",
        "0 days",
        "3 days",
    ]


def test_names_are_cut() -> None:
    names = pl.Series(["a\n\tb", None, "é" * 61, "é" * 60])
    found = pl.select(shortened(pl.lit(names))).to_series()
    assert found.to_list() == ["a b", "", "é" * 59 + "…", "é" * 60]


def test_lists_end_with_how_many_more() -> None:
    frame = pl.DataFrame({"key": [1, 1, 1, 2], "text": ["a", "b", "c", "d"]})
    found = frame.group_by("key", maintain_order=True).agg(listed(pl.col("text"), most=2))
    assert found["text"].to_list() == ["a, b and 1 more", "d"]
