"""Answers as the measures read them, and their way to values, without a lake."""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from assets.transforms.measures import Measure
from assets.transforms.measures_survey import survey_measures
from assets.transforms.segments import TOTAL, SegmentSet
from assets.transforms.states import compute_states
from assets.transforms.values import Settled, settle
from schemas.config.kpis import KpiConfig
from schemas.kpis.catalogue import CATALOGUE, Published
from tests.assets.transforms.rolled import roll_up

DAY = dt.date(2026, 3, 4)
SCHEMA: dict[str, pl.DataType] = {
    "responded_on": pl.Date(),
    "is_customer": pl.Boolean(),
    "metric": pl.String(),
    "score": pl.Float64(),
    "choice": pl.String(),
    "weight": pl.Float64(),
    "scale_min": pl.Float64(),
    "scale_max": pl.Float64(),
    "is_higher_better": pl.Boolean(),
    "is_na_code": pl.Boolean(),
    "is_classified": pl.Boolean(),
    "country": pl.String(),
}
SCALES: dict[str, tuple[float | None, float | None]] = {
    "nps": (0.0, 10.0),
    "csat": (1.0, 5.0),
    "ces": (1.0, 7.0),
    "cxi_effectiveness": (1.0, 5.0),
    "cxi_ease": (1.0, 5.0),
    "cxi_emotion": (1.0, 5.0),
    "moment_of_truth": (None, None),
    "repurchase_intent": (1.0, 5.0),
    "engagement": (1.0, 5.0),
    "comment": (None, None),
    "sentiment": (None, None),
}
Row = dict[str, object]


def answers(metric: str, scores: Sequence[float | None], /, **fixed: object) -> pl.DataFrame:
    """One answer a score, on the metric's usual scale and one day unless told otherwise."""
    least, greatest = SCALES[metric]
    given: Row = {
        "responded_on": DAY, "is_customer": True, "metric": metric, "weight": 1.0,
        "scale_min": least, "scale_max": greatest, "is_higher_better": True, "is_na_code": False,
        "is_classified": True,
        "country": "FR", **fixed,
    }  # fmt: skip
    frame = pl.DataFrame([{**given, "score": score} for score in scores], schema=SCHEMA)
    return ready(frame)


def choices(metric: str, chosen: Sequence[str | None], /, **fixed: object) -> pl.DataFrame:
    """One answer a choice, without a score."""
    return pl.concat([answers(metric, [None], **{"choice": one, **fixed}) for one in chosen])


def ready(frame: pl.DataFrame) -> pl.DataFrame:
    """Answers with the columns that follow from the others."""
    direction = pl.when("is_higher_better").then(pl.lit("higher")).otherwise(pl.lit("lower"))
    return frame.with_columns(
        (pl.col("scale_max") - pl.col("scale_min") + 1).alias("points"),
        pl.format("{}-{} {}", "scale_min", "scale_max", direction).alias("scale"),
    )


def measures(weights: str = "none") -> dict[str, Measure]:
    return {found.code: found for found in survey_measures(KpiConfig(), weights)}


def settled(
    frame: pl.DataFrame,
    *codes: str,
    weights: str = "none",
    grain: str = "year",
    sets: Sequence[SegmentSet] = (TOTAL,),
) -> Settled:
    """Values of KPIs from answers."""
    published = [Published(code, CATALOGUE[code], weights) for code in codes]
    known = measures(weights)
    wanted = [known[code] for code in dict.fromkeys(one.state for one in published)]
    states = compute_states(frame.lazy(), wanted, sets, dimensions=["country"])
    rolled = roll_up(
        states.state.lazy(), states.exclusion.lazy(), states.histogram.lazy(),
        grain=grain, year=2026,
    )  # fmt: skip
    return settle(rolled, published, known, confidence=0.95, targets={})


def value(frame: pl.DataFrame, code: str, weights: str = "none") -> dict[str, object]:
    """The one row of the total of the year."""
    return settled(frame, code, weights=weights).value.row(0, named=True)


def reasons(frame: pl.DataFrame, code: str, weights: str = "none") -> dict[str, int]:
    """Why answers did not count: reason → count."""
    found = settled(frame, code, weights=weights).exclusion
    return dict(found.select("reason", "count").rows())
