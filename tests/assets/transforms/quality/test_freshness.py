from typing import Any

import pytest

from assets.transforms.quality.freshness import judge_freshness
from schemas.config.quality import Freshness
from tests.assets.transforms.quality.frames import day, extracts, project


def judged(
    rows: dict[int, int | None], as_of: int, *, source: dict[str, Any] | None = None, **limits: Any
) -> dict[str, Any]:
    config = project({"shop": source or {}}).sources["shop"]
    frame = judge_freshness(
        extracts(rows),
        Freshness.model_validate(limits),
        config,
        source="shop",
        as_of=day(as_of),
    )
    assert frame.height == 1
    return frame.to_dicts()[0]


def test_the_sources_own_patience_is_the_limit() -> None:
    found = judged({0: 5, 1: 5, 2: None}, 4, source={"stale_after_days": 2})
    assert found == {
        "asset": "raw/shop",
        "check_name": "freshness",
        "subject": "",
        "source": "shop",
        "period_grain": "all",
        "period_start": None,
        "status": "warn",
        "observed": 3.0,
        "lower_limit": None,
        "upper_limit": 2.0,
        "unit": "days",
        "rows_checked": 0,
        "rows_unexpected": None,
        "message": "the latest extract is of 2024-01-02, 3 days behind 2024-01-05",
        "mend": (
            "ask who delivers the source for the missing days, or mend `sources.shop.files.path` "
            "if the files were renamed; then `barometer run --date 2024-01-05`; if it is as it "
            "should be, change the limits under "
            "`quality.sources.shop.freshness` (without them `sources.shop.stale_after_days` holds)"
        ),
    }


@pytest.mark.parametrize(
    ("limits", "age", "status", "upper"),
    [
        ({}, 0, "passed", 0.0),
        ({}, 1, "warn", 0.0),
        ({"warn_above": 3}, 3, "passed", 3.0),
        ({"warn_above": 3, "error_above": 5}, 6, "error", 5.0),
        ({"error_above": 5}, 6, "error", 5.0),
    ],
)
def test_limits(limits: dict[str, float], age: int, status: str, upper: float) -> None:
    found = judged({0: 1}, age, **limits)
    assert (found["status"], found["observed"], found["upper_limit"]) == (status, age, upper)


def test_an_error_limit_below_the_patience_counts() -> None:
    found = judged({0: 1}, 5, source={"stale_after_days": 30}, error_above=2)
    assert (found["status"], found["upper_limit"]) == ("error", 2.0)


def test_never_loaded_is_a_warning() -> None:
    for rows in ({}, {0: None}):
        found = judged(rows, 4)
        assert (found["status"], found["observed"]) == ("warn", None)
        assert found["message"] == "no extract was ever loaded"
        assert "`sources.shop.files.path`" in found["mend"]


def test_a_file_for_every_day_passes_once_loaded() -> None:
    fixed = {"files": {"path": "all.csv"}}
    found = judged({0: 5}, 400, source=fixed)
    assert (found["status"], found["upper_limit"], found["mend"]) == ("passed", None, "")
    assert found["message"] == "one file for every day; loaded for 2024-01-01"
    assert judged({}, 400, source=fixed)["status"] == "warn"


def test_an_extract_of_a_later_day_is_not_late() -> None:
    assert judged({9: 5}, 4)["observed"] == 0.0
