"""Survey KPIs: published figures, what counts and what does not, weights, scales."""

import math

import polars as pl
import pytest
from scipy import stats

from tests.assets.transforms.survey_frames import answers, reasons, settled, value

NAN = float("nan")


def of_counts(metric: str, counts: dict[int, int], **fixed: object) -> pl.DataFrame:
    scores = [float(score) for score, count in counts.items() for _ in range(count)]
    return answers(metric, scores, **fixed)


def test_nps_of_six_answers() -> None:
    found = value(answers("nps", [0, 7, 7, 9, 9, 9]), "nps")
    assert found["value"] == pytest.approx(100 / 3)
    assert (found["numerator"], found["denominator"], found["n"]) == (2.0, 6.0, 6)
    share_up, share_down = 3 / 6, 1 / 6
    variance = share_up + share_down - (share_up - share_down) ** 2
    assert variance == pytest.approx(5 / 9)
    assert math.sqrt(variance / 6) == pytest.approx(0.304, abs=5e-4)


def test_nps_of_36_promoters_28_passives_16_detractors() -> None:
    frame = of_counts("nps", {9: 20, 10: 16, 7: 14, 8: 14, 0: 8, 6: 8})
    found = value(frame, "nps")
    assert found["value"] == pytest.approx(25.0)
    assert found["ci_low"] == pytest.approx(7.621, abs=5e-4)
    assert found["ci_high"] == pytest.approx(40.572, abs=5e-4)
    shares = [value(frame, f"nps_{part}_share")["value"] for part in
              ("promoter", "passive", "detractor")]  # fmt: skip
    assert shares == pytest.approx([45.0, 35.0, 20.0])


def test_periods_pool_answers_and_do_not_average_scores() -> None:
    first = of_counts("nps", {9: 8, 7: 1, 0: 1})
    second = of_counts("nps", {9: 10, 7: 50, 0: 40})
    assert value(pl.concat([first, second]), "nps")["value"] == pytest.approx(-20.909, abs=5e-4)


def test_ces_of_published_counts() -> None:
    counts = dict(zip(range(1, 8), (80, 210, 140, 110, 160, 180, 120), strict=True))
    frame = of_counts("ces", counts)
    assert value(frame, "ces_mean")["value"] == pytest.approx(4.08)
    assert value(frame, "ces_net")["value"] == pytest.approx(-13.0)
    assert value(frame, "ces_top_share")["value"] == pytest.approx(46.0)


def test_ces_on_a_scale_of_effort_is_turned_for_boxes_but_not_for_the_mean() -> None:
    fixed = {"scale_min": 1.0, "scale_max": 5.0, "is_higher_better": False}
    frame = of_counts("ces", {1: 3, 2: 2, 3: 1, 4: 1, 5: 3}, **fixed)
    assert value(frame, "ces_top_share")["value"] == pytest.approx(50.0)
    assert value(frame, "ces_net")["value"] == pytest.approx(10.0)
    found = value(frame, "ces_mean")
    assert found["value"] == pytest.approx(2.9)
    assert str(found["method_id"]).endswith("scale=1.0-5.0 lower")


def test_ces_means_of_different_scales_are_never_pooled() -> None:
    five = of_counts("ces", {1: 2, 5: 2}, scale_max=5.0)
    seven = of_counts("ces", {1: 2, 7: 1})
    frame = pl.concat([five, seven])
    found = value(frame, "ces_mean")
    assert (found["value"], found["ci_low"], found["n"], found["excluded"]) == (None, None, 7, 7)
    assert reasons(frame, "ces_mean") == {"mixed_scales": 7}
    assert value(frame, "ces_top_share")["value"] == pytest.approx(300 / 7)


@pytest.mark.parametrize("code", ["nps", "nps_promoter_share", "nps_passive_share"])
def test_a_nan_is_never_a_promoter(code: str) -> None:
    frame = answers("nps", [NAN, NAN, 10, 0])
    assert value(frame, code)["n"] == 2
    assert value(frame, "nps")["value"] == pytest.approx(0.0)
    assert reasons(frame, code) == {"not_a_number": 2}


