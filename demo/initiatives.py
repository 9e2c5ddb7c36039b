"""Clean rows of the initiatives, of their members, and of the published benchmarks."""

import numpy as np
import polars as pl

from demo.clock import at, local
from demo.plan import (
    BASKET_EFFECT,
    CSAT_EFFECT,
    CURRENCY,
    FALLING_REGION,
    csat_expected,
)
from demo.world import CONTROL, NO_ARM, TREATED, World

AB_TEST, PLACEBO, DIFFERENCE, BEFORE_AFTER = "INI-001", "INI-002", "INI-003", "INI-004"
AB_TEST_TOUCHPOINT = "delivery"


def initiatives(world: World) -> pl.DataFrame:
    """One row per initiative; the true effects are in the manifest, the expected ones here."""
    plan, settings = world.plan, world.settings
    size = settings.customers
    lift = round(csat_expected(CSAT_EFFECT) - csat_expected(), 1)
    ends = settings.date(plan.last)
    return pl.DataFrame(
        {
            "initiative_id": [AB_TEST, PLACEBO, DIFFERENCE, BEFORE_AFTER],
            "name": [
                "Suivi de livraison proactif",
                "Nouvelle page d'aide",
                "Conseils d'achat personnalisés",
                "Renfort du service client, Bretagne",
            ],
            "kind": ["process", "content", "offer", "staffing"],
            "touchpoint": [AB_TEST_TOUCHPOINT, AB_TEST_TOUCHPOINT, "website", "support"],
            "segment_filter": [None, None, None, f"region={FALLING_REGION}"],
            "starts_on": [settings.date(plan.initiative)] * 3 + [settings.date(plan.fall)],
            "ends_on": [ends] * 4,
            "cost": [3.0 * size, 1.0 * size, 2.0 * size, 0.5 * size],
            "currency": [CURRENCY] * 4,
            "design": ["ab_test", "ab_test", "diff_in_diff", "before_after"],
            "target_kpi": ["csat", "csat", "average_transaction_value", "nps"],
            "expected_effect": [lift, 5.0, round(100 * BASKET_EFFECT, 1), 10.0],
        },
        schema_overrides={"cost": pl.Decimal(18, 2)},
    )


def members(world: World) -> pl.DataFrame:
    """One row per account in an A/B test or in the difference-in-differences."""
    assigned = at(world.settings.date(world.plan.initiative), np.full(1, 7 * 3_600.0))
    frames = []
    arms = {AB_TEST: world.ab_arm, PLACEBO: world.placebo_arm, DIFFERENCE: world.did_arm}
    for initiative, arm in arms.items():
        who = np.flatnonzero((arm != NO_ARM) & (world.created <= world.plan.initiative))
        frames.append(
            pl.DataFrame(
                {
                    "initiative_id": pl.repeat(initiative, len(who), eager=True),
                    "account_id": world.ids_of(who),
                    "arm": pl.Series(arm[who]).replace_strict(
                        {CONTROL: "control", TREATED: "treated"}, return_dtype=pl.String
                    ),
                    "assigned_at": local(assigned.repeat(len(who))),
                }
            )
        )
    return pl.concat(frames)


def benchmarks(world: World) -> pl.DataFrame:
    """Published benchmarks that hold from the first day."""
    first = world.settings.start.replace(day=1)
    return pl.DataFrame(
        {
            "kpi_code": ["nps", "nps", "csat", "first_contact_resolution", "nps"],
            "period_start": [first] * 5,
            "industry": [None, "retail", None, None, "retail"],
            "country": [None, None, None, None, "FR"],
            "value": [28.0, 34.0, 71.5, 70.0, 31.0],
            "source": ["Baromètre sectoriel, édition annuelle"] * 5,
        }
    )
