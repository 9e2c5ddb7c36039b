"""One holder at a time, and what a killed one left behind is cleared away."""

from pathlib import Path

import pytest

from assets.lake.layout import Lake
from assets.resources import hold
from schemas.errors import LakeError


def test_the_next_holder_clears_what_a_killed_run_left(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.scratch.mkdir()
    (lake.scratch / "staged.csv").write_text("half")
    lake.warehouse.parent.mkdir()
    lake.warehouse.write_text("whole")
    gone = lake.warehouse.parent / f".tmp-{2**22 + 1}-0-cx_barometer.duckdb.part"
    gone.write_text("half")
    with hold(lake, owner="a run"):
        assert not lake.scratch.exists()
        assert [path.name for path in lake.warehouse.parent.iterdir()] == [lake.warehouse.name]


def test_a_second_holder_is_refused_by_name(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    with (
        hold(lake, owner="run 1"),
        pytest.raises(LakeError, match="held by run 1"),
        hold(lake, owner="run 2"),
    ):
        pass
