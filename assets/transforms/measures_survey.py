"""Measures on the fact `answer`: every survey KPI. Expressions only.

Answers of customers and of employees never meet in one measure.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

import narwhals as nw

from assets.transforms.measures import Measure
from schemas.config.kpis import KpiConfig
from schemas.kpis.catalogue import deduplicated, of_kinds

_SCORE = nw.col("score")
_LEAST = nw.col("scale_min")
_GREATEST = nw.col("scale_max")
_POINTS = nw.col("points")
_NPS_POINTS = 11.0
_LIKERT_5 = 5.0
_LIKERT_7 = 7.0
_IS_NOT_LIKERT = ~_POINTS.is_in([_LIKERT_5, _LIKERT_7])

ASKED_KIND = "asked_kind"
"""Column of the kind of survey that an answer was given to, where a measure asks for it."""

CXI_METRICS = ("cxi_effectiveness", "cxi_ease", "cxi_emotion")
MOMENT_METRIC = "moment_of_truth"
SENTIMENT_METRIC = "sentiment"
CHOICE_METRICS = (MOMENT_METRIC, SENTIMENT_METRIC)
"""Metrics whose measures read the choice of an answer."""

MOMENT_CHOICES = ("below", "as", "above", "fan")
"""Choices of a moment of truth, from the worst; the mapping brings a source's words to them."""


def _favourable() -> nw.Expr:
    """Score turned so that higher is better, on the same scale."""
    turned = _LEAST + _GREATEST - _SCORE
    return nw.when(nw.col("is_higher_better")).then(_SCORE).otherwise(turned)


def _concerns(*metrics: str, employees: bool = False) -> nw.Expr:
    """Answers of an audience to questions of metrics; an unknown question may be one of them."""
    asked, is_customer = nw.col("metric"), nw.col("is_customer")
    audience = ~is_customer if employees else is_customer
    return audience & (asked.is_in(list(metrics)) | asked.is_null())


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
    return found | _weight_reasons(weights)


def _weight_reasons(weights: str) -> dict[str, nw.Expr]:
    """Why an answer cannot be weighed; nothing where it is not."""
    weight = nw.col("weight")
    is_bad = weight.is_nan() | ~weight.is_finite() | (weight < 0)
    return {"bad_weight": is_bad} if weights == "response" else {}


def survey_measures(config: KpiConfig, weights: str) -> Iterator[Measure]:
    """Every measure on answers, with or without the response's weight."""
    yield _nps("nps", weights)
    yield _nps("enps", weights, employees=True)
    yield from _csat(config.csat_top_boxes, weights)
    yield from _ces(weights)
    for metric in CXI_METRICS:
        yield _likert_net(metric, metric, weights)
    yield _experience_index(weights)
    yield from _moments(weights)
    yield from _sentiment(weights)
    yield _repurchase(weights)
    yield _rescaled_mean("engagement", "engagement", weights, employees=True)


def with_options(measure: Measure, survey_kinds: Sequence[str], dedupe_days: int) -> Measure:
    """A measure on the answers to some kinds of survey, the latest of each person alone.

    Args:
        measure: On all answers.
        survey_kinds: Kinds whose answers count; none for all.
        dedupe_days: Days in which a person's next answer takes the place of an answer; 0 for all.
    """
    code = deduplicated(of_kinds(measure.code, survey_kinds), dedupe_days)
    reasons = measure.reasons
    if survey_kinds:
        kind, is_asked = nw.col(ASKED_KIND), nw.lit(value=False)
        for one in survey_kinds:
            is_asked = is_asked | (kind == one)
        reasons = {"other_survey_kind": kind.is_null() | ~is_asked, **reasons}
    return dataclasses.replace(measure, code=code, reasons=reasons, dedupe_days=dedupe_days)


def _code(name: str, weights: str) -> str:
    return name if weights == "none" else f"{name}:weighted"


def _weight(weights: str) -> str | None:
    return "weight" if weights == "response" else None


