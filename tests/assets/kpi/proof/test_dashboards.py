"""What a reader of a dashboard is promised: few false alarms, true changes found, honest intervals.

Simulated answers go the whole way: fact, states, values, rows of `kpi_value`, changes.
"""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from assets.transforms.changes import with_changes
from assets.transforms.grains import PeriodCalendar
from assets.transforms.measures_service import service_measures
from assets.transforms.published import value_rows
from assets.transforms.segments import SegmentSet
from assets.transforms.states import compute_states
from assets.transforms.values import settle
from schemas.config.calendar import FiscalCalendar
from schemas.config.kpis import KpiConfig
from schemas.kpis.catalogue import CATALOGUE, Published
from schemas.warehouse import KPI_VALUE, with_dimensions, with_summary
from tests.assets.transforms.rolled import roll_up
from tests.assets.transforms.survey_frames import SCHEMA, measures, ready

BY_COUNTRY = SegmentSet("by_country", ("country",))
TABLE = with_summary(with_dimensions(KPI_VALUE, ("country",)))
CODES = {"nps": ("nps",), "csat": ("csat", "csat_mean")}
"""Metric → KPIs on it."""
SCALES = {"nps": (0.0, 10.0), "csat": (1.0, 5.0)}
SEGMENTS = 500
MONTHS = 7
SEEDS = range(24)
LIKELY = {
    "nps": (0.01, 0.01, 0.02, 0.02, 0.03, 0.06, 0.1, 0.15, 0.25, 0.2, 0.15),
    "csat": (0.06, 0.09, 0.2, 0.4, 0.25),
}
"""Probabilities of the scores, from the least."""


def answers(
    metric: str, scores: np.ndarray, segments: np.ndarray, months: np.ndarray
) -> pl.DataFrame:
    """One answer a score, on the fifth of its month."""
    least, greatest = SCALES[metric]
    constant = {
        "is_customer": True, "metric": metric, "choice": None, "weight": 1.0,
        "scale_min": least, "scale_max": greatest, "is_higher_better": True, "is_na_code": False,
        "is_classified": True,
    }  # fmt: skip
    frame = pl.DataFrame({"score": scores.astype(float), "at": segments, "month": months})
    named = frame.with_columns(
        *[pl.lit(value, SCHEMA[name]).alias(name) for name, value in constant.items()],
        pl.date(2026, pl.col("month") + 1, 5).alias("responded_on"),
        pl.format("s{}", "at").alias("country"),
    )
    return ready(named.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items()))


def calls(seconds: np.ndarray, segments: np.ndarray, months: np.ndarray) -> pl.DataFrame:
    """One interaction a duration, on the fifth of its month."""
    frame = pl.DataFrame({"handle_seconds": seconds, "at": segments, "month": months})
    return frame.select(
        "handle_seconds",
        pl.date(2026, pl.col("month") + 1, 5).alias("opened_on"),
        pl.format("s{}", "at").alias("country"),
    )


def published_rows(frame: pl.DataFrame, codes: tuple[str, ...]) -> pl.DataFrame:
    """Rows of `kpi_value` by month and segment, with what changed."""
    published = [Published(code, CATALOGUE[code], "none") for code in codes]
    known = measures() | {one.code: one for one in service_measures(KpiConfig())}
    wanted = [known[code] for code in dict.fromkeys(one.state for one in published)]
    states = compute_states(frame.lazy(), wanted, [BY_COUNTRY], dimensions=["country"])
    rolled = roll_up(
        states.state.lazy(), states.exclusion.lazy(), states.histogram.lazy(),
        grain="month", year=2026,
    )  # fmt: skip
    values = settle(rolled, published, known, confidence=0.95, targets={})
    rows = value_rows(
        values, states.segment, TABLE, calendar=PeriodCalendar(), grain="month",
        as_of=dt.date(2026, 12, 31),
    )  # fmt: skip
    estimators = {one.code: one.kpi.estimator for one in published}
    return with_changes(rows, estimators, FiscalCalendar(), confidence=0.95)


def dashboards(rows: pl.DataFrame) -> pl.DataFrame:
    """One row a KPI and month that is compared: how many segments are shown as changed."""
    compared = rows.drop_nulls("is_significant")
    return compared.group_by("kpi_code", "period_start").agg(
        pl.len().alias("tested"), pl.col("is_significant").sum().alias("lit")
    )


@pytest.mark.parametrize("metric", CODES)
def test_dashboards_stay_dark_where_nothing_changed(metric: str) -> None:
    found = []
    levels = np.arange(SCALES[metric][0], SCALES[metric][1] + 1)
    for seed in SEEDS:
        draw = np.random.default_rng(seed)
        # segments of very different sizes
        sizes = draw.integers(8, 60, (SEGMENTS, MONTHS)).ravel()
        at, month = (one.ravel() for one in np.indices((SEGMENTS, MONTHS)))
        scores = draw.choice(levels, sizes.sum(), p=LIKELY[metric])
        frame = answers(metric, scores, np.repeat(at, sizes), np.repeat(month, sizes))
        found.append(dashboards(published_rows(frame, CODES[metric])))
    boards = pl.concat(found)
    assert boards.height == len(SEEDS) * (MONTHS - 1) * len(CODES[metric])
    assert boards["tested"].min() == SEGMENTS
    for (code,), part in boards.group_by("kpi_code"):
        share = (part["lit"] > 0).mean()
        assert share is not None
        # 5 % and three standard errors of the simulation
        assert share <= 0.05 + 3 * (0.05 * 0.95 / part.height) ** 0.5, code


