"""Employees' NPS, the parts of the experience index, moments of truth, repurchase intent."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.transforms.intervals import adjusted_wald, normal_quantile, wilson
from tests.assets.transforms.survey_frames import answers, choices, reasons, settled, value

MOMENTS = {"below": "below", "as": "as_expected", "above": "above", "fan": "fan"}
CXI = ("cxi_effectiveness", "cxi_ease", "cxi_emotion")


def shares(frame: pl.DataFrame, weights: str = "none") -> dict[str, object]:
    """Value of every moment-of-truth KPI by choice."""
    return {
        choice: value(frame, f"moment_of_truth_{kind}", weights)["value"]
        for choice, kind in MOMENTS.items()
    }


def test_employees_and_customers_never_meet() -> None:
    staff = answers("nps", [10, 9, 0, 7], is_customer=False)
    frame = pl.concat([answers("nps", [0, 0, 10]), staff])
    assert value(frame, "enps")["value"] == pytest.approx(25.0)
    assert value(frame, "enps")["n"] == 4
    assert value(frame, "nps")["value"] == pytest.approx(-100 / 3)
    assert value(frame, "nps")["n"] == 3
    assert reasons(frame, "enps") == reasons(frame, "nps") == {}


def test_unusable_answers_of_employees_are_excluded_from_theirs_alone() -> None:
    staff = answers("nps", [None, 11, 10], is_customer=False)
    unknown = answers("nps", [5], is_customer=False, metric=None)
    frame = pl.concat([staff, unknown, answers("nps", [3])])
    assert reasons(frame, "enps") == {"no_score": 1, "out_of_scale": 1, "unknown_question": 1}
    assert value(frame, "enps")["excluded"] == 3
    assert value(frame, "nps")["excluded"] == 0


@pytest.mark.parametrize("code", CXI)
def test_the_nets_of_the_experience_index_on_five_points(code: str) -> None:
    frame = answers(code, [5, 5, 4, 3, 2, 1, 4, 3, 5, 4])  # 6 best, 2 worst of 10
    found = value(frame, code)
    assert found["value"] == pytest.approx(40.0)
    assert (found["numerator"], found["denominator"], found["n"]) == (4.0, 10.0, 10)
    bounds = adjusted_wald(pl.lit(0.6), pl.lit(0.2), pl.lit(10.0), normal_quantile(0.95))
    low, high = pl.select(low=bounds[0] * 100, high=bounds[1] * 100).row(0)
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((low, high))
    assert found["method_id"] == f"{code}.v1:adjusted_wald"


@pytest.mark.parametrize("code", CXI)
def test_the_nets_of_the_experience_index_on_seven_points(code: str) -> None:
    frame = answers(code, [7, 6, 5, 4, 3, 2, 1, 7], scale_max=7.0)  # 5 is not best, 3 is worst
    assert value(frame, code)["value"] == pytest.approx(0.0)


def test_the_parts_of_the_experience_index_stay_apart() -> None:
    frame = pl.concat([answers(CXI[0], [5]), answers(CXI[1], [1, 1]), answers(CXI[2], [3] * 3)])
    assert [value(frame, code)["value"] for code in CXI] == [100.0, -100.0, 0.0]
    assert [value(frame, code)["n"] for code in CXI] == [1, 2, 3]


def test_a_part_of_the_experience_index_has_no_boxes_on_ten_points() -> None:
    frame = pl.concat([answers(CXI[0], [10], scale_max=10.0), answers(CXI[0], [4.5, 5])])
    assert value(frame, CXI[0])["n"] == 1
    assert reasons(frame, CXI[0]) == {"wrong_scale": 1, "not_an_integer": 1}


def test_a_turned_scale_of_the_experience_index_is_turned_back() -> None:
    frame = answers("cxi_ease", [1, 1, 2, 5], is_higher_better=False)
    assert value(frame, "cxi_ease")["value"] == pytest.approx(50.0)


def test_shares_of_moments_of_truth() -> None:
    frame = choices("moment_of_truth", ["below", "as", "as", "above", "fan", "fan", "fan", "as"])
    assert shares(frame) == {"below": 12.5, "as": 37.5, "above": 12.5, "fan": 37.5}
    found = value(frame, "moment_of_truth_as_expected")
    assert (found["numerator"], found["denominator"], found["n"]) == (3.0, 8.0, 8)
    low, high = wilson(pl.lit(0.375), pl.lit(8.0), normal_quantile(0.95))
    bounds = pl.select(low=low * 100, high=high * 100).row(0)
    assert (found["ci_low"], found["ci_high"]) == pytest.approx(bounds)


def test_why_a_moment_of_truth_does_not_count() -> None:
    frame = choices("moment_of_truth", ["as", None, "Comme prévu", "FAN"])
    unknown = choices("moment_of_truth", ["as"], metric=None)
    staff = choices("moment_of_truth", ["below"], is_customer=False)
    other = choices("csat", ["below"])
    frame = pl.concat([frame, unknown, staff, other])
    assert shares(frame) == {"below": 0.0, "as": 100.0, "above": 0.0, "fan": 0.0}
    expected = {"no_choice": 1, "unknown_choice": 2, "unknown_question": 1}
    for kind in MOMENTS.values():
        assert reasons(frame, f"moment_of_truth_{kind}") == expected


def test_weighted_moments_of_truth() -> None:
    frame = pl.concat(
        [
            choices("moment_of_truth", ["fan"], weight=3.0),
            choices("moment_of_truth", ["below", "as"], weight=0.5),
            choices("moment_of_truth", ["above"], weight=-1.0),
        ]
    )
    found = shares(frame, "response")
    assert found == pytest.approx({"below": 12.5, "as": 12.5, "above": 0.0, "fan": 75.0})
    assert reasons(frame, "moment_of_truth_fan", "response") == {"bad_weight": 1}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([*MOMENTS, "other", None]), min_size=1, max_size=30))
def test_shares_of_moments_of_truth_add_up(chosen: list[str | None]) -> None:
    codes = [f"moment_of_truth_{kind}" for kind in MOMENTS.values()]
    found = settled(choices("moment_of_truth", chosen), *codes).value
    known = [one for one in chosen if one in MOMENTS]
    assert found.height == (4 if known else 0)
    if known:
        assert found["value"].sum() == pytest.approx(100.0)
        assert found["numerator"].to_list() == [known.count(choice) for choice in MOMENTS]
        assert set(found["denominator"]) == {len(known)}


@pytest.mark.parametrize(
    ("least", "greatest", "scores", "share"),
    [
        (0, 1, [1, 0, 0, 0], 25.0),
        (1, 5, [5, 4, 5, 1], 50.0),
        (0, 10, [10, 9, 9, 9], 25.0),
    ],
)
def test_repurchase_intent_is_the_best_score_alone(
    least: float, greatest: float, scores: list[float], share: float
) -> None:
    fixed = {"scale_min": float(least), "scale_max": float(greatest)}
    frame = answers("repurchase_intent", scores, **fixed)
    assert value(frame, "repurchase_intent")["value"] == pytest.approx(share)


def test_repurchase_intent_on_a_turned_scale_and_without_a_top_box() -> None:
    turned = answers("repurchase_intent", [1, 1, 5], is_higher_better=False)
    slider = answers("repurchase_intent", [100.0], scale_min=0.0, scale_max=100.0)
    single = answers("repurchase_intent", [1.0], scale_max=1.0)
    frame = pl.concat([turned, slider, single])
    found = value(frame, "repurchase_intent")
    assert (found["value"], found["n"]) == (pytest.approx(200 / 3), 3)
    assert reasons(frame, "repurchase_intent") == {"wrong_scale": 2}


def test_the_experience_index_is_the_mean_of_its_three_nets() -> None:
    effectiveness = answers(CXI[0], [5, 5, 4, 3, 2, 1, 4, 3, 5, 4])  # 40
    frame = pl.concat([effectiveness, answers(CXI[1], [5, 5, 3, 1]), answers(CXI[2], [3, 3])])
    found = value(frame, "cxi")
    assert found["value"] == pytest.approx((40 + 25 + 0) / 3)
    assert (found["numerator"], found["denominator"], found["n"]) == (pytest.approx(0.65), 3.0, 2)
    assert found["method_id"] == "cxi.v1:adjusted_wald_sum"
    parts = [value(frame, code) for code in CXI]
    centre = sum(part["centre"] for part in parts) / 3
    error = sum(part["variance"] ** 0.5 for part in parts) / 3
    z = normal_quantile(0.95)
    assert found["ci_low"] == pytest.approx(100 * (centre - z * error))
    assert found["ci_high"] == pytest.approx(100 * (centre + z * error))


def test_the_experience_index_needs_all_three_questions() -> None:
    frame = pl.concat([answers(CXI[0], [5, 4]), answers(CXI[1], [5])])
    found = value(frame, "cxi")
    assert (found["value"], found["ci_low"], found["n"]) == (None, None, 0)
    assert reasons(frame, "cxi") == {"part_missing": 3}
    assert found["excluded"] == 3


def test_weights_count_in_the_experience_index() -> None:
    frame = pl.concat(
        [
            answers(CXI[0], [5], weight=3.0),
            answers(CXI[0], [1], weight=1.0),
            answers(CXI[1], [5, 1]),
            answers(CXI[2], [3]),
        ]
    )
    found = value(frame, "cxi", "response")
    assert found["value"] == pytest.approx((50 + 0 + 0) / 3)
    assert found["n_effective"] == pytest.approx(1.0)


def test_net_sentiment_and_its_coverage() -> None:
    frame = pl.concat(
        [
            choices("comment", [None] * 8),
            choices("sentiment", ["positive", "positive", "neutral", "negative", "mixed", None]),
        ]
    )
    found = value(frame, "net_sentiment")
    assert (found["value"], found["n"]) == (pytest.approx(25.0), 4)
    assert reasons(frame, "net_sentiment") == {"unknown_choice": 1, "no_choice": 1}
    covered = value(frame, "sentiment_coverage")
    assert (covered["value"], covered["numerator"], covered["n"]) == (50.0, 4.0, 8)
    low, high = wilson(pl.lit(0.5), pl.lit(8.0), normal_quantile(0.95))
    expected = pl.select(low=low * 100, high=high * 100).row(0)
    assert (covered["ci_low"], covered["ci_high"]) == pytest.approx(expected)


def test_a_coverage_without_comments_has_no_value() -> None:
    assert value(choices("sentiment", ["positive"]), "sentiment_coverage")["value"] is None


def test_engagement_is_that_of_employees_alone() -> None:
    staff = answers("engagement", [5, 3, 4], is_customer=False)
    frame = pl.concat([staff, answers("engagement", [1, 1])])
    found = value(frame, "employee_engagement")
    assert (found["value"], found["n"]) == (pytest.approx(75.0), 3)
