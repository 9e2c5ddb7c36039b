"""Which lengths of period a configuration may ask for."""

import pytest
from pydantic import ValidationError

from schemas.config.periods import ALL_GRAINS, PeriodConfig
from tests.assets.kpi.histories import project


def test_all_grains_are_published_by_default() -> None:
    asked = PeriodConfig()
    assert (*asked.calendar, *asked.fiscal, *asked.rolling) == ALL_GRAINS
    assert asked.sets_of("rolling_28d") == {"total"}
    assert {asked.sets_of(grain) for grain in ALL_GRAINS if grain != "rolling_28d"} == {None}


def test_a_grain_is_named_once() -> None:
    with pytest.raises(ValidationError, match="each is named once; found day, week, day"):
        PeriodConfig(calendar=("day", "week", "day"))


def test_some_calendar_grain_is_published() -> None:
    with pytest.raises(ValidationError, match="at least 1"):
        PeriodConfig(calendar=())


def test_windows_of_a_segment_set_that_there_is() -> None:
    asked = {"periods": {"rolling_28d_sets": ["total", "country"]}}
    found = project(segment_sets={"country": ["country"]}, kpis=asked)
    assert found.kpis.periods.sets_of("rolling_28d") == {"total", "country"}
    with pytest.raises(ValidationError, match=r"no segment set 'country'; allowed: total"):
        project(kpis=asked)
