import pytest

from benchmarks.measure import measure
from benchmarks.results import Results
from benchmarks.settings import Settings


def test_the_peak_is_that_of_the_child_and_not_of_this_process() -> None:
    ballast = bytearray(400 * 1024**2)
    found = measure("benchmarks.bench", ["--help"])
    assert len(ballast) > 0
    assert 0 < found.peak_gib < 0.3
    assert 0 < found.cpu_seconds < found.wall_seconds + 5


def test_a_failed_command_tells_what_it_said() -> None:
    with pytest.raises(RuntimeError, match="the following arguments are required"):
        measure("benchmarks.bare", [])


def test_ratios_are_medians_of_rounds() -> None:
    one = measure("benchmarks.bench", ["--help"])
    results = Results(Settings(), bare=[one] * 3, full=[{"raw": one, "core": one}] * 3)
    results.long_day = results.short_day = [{"raw": one}]
    assert results.full_ratio == pytest.approx(2)
    assert results.day_ratio == pytest.approx(1)
    assert "| **all layers** |" in results.markdown()
