"""Measures on the fact `answer`: NPS, CSAT and CES. Expressions only."""

from collections.abc import Iterator, Mapping

import narwhals as nw

from assets.transforms.measures import Measure
from schemas.config.kpis import KpiConfig

_SCORE = nw.col("score")
_LEAST = nw.col("scale_min")
_GREATEST = nw.col("scale_max")
_POINTS = nw.col("points")
_NPS_POINTS = 11.0
_LIKERT_5 = 5.0
_LIKERT_7 = 7.0


def _favourable() -> nw.Expr:
    """Score turned so that higher is better, on the same scale."""
    turned = _LEAST + _GREATEST - _SCORE
    return nw.when(nw.col("is_higher_better")).then(_SCORE).otherwise(turned)


def _concerns(metric: str) -> nw.Expr:
    """Answers of customers to questions of a metric; an unknown question may be one of them."""
    asked = nw.col("metric")
    return nw.col("is_customer") & ((asked == metric) | asked.is_null())


def _reasons(*, wrong_scale: nw.Expr, boxes: bool, weights: str) -> dict[str, nw.Expr]:
    """Why an answer does not count, most basic first.

    Args:
        wrong_scale: Scales that the measure is not defined on.
        boxes: Whether the measure needs whole scores.
        weights: `response` where the weight must be usable too.
    """
    # NaN is greater than every number in Polars: it must be out before any comparison
    found = {
        "unknown_question": nw.col("metric").is_null(),
        "no_score": _SCORE.is_null(),
        "not_a_number": _SCORE.is_nan(),
        "na_code": nw.col("is_na_code"),
        "wrong_scale": _LEAST.is_null() | _GREATEST.is_null() | wrong_scale,
        "out_of_scale": (_SCORE < _LEAST) | (_SCORE > _GREATEST),
    }
    if boxes:
        found["not_an_integer"] = _SCORE.round() != _SCORE
    if weights == "response":
        weight = nw.col("weight")
        found["bad_weight"] = weight.is_nan() | ~weight.is_finite() | (weight < 0)
    return found


def survey_measures(config: KpiConfig, weights: str) -> Iterator[Measure]:
    """Every measure on answers, with or without the response's weight."""
    yield _nps(weights)
    yield from _csat(config.csat_top_boxes, weights)
    yield from _ces(weights)


def _code(name: str, weights: str) -> str:
    return name if weights == "none" else f"{name}:weighted"


def _weight(weights: str) -> str | None:
    return "weight" if weights == "response" else None


def _nps(weights: str) -> Measure:
    is_other = (_LEAST != 0) | (_POINTS != _NPS_POINTS) | ~nw.col("is_higher_better")
    return Measure(
        code=_code("nps", weights),
        fact="answer",
        shape="net",
        day="responded_on",
        concerns=_concerns("nps"),
        reasons=_reasons(wrong_scale=is_other, boxes=True, weights=weights),
        x=_SCORE >= 9,  # noqa: PLR2004 the definition of a promoter
        z=_SCORE <= 6,  # noqa: PLR2004 the definition of a detractor
        weight=_weight(weights),
    )


def _csat(top_boxes: Mapping[int, int], weights: str) -> Iterator[Measure]:
    boxes = nw.lit(0)
    for points, count in top_boxes.items():
        boxes = nw.when(nw.col("points") == float(points)).then(nw.lit(count)).otherwise(boxes)
    has_no_boxes = ~_POINTS.is_in([float(points) for points in top_boxes])
    yield Measure(
        code=_code("csat", weights),
        fact="answer",
        shape="share",
        day="responded_on",
        concerns=_concerns("csat"),
        reasons=_reasons(wrong_scale=has_no_boxes, boxes=True, weights=weights),
        x=_favourable() > _GREATEST - boxes,
        weight=_weight(weights),
    )
    yield Measure(
        code=_code("csat_mean", weights),
        fact="answer",
        shape="mean",
        day="responded_on",
        concerns=_concerns("csat"),
        reasons=_reasons(wrong_scale=_GREATEST <= _LEAST, boxes=False, weights=weights),
        x=(_favourable() - _LEAST) / (_GREATEST - _LEAST) * 100,
        weight=_weight(weights),
    )


def _ces(weights: str) -> Iterator[Measure]:
    yield Measure(
        code=_code("ces_mean", weights),
        fact="answer",
        shape="mean",
        day="responded_on",
        concerns=_concerns("ces"),
        reasons=_reasons(wrong_scale=_GREATEST <= _LEAST, boxes=False, weights=weights),
        x=_SCORE,
        weight=_weight(weights),
        stratum="scale",
    )
    easy, is_seven = _favourable(), _POINTS == _LIKERT_7
    has_no_boxes = ~_POINTS.is_in([_LIKERT_5, _LIKERT_7])
    reasons = _reasons(wrong_scale=has_no_boxes, boxes=True, weights=weights)
    easy_boxes = nw.when(is_seven).then(nw.lit(3)).otherwise(nw.lit(2))
    hard_boxes = nw.when(is_seven).then(nw.lit(3)).otherwise(nw.lit(2))
    yield Measure(
        code=_code("ces_top", weights),
        fact="answer",
        shape="share",
        day="responded_on",
        concerns=_concerns("ces"),
        reasons=reasons,
        x=easy > _GREATEST - easy_boxes,
        weight=_weight(weights),
    )
    yield Measure(
        code=_code("ces_net", weights),
        fact="answer",
        shape="net",
        day="responded_on",
        concerns=_concerns("ces"),
        reasons=reasons,
        x=easy > _GREATEST - 2,
        z=easy < _LEAST + hard_boxes,
        weight=_weight(weights),
    )
