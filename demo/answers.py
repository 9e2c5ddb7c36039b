"""What respondents answer: scores drawn from latent satisfaction and the planted effects."""

import numpy as np
import polars as pl

from demo.clock import Bools, Floats, Ints, pick
from demo.comments import NEGATIVE, NEUTRAL, POSITIVE, comments
from demo.plan import (
    CSAT_EFFECT,
    CSAT_MEAN,
    CSAT_SPREAD,
    FALLING_REGION,
    IMPORTANCE,
    KANO_CLASSES,
    KANO_FIDELITY,
    NPS_FALL,
    NPS_MEAN,
    NPS_SPREAD,
    REGIONS,
)
from demo.questionnaire import BLANK
from demo.world import World

PROMOTER, PASSIVE, SATISFIED = 9, 7, 4
"""Least scores of promoters, of passives, and of satisfied customers on five points."""

REASONS = ("quality", "price", "staff", "delivery", "support")
REASON_SHARES = np.array(
    [[0.15, 0.35, 0.05, 0.50, 0.40], [0.30, 0.40, 0.15, 0.30, 0.15], [0.65, 0.30, 0.45, 0.15, 0.10]]
)
"""Detractors, passives, promoters by share who give the reason."""

EXPECTATIONS = ("below", "as", "above", "fan")
EXPECTATION_CUTS = (-0.8, 0.5, 1.4)

KANO_PAIRS = {
    "A": ((1, 2), (1, 3), (1, 4)),
    "O": ((1, 5), (1, 5), (1, 5)),
    "M": ((2, 5), (3, 5), (4, 5)),
    "I": ((2, 3), (3, 3), (3, 4)),
    "R": ((3, 1), (5, 2), (5, 3)),
}
"""Class → (functional, dysfunctional) answers; 1 like, 2 expect, 3 neutral, 4 accept, 5 dislike."""


def relational_answers(
    world: World, rng: np.random.Generator, who: Ints, *, day: int, language: Ints
) -> dict[str, pl.Series]:
    """Answers to the relational survey by question id."""
    n = len(who)
    latent = _mixed(rng, world.mood[who], 0.75)
    in_region = world.region_on(who, day) == REGIONS.index(FALLING_REGION)
    fallen = in_region & (day >= world.plan.fall)
    mean: Floats = NPS_MEAN - NPS_FALL * fallen.astype(np.float64)
    nps = _score(mean, NPS_SPREAD, latent, scale=(0, 10))
    category = np.where(nps >= PROMOTER, POSITIVE, np.where(nps >= PASSIVE, NEUTRAL, NEGATIVE))
    is_rising = in_region & (day >= world.plan.term)
    said = comments(rng, category, language, share=0.6, is_rising=is_rising)
    criteria = {name: _mixed(rng, latent, 0.4) for name in IMPORTANCE}
    overall = sum(weight * criteria[name] for name, weight in IMPORTANCE.items())
    overall = 1.3 * overall + 0.35 * rng.standard_normal(n)
    stated = {
        f"imp_{name}": _scored(2.2 + 6 * weight, 0.7, rng.standard_normal(n), (1, 5))
        for name, weight in IMPORTANCE.items()
    }
    return {
        "nps": _blanked(pl.Series(nps), rng, share=0.03, code=BLANK),
        "nps_reason": _reasons(rng, category),
        "csat": _scored(7.2, 1.9, overall, (0, 10)),
        **{
            f"sat_{name}": _blanked(_scored(3.6, 0.9, value, (1, 5)), rng, share=0.05)
            for name, value in criteria.items()
        },
        **{name: _blanked(value, rng, share=0.05) for name, value in stated.items()},
        "repurchase": _scored(3.7, 1.0, latent, (1, 5)),
        "comment": said,
    }


