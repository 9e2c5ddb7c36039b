"""The worked examples that must hold, each once, through the pipeline's own functions.

Those of Kano's features and of initiatives belong to the analyses.
"""

import datetime as dt
import math
from collections.abc import Mapping

import polars as pl
import pytest

from assets.transforms.clv.bg_nbd import fit_bg_nbd
from assets.transforms.clv.counts import purchase_counts, value_counts
from assets.transforms.clv.gamma_gamma import fit_gamma_gamma
from assets.transforms.intervals import Interval, adjusted_wald, wilson
from assets.transforms.money import Rates
from assets.transforms.populations.customers import CHURN, churn_states
from assets.transforms.populations.extract_people import employee_rows
from assets.transforms.populations.people import EMPLOYEE_TURNOVER, people_states
from assets.transforms.populations.population import PopulationStates
from assets.transforms.rolling_up import Rolled
from assets.transforms.states import HISTOGRAM_SCHEMA
from assets.transforms.values import settle
from schemas.kpis.catalogue import CATALOGUE, Published
from tests.assets.kpi.histories import frame, project
from tests.assets.transforms.clv import cdnow
from tests.assets.transforms.populations.asking import asking
from tests.assets.transforms.survey_frames import answers, settled, value

START, END = dt.date(2026, 1, 1), dt.date(2026, 1, 31)
Z = 1.96


def of_counts(metric: str, counts: Mapping[int, int], **fixed: object) -> pl.DataFrame:
    """As many answers of each score."""
    scores = [float(score) for score, count in counts.items() for _ in range(count)]
    return answers(metric, scores, **fixed)


def ends(interval: Interval) -> tuple[float, float]:
    low, high = pl.select(interval[0].alias("low"), interval[1].alias("high")).row(0)
    return low, high


def number(given: float) -> pl.Expr:
    return pl.lit(given, dtype=pl.Float64)


def of_population(found: PopulationStates, *codes: str) -> list[float]:
    """Values of KPIs from the states of a population."""
    histogram = HISTOGRAM_SCHEMA.to_frame().rename({"event_day": "period_start"})
    measures = {one.code: one for one in (CHURN, EMPLOYEE_TURNOVER)}
    published = [Published(code, CATALOGUE[code], "none") for code in codes]
    rolled = Rolled(found.state, found.exclusion, histogram)
    values = settle(rolled, published, measures, confidence=0.95, targets={}).value
    by_code = dict(values.select("kpi_code", "value").rows())
    return [by_code[code] for code in codes]


def test_nps_of_six_answers() -> None:
    row = settled(answers("nps", [0, 7, 7, 9, 9, 9]), "nps").value.row(0, named=True)
    assert row["value"] == pytest.approx(33.33, abs=5e-3)
    # centre and variance that changes are tested by are those of the adjusted counts
    net, passives = row["numerator"] / row["n"], 2 / 6
    variance = (1 - passives) - net**2
    assert variance == pytest.approx(5 / 9)
    assert math.sqrt(variance / row["n"]) == pytest.approx(0.304, abs=5e-4)
    assert row["centre"] == pytest.approx(2 / 9)
    p, d = (3 + 0.75) / 9, (1 + 0.75) / 9
    assert row["variance"] == pytest.approx((p + d - (p - d) ** 2) / 9)


def test_nps_of_36_promoters_28_passives_16_detractors() -> None:
    row = value(of_counts("nps", {9: 36, 7: 28, 0: 16}), "nps")
    assert row["value"] == pytest.approx(25.0)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((7.621, 40.572), abs=5e-4)
    low, high = ends(adjusted_wald(number(36 / 80), number(16 / 80), number(80), 1.959964))
    assert 50 * (low + high) == pytest.approx(24.0964, abs=5e-5)
    # the interval without added counts, which is not the published one
    half = 1.959964 * math.sqrt((52 / 80 - (20 / 80) ** 2) / 80)
    assert (100 * (0.25 - half), 100 * (0.25 + half)) == pytest.approx((8.204, 41.796), abs=5e-4)