def _nps(name: str, weights: str, *, employees: bool = False) -> Measure:
    is_other = (_LEAST != 0) | (_POINTS != _NPS_POINTS) | ~nw.col("is_higher_better")
    return Measure(
        code=_code(name, weights),
        fact="answer",
        shape="net",
        day="responded_on",
        concerns=_concerns("nps", employees=employees),
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
    yield _rescaled_mean("csat_mean", "csat", weights)


def _rescaled_mean(name: str, metric: str, weights: str, *, employees: bool = False) -> Measure:
    """Mean score, the question's scale brought to 0-100."""
    return Measure(
        code=_code(name, weights),
        fact="answer",
        shape="mean",
        day="responded_on",
        concerns=_concerns(metric, employees=employees),
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
    boxes = nw.when(_POINTS == _LIKERT_7).then(nw.lit(3)).otherwise(nw.lit(2))
    yield Measure(
        code=_code("ces_top", weights),
        fact="answer",
        shape="share",
        day="responded_on",
        concerns=_concerns("ces"),
        reasons=_reasons(wrong_scale=_IS_NOT_LIKERT, boxes=True, weights=weights),
        x=_favourable() > _GREATEST - boxes,
        weight=_weight(weights),
    )
    yield _likert_net("ces_net", "ces", weights)


def _likert_net(name: str, metric: str, weights: str) -> Measure:
    """Two best points against the three worst of 7, or the two worst of 5."""
    worst = nw.when(_POINTS == _LIKERT_7).then(nw.lit(3)).otherwise(nw.lit(2))
    return Measure(
        code=_code(name, weights),
        fact="answer",
        shape="net",
        day="responded_on",
        concerns=_concerns(metric),
        reasons=_reasons(wrong_scale=_IS_NOT_LIKERT, boxes=True, weights=weights),
        x=_favourable() > _GREATEST - 2,
        z=_favourable() < _LEAST + worst,
        weight=_weight(weights),
    )


def _experience_index(weights: str) -> Measure:
    """The three nets in one state, kept apart by their metric."""
    net = _likert_net("cxi", CXI_METRICS[0], weights)
    return dataclasses.replace(
        net, concerns=_concerns(*CXI_METRICS), stratum="metric", strata=len(CXI_METRICS)
    )


def _sentiment(weights: str) -> Iterator[Measure]:
    """Classified comments: their net, and how many of the comments they are."""
    choice, asked = nw.col("choice"), nw.col("metric")
    is_known = (choice == "positive") | (choice == "neutral") | (choice == "negative")
    unasked = {"unknown_question": asked.is_null()}
    yield Measure(
        code=_code("sentiment", weights),
        fact="answer",
        shape="net",
        day="responded_on",
        concerns=_concerns(SENTIMENT_METRIC),
        reasons={
            **unasked,
            "no_choice": choice.is_null(),
            "unknown_choice": ~is_known,
            **_weight_reasons(weights),
        },
        x=choice == "positive",
        z=choice == "negative",
        weight=_weight(weights),
    )
    if weights == "none":
        one, none = nw.lit(1), nw.lit(0)
        yield Measure(
            code="sentiment_coverage",
            fact="answer",
            shape="ratio",
            day="responded_on",
            concerns=_concerns("comment", SENTIMENT_METRIC) & nw.col("is_classified"),
            reasons=unasked,
            x=nw.when((asked == SENTIMENT_METRIC) & is_known).then(one).otherwise(none),
            y=nw.when(asked == "comment").then(one).otherwise(none),
            is_fixed=True,
        )


def _moments(weights: str) -> Iterator[Measure]:
    """Four choices in two states: each holds two classes of the same answers."""
    choice = nw.col("choice")
    is_known = nw.lit(value=False)
    for known in MOMENT_CHOICES:
        is_known = is_known | (choice == known)
    reasons = {
        "unknown_question": nw.col("metric").is_null(),
        "no_choice": choice.is_null(),
        "unknown_choice": ~is_known,
        **_weight_reasons(weights),
    }
    for name, upper, lower in (("ends", "fan", "below"), ("middle", "above", "as")):
        yield Measure(
            code=_code(f"moment_of_truth_{name}", weights),
            fact="answer",
            shape="net",
            day="responded_on",
            concerns=_concerns(MOMENT_METRIC),
            reasons=reasons,
            x=choice == upper,
            z=choice == lower,
            weight=_weight(weights),
        )


def _repurchase(weights: str) -> Measure:
    has_no_top_box = (_POINTS < 2) | (_POINTS > _NPS_POINTS)  # noqa: PLR2004 yes or no
    return Measure(
        code=_code("repurchase_intent", weights),
        fact="answer",
        shape="share",
        day="responded_on",
        concerns=_concerns("repurchase_intent"),
        reasons=_reasons(wrong_scale=has_no_top_box, boxes=True, weights=weights),
        x=_favourable() >= _GREATEST,
        weight=_weight(weights),
    )