def transactional_answers(
    world: World,
    rng: np.random.Generator,
    who: Ints,
    *,
    is_support: Bools,
    day: int,
    language: Ints,
) -> dict[str, pl.Series]:
    """Answers to the surveys after a delivery and after a contact, by question id."""
    latent = _mixed(rng, world.mood[who], 0.6)
    treated = world.is_treated(world.ab_arm, who, day) & ~is_support
    mean: Floats = CSAT_MEAN + CSAT_EFFECT * treated.astype(np.float64)
    csat = _score(mean, CSAT_SPREAD, latent, scale=(1, 5))
    category = np.where(
        csat >= SATISFIED, POSITIVE, np.where(csat == SATISFIED - 1, NEUTRAL, NEGATIVE)
    )
    in_region = world.region_on(who, day) == REGIONS.index(FALLING_REGION)
    is_rising = in_region & (day >= world.plan.term)
    ease = _mixed(rng, latent, 0.6)
    effort = np.where(
        is_support,
        _score(2.6, -0.9, ease, scale=(1, 5)),
        _score(5.1, 1.3, ease, scale=(1, 7)),
    )
    expectation = np.digitize(latent, EXPECTATION_CUTS)
    only_support = pl.Series(is_support)
    parts = {
        f"cxi_{name}": _scored(mean, 0.9, _mixed(rng, latent, 0.7), (1, 5))
        for name, mean in (("effectiveness", 3.8), ("ease", 3.6), ("emotion", 3.4))
    }
    return {
        "csat": pl.Series(csat),
        "ces": pl.Series(effort),
        "expectation": pick(EXPECTATIONS, expectation),
        "comment": comments(rng, category, language, share=0.35, is_rising=is_rising),
        **{name: value.zip_with(only_support, _nulls(value)) for name, value in parts.items()},
    }


def kano_answers(rng: np.random.Generator, n: int) -> dict[str, pl.Series]:
    """Functional and dysfunctional answers for every feature, by question id."""
    classes, answers = tuple(KANO_PAIRS), {}
    pairs = np.array(list(KANO_PAIRS.values()))
    for feature, own in KANO_CLASSES.items():
        other = (classes.index(own) + rng.integers(1, len(classes), n)) % len(classes)
        chosen = np.where(rng.random(n) < KANO_FIDELITY, classes.index(own), other)
        pair = pairs[chosen, rng.integers(0, 3, n)]
        answers[f"{feature}_f"] = pl.Series(pair[:, 0].astype(np.int64))
        answers[f"{feature}_d"] = pl.Series(pair[:, 1].astype(np.int64))
    return answers


def employee_answers(rng: np.random.Generator, n: int) -> dict[str, pl.Series]:
    """Answers of employees by question id."""
    latent = rng.standard_normal(n)
    engagement = {
        f"engagement_{i}": _scored(3.5 + 0.1 * i, 0.9, _mixed(rng, latent, 0.7), (1, 5))
        for i in (1, 2, 3)
    }
    return {"enps": _scored(7.6, 1.9, latent, (0, 10)), **engagement}


def _mixed(rng: np.random.Generator, base: Floats, loading: float) -> Floats:
    """A standard normal variable that correlates with another one."""
    noise = rng.standard_normal(len(base))
    return loading * base + float(np.sqrt(1 - loading**2)) * noise


def _score(mean: Floats | float, spread: float, latent: Floats, *, scale: tuple[int, int]) -> Ints:
    return np.clip(np.rint(mean + spread * latent), *scale).astype(np.int64)


def _scored(mean: float, spread: float, latent: Floats, scale: tuple[int, int]) -> pl.Series:
    return pl.Series(_score(mean, spread, latent, scale=scale))


def _nulls(like: pl.Series) -> pl.Series:
    return pl.repeat(None, len(like), dtype=like.dtype, eager=True)


def _blanked(
    scores: pl.Series, rng: np.random.Generator, *, share: float, code: int | None = None
) -> pl.Series:
    """Leave a share of the answers blank, or give them the code that means so."""
    blank = pl.Series(rng.random(len(scores)) < share)
    value = pl.repeat(code, len(scores), dtype=scores.dtype, eager=True)
    return value.zip_with(blank, scores)


def _reasons(rng: np.random.Generator, category: Ints) -> pl.Series:
    """Reasons given, several joined by `|`; null without any."""
    given = rng.random((len(category), len(REASONS))) < REASON_SHARES[category]
    columns = [pick((name,), np.where(given[:, i], 0, -1)) for i, name in enumerate(REASONS)]
    frame = pl.DataFrame(dict(zip(REASONS, columns, strict=True)))
    joined = frame.select(pl.concat_str(pl.all(), separator="|", ignore_nulls=True)).to_series()
    return pl.select(pl.when(pl.lit(joined) != "").then(pl.lit(joined))).to_series()