def test_two_periods_pool_their_answers() -> None:
    first = of_counts("nps", {9: 8, 7: 1, 0: 1}, responded_on=dt.date(2026, 1, 10))
    second = of_counts("nps", {9: 10, 7: 50, 0: 40}, responded_on=dt.date(2026, 2, 10))
    both = pl.concat([first, second])
    months = settled(both, "nps", grain="month").value.sort("period_start")["value"]
    assert months.to_list() == pytest.approx([70.0, -30.0])
    assert months.mean() == pytest.approx(20.0)
    (quarter,) = settled(both, "nps", grain="quarter").value["value"]
    assert quarter == pytest.approx(-20.909, abs=5e-4)


def test_ces_of_counts_of_1_to_7() -> None:
    counts = dict(zip(range(1, 8), (80, 210, 140, 110, 160, 180, 120), strict=True))
    frame_of_scores = of_counts("ces", counts)
    assert value(frame_of_scores, "ces_mean")["value"] == pytest.approx(4.08)
    assert value(frame_of_scores, "ces_net")["value"] == pytest.approx(-13.0)


@pytest.mark.parametrize(
    ("part", "low", "high"), [(10, 0.0552285416, 0.1743673044), (0, 0.0, 0.0369948075)]
)
def test_wilson(part: int, low: float, high: float) -> None:
    found = ends(wilson(number(part / 100), number(100), Z))
    assert found == pytest.approx((low, high), abs=5e-11)
    # on the way to a reader z is 1.95996…, and the unit percent
    row = value(of_counts("csat", {5: part, 1: 100 - part}), "csat")
    assert (row["value"], row["n"]) == (part, 100)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((100 * low, 100 * high), abs=5e-4)


def test_10000_customers_1200_joined_700_lost() -> None:
    old = [(f"c{at}", START - dt.timedelta(days=20)) for at in range(10_000)]
    kept = [(f"c{at}", START + dt.timedelta(days=10)) for at in range(9_300)]
    joined = [(f"n{at}", START + dt.timedelta(days=12)) for at in range(1_200)]
    sales = pl.LazyFrame(
        {"account_id": [who for who, _ in old + kept + joined],
         "starts_on": [day for _, day in old + kept + joined]}
    ).with_columns(is_sale=pl.lit(value=True))  # fmt: skip
    wanted = asking([(START, END)], versions=None, kpis={"churn": {"inactivity_days": 30}})
    churn, retention = of_population(
        churn_states({"sale": sales}, wanted), "churn_rate", "retention_rate"
    )
    assert churn == pytest.approx(7.0)
    assert retention == pytest.approx(93.0)  # (end - new)/start: (10,500 - 1,200)/10,000
    assert retention == pytest.approx(100 * (10_500 - 1_200) / 10_000)


def test_15_separations_of_an_average_headcount_of_205() -> None:
    staff = [
        {
            "employee_id": f"e{at}",
            "hired_on": dt.date(2020, 1, 1),
            "left_on": END if at < 15 else None,
        }
        for at in range(205)
    ]
    tables = {"erp_employee": frame("erp_employee", staff).lazy()}
    extracts = {"employee": employee_rows(tables, project(), Rates("EUR")).lazy()}
    (turnover,) = of_population(
        people_states(extracts, asking([(START, END)], versions=None)), "employee_turnover"
    )
    assert turnover == pytest.approx(100 * 15 / 205)
    assert math.floor(100 * turnover) / 100 == 7.31


def test_bg_nbd_and_gamma_gamma_on_cdnow() -> None:
    customers = cdnow.customers().lazy()
    purchases = fit_bg_nbd(purchase_counts(customers))
    assert purchases.customers == 2357
    assert purchases.parameters is not None
    assert tuple(purchases.parameters) == pytest.approx((0.243, 4.414, 0.793, 2.426), abs=5e-4)
    values = fit_gamma_gamma(value_counts(customers)).parameters
    assert values is not None
    assert tuple(values) == pytest.approx((6.25, 3.74, 15.44), abs=5e-3)