@pytest.mark.parametrize(
    ("score", "fixed", "reason"),
    [
        (None, {}, "no_score"),
        (NAN, {}, "not_a_number"),
        (11.0, {"is_na_code": True}, "na_code"),
        (11.0, {}, "out_of_scale"),
        (-1.0, {}, "out_of_scale"),
        (math.inf, {}, "out_of_scale"),
        (8.5, {}, "not_an_integer"),
        (8.0, {"scale_min": 1.0}, "wrong_scale"),
        (4.0, {"scale_max": 5.0}, "wrong_scale"),
        (4.0, {"scale_min": None, "scale_max": None}, "wrong_scale"),
        (8.0, {"is_higher_better": False}, "wrong_scale"),
        (8.0, {"metric": None}, "unknown_question"),
    ],
)
def test_why_an_answer_does_not_count(
    score: float | None, fixed: dict[str, object], reason: str
) -> None:
    frame = pl.concat([answers("nps", [score], **fixed), answers("nps", [10])])
    found = value(frame, "nps")
    assert (found["value"], found["n"], found["excluded"]) == (100.0, 1, 1)
    assert reasons(frame, "nps") == {reason: 1}


def test_employees_are_not_customers() -> None:
    frame = pl.concat([answers("nps", [0], is_customer=False), answers("nps", [10])])
    assert value(frame, "nps")["n"] == 1
    assert reasons(frame, "nps") == {}


def test_no_answer_gives_no_row() -> None:
    assert settled(answers("nps", [None]), "nps").value.height == 0


@pytest.mark.parametrize(
    ("least", "greatest", "scores", "share"),
    [
        (1, 3, [3, 2, 1], 100 / 3),
        (1, 4, [4, 3, 2, 1], 50.0),
        (1, 5, [5, 4, 3, 2, 1], 40.0),
        (1, 7, [7, 6, 5, 4], 50.0),
        (1, 10, [10, 9, 8, 7], 75.0),
        (0, 10, [10, 9, 8, 7, 0], 60.0),
    ],
)
def test_top_boxes_by_points_of_the_scale(
    least: float, greatest: float, scores: list[float], share: float
) -> None:
    frame = answers("csat", scores, scale_min=float(least), scale_max=float(greatest))
    assert value(frame, "csat")["value"] == pytest.approx(share)


def test_a_slider_has_a_mean_and_no_boxes() -> None:
    frame = answers("csat", [12.5, 100.0], scale_min=0.0, scale_max=100.0)
    assert value(frame, "csat_mean")["value"] == pytest.approx(56.25)
    assert reasons(frame, "csat") == {"wrong_scale": 2}


def test_means_of_different_scales_compare_after_rescaling() -> None:
    five = answers("csat", [1, 3, 5])
    ten = answers("csat", [10.0], scale_max=10.0)
    turned = answers("csat", [1.0], is_higher_better=False)
    frame = pl.concat([five, ten, turned])
    scores = [0.0, 50.0, 100.0, 100.0, 100.0]
    found = value(frame, "csat_mean")
    right = stats.t.interval(0.95, 4, loc=70.0, scale=stats.sem(scores))
    assert found["value"] == pytest.approx(70.0)
    assert found["ci_low"] == pytest.approx(right[0])
    assert found["ci_high"] == 100.0  # the interval ends where the scale does


def test_one_answer_has_a_mean_and_no_interval() -> None:
    found = value(answers("csat", [4]), "csat_mean")
    assert (found["value"], found["ci_low"], found["ci_high"]) == (75.0, None, None)


def test_weights() -> None:
    rows = [(10.0, 0.5), (10.0, 0.5), (0.0, 2.0), (7.0, 1.0)]
    frame = pl.concat([answers("nps", [score], weight=weight) for score, weight in rows])
    found = value(frame, "nps", "response")
    assert found["value"] == pytest.approx(-25.0)
    assert (found["numerator"], found["denominator"], found["n"]) == (-1.0, 4.0, 4)
    assert found["n_effective"] == pytest.approx(16 / 5.5)
    assert str(found["method_id"]).endswith("+weights=response")


def test_equal_weights_change_nothing_but_the_method() -> None:
    frame = answers("csat", [1, 2, 2, 5, 4, 4], weight=0.75)
    for code in ("csat", "csat_mean"):
        plain, weighted = value(frame, code), value(frame, code, "response")
        for name in ("value", "ci_low", "ci_high", "n", "n_effective"):
            assert weighted[name] == pytest.approx(plain[name]), name


@pytest.mark.parametrize("weight", [NAN, math.inf, -1.0])
def test_an_unusable_weight_excludes_the_answer(weight: float) -> None:
    frame = pl.concat([answers("nps", [0], weight=weight), answers("nps", [10])])
    assert value(frame, "nps", "response")["value"] == 100.0
    assert reasons(frame, "nps", "response") == {"bad_weight": 1}
    assert value(frame, "nps")["value"] == 0.0


def test_weights_of_zero_give_no_value() -> None:
    found = value(answers("nps", [10, 0], weight=0.0), "nps", "response")
    assert (found["value"], found["n"], found["n_effective"]) == (None, 2, None)
