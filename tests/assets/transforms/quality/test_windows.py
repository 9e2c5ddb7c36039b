import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.transforms.quality import windows
from assets.transforms.quality.windows import tallies, tally
from tests.assets.transforms.quality.frames import START, day

COUNTS = st.dictionaries(
    st.tuples(st.integers(0, 40), st.sampled_from("abc")), st.integers(0, 9), min_size=1
)


def frame(counts: dict[tuple[int, str], int]) -> pl.DataFrame:
    rows = [(day(number), label, rows) for (number, label), rows in counts.items()]
    schema = {"date": pl.Date, "label": pl.String, "rows": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


@settings(max_examples=40, deadline=None)
@given(COUNTS, st.integers(0, 20), st.integers(0, 20))
def test_sums_over_windows_equal_a_plain_recount(
    counts: dict[tuple[int, str], int], near: int, far: int
) -> None:
    found = tally(frame(counts))
    sums = found.between(found.days - near - far, found.days - near)
    for i, date in enumerate(found.dates):
        number = (date - START).days
        for j, label in enumerate(found.labels):
            right = sum(
                rows
                for (at, of), rows in counts.items()
                if of == label and number - near - far < at <= number - near
            )
            assert sums[i, j] == right


def test_days_are_dates_again() -> None:
    found = tally(frame({(3, "b"): 1, (0, "a"): 2}))
    assert found.dates.to_list() == [dt.date(2024, 1, 1), dt.date(2024, 1, 4)]


def test_rows_of_one_day_and_label_add_up() -> None:
    twice = pl.concat([frame({(0, "a"): 2}), frame({(0, "a"): 3})])
    assert tally(twice).cumulated.tolist() == [[0], [5]]


@pytest.fixture
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "MOST_CELLS", 5)
    monkeypatch.setattr(windows, "BLOCK_DAYS", 3)


@pytest.mark.usefixtures("_small_blocks")
def test_blocks_give_the_same_windows() -> None:
    generator = np.random.default_rng(1)
    counts = frame(
        {(int(i), label): int(generator.integers(9)) for i in range(0, 40, 2) for label in "abc"}
    )
    whole = tally(counts)
    right = whole.between(whole.days - 10, whole.days - 3)
    parts = list(tallies(counts, reach_days=10))
    assert len(parts) > 1
    found = [part.between(part.days - 10, part.days - 3)[first:] for part, first in parts]
    assert np.vstack(found).tolist() == right.tolist()
    dates = pl.concat([part.dates[first:] for part, first in parts])
    assert dates.to_list() == whole.dates.to_list()


def test_nothing_gives_nothing() -> None:
    assert list(tallies(frame({}), reach_days=5)) == []
