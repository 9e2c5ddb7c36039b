"""Published figures of a real survey; needs its extract (2017 SFO Customer Survey) on disk."""

import os
from pathlib import Path

import polars as pl
import pytest

from tests.assets.transforms.survey_frames import answers, ready, reasons, value

FOLDER = os.environ.get("BAROMETER_REAL_DATA_DIR")


@pytest.fixture
def passengers() -> pl.DataFrame:
    if not FOLDER:
        pytest.skip("BAROMETER_REAL_DATA_DIR does not name the folder of the real extracts")
    path = Path(FOLDER) / "sfo_survey" / "2017_SFO_Customer_Survey.csv"
    raw = pl.read_csv(path, infer_schema=False)
    scores = raw["NETPRO"].cast(pl.Float64)
    frame = answers("nps", [0.0] * raw.height).with_columns(
        scores.alias("score"),
        raw["WEIGHT"].cast(pl.Float64).alias("weight"),
        (scores == 11).fill_null(value=False).alias("is_na_code"),
    )
    return ready(frame)


def test_nps_of_the_airport(passengers: pl.DataFrame) -> None:
    found = value(passengers, "nps")
    assert found["n"] == 2746
    assert found["value"] == pytest.approx(39.8398, abs=5e-5)
    assert set(reasons(passengers, "nps")) <= {"na_code", "no_score"}


def test_weighted_nps_of_the_airport(passengers: pl.DataFrame) -> None:
    found = value(passengers, "nps", "response")
    assert found["value"] == pytest.approx(40.3984, abs=5e-5)