def test_dashboards_of_skewed_durations_stay_dark_too() -> None:
    found = []
    for seed in SEEDS:
        draw = np.random.default_rng(seed)
        sizes = draw.integers(3, 60, (SEGMENTS, MONTHS)).ravel()
        at, month = (one.ravel() for one in np.indices((SEGMENTS, MONTHS)))
        seconds = np.ceil(draw.lognormal(5.5, 1.0, sizes.sum())).astype(int)
        frame = calls(seconds, np.repeat(at, sizes), np.repeat(month, sizes))
        found.append(dashboards(published_rows(frame, ("average_handle_time",))))
    share = (pl.concat(found)["lit"] > 0).mean()
    assert share is not None
    assert share <= 0.05 + 3 * (0.05 * 0.95 / (len(SEEDS) * (MONTHS - 1))) ** 0.5


@pytest.mark.parametrize("metric", CODES)
def test_true_changes_are_found(metric: str) -> None:
    draw = np.random.default_rng(11)
    levels = np.arange(SCALES[metric][0], SCALES[metric][1] + 1)
    changed = 100
    size = 150
    worse = np.array(LIKELY[metric])[::-1]
    at, month = (one.ravel() for one in np.indices((SEGMENTS, 2)))
    is_worse = (at < changed) & (month == 1)
    scores = np.where(
        is_worse[:, None],
        draw.choice(levels, (at.size, size), p=worse),
        draw.choice(levels, (at.size, size), p=LIKELY[metric]),
    )
    frame = answers(metric, scores.ravel(), np.repeat(at, size), np.repeat(month, size))
    rows = published_rows(frame, CODES[metric]).drop_nulls("is_significant")
    number = pl.col("segment_key").str.slice(1).cast(pl.Int64)
    for (code,), part in rows.group_by("kpi_code"):
        lit = part.filter("is_significant").select(number)["segment_key"]
        true = (lit < changed).sum()
        assert true >= 0.95 * changed, code
        # of what is shown as changed at most 5 % has not, and three standard errors
        assert len(lit) - true <= 0.05 * len(lit) + 3 * (0.05 * len(lit)) ** 0.5, code


MIXES = {
    "nps": [
        (0.0, 0.0, 0.0, 0.0, 0.05, 0.05, 0.1, 0.15, 0.25, 0.2, 0.2),
        (0.05, 0.0, 0.0, 0.05, 0.1, 0.1, 0.1, 0.2, 0.1, 0.1, 0.2),
        (0.2, 0.05, 0.05, 0.1, 0.1, 0.2, 0.1, 0.05, 0.05, 0.05, 0.05),
        (0.0, 0.0, 0.0, 0.0, 0.0, 0.02, 0.0, 0.08, 0.1, 0.4, 0.4),
    ],
    "csat": [
        (0.02, 0.03, 0.15, 0.45, 0.35), (0.1, 0.2, 0.4, 0.2, 0.1), (0.3, 0.3, 0.2, 0.15, 0.05),
        (0.05, 0.1, 0.35, 0.4, 0.1),
    ],
}  # fmt: skip


def truth(code: str, mix: tuple[float, ...]) -> float:
    """What a KPI is in a population of these shares."""
    if code == "nps":
        return 100 * (sum(mix[9:]) - sum(mix[:7]))
    if code == "csat":
        return 100 * sum(mix[3:])
    return sum(25.0 * score * share for score, share in enumerate(mix))


@pytest.mark.parametrize("metric", CODES)
def test_published_intervals_cover_what_they_say(metric: str) -> None:
    draw, replicates = np.random.default_rng(3), 1000
    levels = np.arange(SCALES[metric][0], SCALES[metric][1] + 1)
    covered: dict[str, list[float]] = {code: [] for code in CODES[metric]}
    for mix in MIXES[metric]:
        for size in (10, 30, 100, 300):
            scores = draw.choice(levels, replicates * size, p=mix)
            at = np.repeat(np.arange(replicates), size)
            rows = published_rows(answers(metric, scores, at, np.zeros_like(at)), CODES[metric])
            for code in CODES[metric]:
                ends = rows.filter(pl.col("kpi_code") == code, pl.col("n") == size)
                is_in = pl.lit(truth(code, mix)).is_between("ci_low", "ci_high")
                # a t interval of answers that are all alike is a point
                covered[code].append(ends.select(is_in.mean()).item())
                assert ends.height == replicates
    for code, shares in covered.items():
        assert 0.94 <= np.mean(shares) <= 0.965, code
        assert min(shares) > 0.9, code
