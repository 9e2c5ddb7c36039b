"""Tables without events for the KPI benchmark: accounts, products, surveys, staff, rates."""

import datetime as dt

import numpy as np
import polars as pl

from benchmarks.extracts import CATEGORIES, REGIONS, TIERS, numbers, words
from benchmarks.kpi_questions import QUESTIONS
from benchmarks.kpi_settings import KpiSettings

CHANNELS = ("ads", "friend", "shop", "web")
KINDS = ("consumer", "business")
FAMILIES = ("indoor", "outdoor", "digital", "services", "gifts")
MOVED_SHARE, MOVED_AGAIN_SHARE, LEFT_SHARE = 0.25, 0.05, 0.4
HIRING_DAYS = 3 * 365


def dimensions(settings: KpiSettings, rng: np.random.Generator) -> dict[str, pl.DataFrame]:
    """Every table without events by its name."""
    return {
        "crm_account": _accounts(settings, rng),
        "erp_product": _products(),
        "erp_employee": _employees(settings, rng),
        "erp_fx_rate": _rates(settings, rng),
        "survey": _surveys(),
        "survey_question": _questions(),
    }


def _accounts(settings: KpiSettings, rng: np.random.Generator) -> pl.DataFrame:
    """Accounts, and the versions of those that changed."""
    everybody, days = np.arange(settings.accounts), settings.days
    frames = []
    moved = rng.random(settings.accounts) < MOVED_SHARE
    again = moved & (rng.random(settings.accounts) < MOVED_AGAIN_SHARE)
    for turn, who in enumerate((everybody, everybody[moved], everybody[again])):
        n = len(who)
        since = rng.integers(turn * days // 2 - days // 2, turn * days // 2, n)
        shift = pl.Series(since * 86_400_000_000).cast(pl.Duration("us"))
        frames.append(
            pl.DataFrame(
                {
                    "account_id": numbers("C", who, width=7),
                    "kind": words(KINDS, rng.integers(0, 2, n)),
                    "region": words(REGIONS, rng.integers(0, len(REGIONS), n)),
                    "tier": words(TIERS, rng.integers(0, len(TIERS), n)),
                    "acquisition_channel": words(CHANNELS, rng.integers(0, len(CHANNELS), n)),
                    "_valid_from": settings.first_on + shift,
                }
            )
        )
    return pl.concat(frames).sort("account_id", "_valid_from")


def _products() -> pl.DataFrame:
    n = np.arange(500)
    return pl.DataFrame(
        {
            "product_id": numbers("P", n, width=4),
            "category": words(CATEGORIES, n % len(CATEGORIES)),
            "family": words(FAMILIES, n % len(FAMILIES)),
        }
    )


def _employees(settings: KpiSettings, rng: np.random.Generator) -> pl.DataFrame:
    n = settings.employees
    first = settings.last_on - dt.timedelta(days=HIRING_DAYS)
    hired = rng.integers(0, HIRING_DAYS, n)
    left = hired + rng.integers(0, HIRING_DAYS, n)
    hired_on, left_on = (
        first + pl.Series(day * 86_400_000_000).cast(pl.Duration("us")) for day in (hired, left)
    )
    stays = pl.Series(rng.random(n) > LEFT_SHARE) | (left_on > settings.last_on)
    return pl.DataFrame(
        {
            "employee_id": numbers("E", np.arange(n), width=5),
            "department": words(("support", "sales"), rng.integers(0, 2, n)),
            "region": words(REGIONS, rng.integers(0, len(REGIONS), n)),
            "hired_on": hired_on,
            "left_on": left_on.set(stays, None),
        }
    )


def _rates(settings: KpiSettings, rng: np.random.Generator) -> pl.DataFrame:
    """A rate of the Swiss franc for every day."""
    days = pl.date_range(settings.first_on, settings.last_on, eager=True)
    rate = rng.integers(9_000, 11_000, len(days)) / 10_000
    return pl.DataFrame({"rate_date": days, "rate": rate}).with_columns(currency=pl.lit("CHF"))


def _surveys() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "survey_id": ["REL", "DEL", "SUP", "EMP"],
            "kind": ["relational", "transactional", "transactional", "relational"],
            "audience": ["customer", "customer", "customer", "employee"],
            "touchpoint": [None, "delivery", "support", None],
        }
    )


def _questions() -> pl.DataFrame:
    rows = [
        {
            "survey_id": survey,
            "question_id": name,
            "metric": metric,
            "scale_min": low,
            "scale_max": high,
            "higher_is_better": is_up,
            "na_codes": "11" if metric == "nps" else None,
        }
        for survey, asked in QUESTIONS.items()
        for name, metric, low, high, is_up in asked
    ]
    return pl.DataFrame(rows)
