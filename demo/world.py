"""The customers and their hidden state: satisfaction, buying rate, moves, arms of initiatives.

Arrays with one element a customer; what customers *do* on a day is in `demo.crm`, `demo.erp` and
`demo.surveys`.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from demo.clock import Bools, Floats, Ints, pick, stream
from demo.plan import LOST_CHANNEL, LOST_SHARE, REGION_SHARES, REGIONS, Plan
from demo.settings import Settings

KINDS = ("consumer", "business")
TIERS = ("bronze", "silver", "gold")
TIER_RATES = np.array([0.85, 1.1, 1.5])
PLANS = ("basic", "plus", "pro")
GENDERS = ("female", "male", "other")
CHANNELS = ("web_search", "store", "referral", LOST_CHANNEL)
CHANNEL_SHARES = (0.45, 0.25, 0.18, 0.12)
COUNTRIES = ("FR", "BE", "CH", "GB")
COUNTRY_SHARES = (0.88, 0.05, 0.04, 0.03)
CURRENCIES = ("EUR", "EUR", "CHF", "GBP")
INDUSTRIES = ("retail", "manufacturing", "health", "services")
CITIES = (
    ("Paris", "Versailles", "Créteil"),
    ("Rennes", "Brest", "Saint-Malo"),
    ("Toulouse", "Montpellier", "Nîmes"),
    ("Strasbourg", "Reims", "Metz"),
    ("Bordeaux", "Limoges", "Bourg-en-Bresse"),
)
POSTAL_PREFIXES = (
    ("75", "78", "94"),
    ("35", "29", "35"),
    ("31", "34", "30"),
    ("67", "51", "57"),
    ("33", "87", "01"),
)

NEVER = np.iinfo(np.int64).max
NO_ARM, CONTROL, TREATED = -1, 0, 1

JOINING_SHARE = 0.12
BUSINESS_SHARE = 0.12
MOVING_SHARE = 0.04
TIER_CHANGE_SHARE = 0.06
UPGRADE_SHARE = 0.6
"""Changes from the middle tier that go up; from the others there is one way only."""


@dataclass(frozen=True, slots=True)
class World:
    """Customers as arrays; days count from 0 and are negative before the simulated period.

    Attributes:
        settings: Size and switches.
        plan: Days of the planted changes.
        account_id: Ids with leading zeros.
        mood: Latent satisfaction, standard normal.
        created: Day the account was opened.
        kind: Index into `KINDS`.
        region: Index into `REGIONS` before a move.
        region_after: The same after it.
        moves: Day of the move, or `NEVER`.
        tier: Index into `TIERS` before a change.
        tier_after: The same after it.
        tier_changes: Day of the change, or `NEVER`.
        country: Index into `COUNTRIES`.
        channel: Index into `CHANNELS`, who won the account.
        buying: Relative rate of ordering.
        basket: Relative size of a basket.
        stops: First day without orders for good, or `NEVER`.
        ab_arm: Arm in the A/B test with an effect.
        placebo_arm: Arm in the A/B test without one.
        did_arm: Arm in the difference-in-differences initiative.
    """

    settings: Settings
    plan: Plan
    account_id: pl.Series
    mood: Floats
    created: Ints
    kind: Ints
    region: Ints
    region_after: Ints
    moves: Ints
    tier: Ints
    tier_after: Ints
    tier_changes: Ints
    country: Ints
    channel: Ints
    buying: Floats
    basket: Floats
    stops: Ints
    ab_arm: Ints
    placebo_arm: Ints
    did_arm: Ints

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Draw the customers."""
        n, days, plan = settings.customers, settings.days, Plan.of(settings)
        rng = stream(settings.seed, "world")
        mood = rng.standard_normal(n)
        joins = rng.random(n) < JOINING_SHARE
        created = np.where(joins, rng.integers(0, days, n), -rng.integers(1, 1_100, n))
        region = rng.choice(len(REGIONS), n, p=REGION_SHARES)
        tier = rng.choice(3, n, p=(0.55, 0.3, 0.15))
        channel = rng.choice(len(CHANNELS), n, p=CHANNEL_SHARES)
        moves = _sometimes(rng, n, share=MOVING_SHARE, days=days)
        tier_changes = _sometimes(rng, n, share=TIER_CHANGE_SHARE, days=days)
        return cls(
            settings=settings,
            plan=plan,
            account_id=_account_ids(n),
            mood=mood,
            created=created,
            kind=(rng.random(n) < BUSINESS_SHARE).astype(np.int64),
            region=region,
            region_after=(region + rng.integers(1, len(REGIONS), n)) % len(REGIONS),
            moves=np.where(moves > created, moves, NEVER),
            tier=tier,
            tier_after=np.where(tier == 1, np.where(rng.random(n) < UPGRADE_SHARE, 2, 0), 1),
            tier_changes=np.where(tier_changes > created, tier_changes, NEVER),
            country=rng.choice(len(COUNTRIES), n, p=COUNTRY_SHARES),
            channel=channel,
            buying=rng.gamma(2.0, 0.5, n) * TIER_RATES[tier],
            basket=rng.lognormal(-0.08, 0.4, n),
            stops=_stop_days(rng, mood, channel, plan),
            ab_arm=_arms(rng, n, share=0.6, treated=np.full(n, 0.5)),
            placebo_arm=_arms(rng, n, share=0.5, treated=np.full(n, 0.5)),
            did_arm=_arms(rng, n, share=0.6, treated=np.array([0.4, 0.5, 0.7])[tier]),
        )

    def region_on(self, who: Ints, day: int) -> Ints:
        """Region of some customers on a day."""
        return np.where(self.moves[who] <= day, self.region_after[who], self.region[who])

    def tier_on(self, who: Ints, day: int) -> Ints:
        """Tier of some customers on a day."""
        return np.where(self.tier_changes[who] <= day, self.tier_after[who], self.tier[who])

    def present(self, day: int) -> Bools:
        """Customers whose account was opened before a day."""
        is_open: Bools = self.created < day
        return is_open

    def draw(self, rng: np.random.Generator, rate: Floats | float, day: int) -> Ints:
        """Customers of a day, each with the given probability, those present only."""
        hit = rng.random(self.settings.customers) < rate
        return np.flatnonzero(hit & self.present(day))

    def is_treated(self, arm: Ints, who: Ints, day: int) -> Bools:
        """Which of some customers are under an initiative's treatment on a day."""
        start = self.plan.initiative
        is_member: Bools = (arm[who] == TREATED) & (self.created[who] <= start)
        return is_member if day >= start else np.zeros_like(is_member)

    def ids_of(self, who: Ints) -> pl.Series:
        """Account ids of some customers; a negative index is null."""
        known = self.account_id.gather(np.maximum(who, 0))
        return pl.select(pl.when(pl.lit(pl.Series(who >= 0))).then(pl.lit(known))).to_series()

    def currency_of(self, who: Ints) -> pl.Series:
        """Currency in which some customers pay."""
        return pick(CURRENCIES, self.country[who])


def _account_ids(n: int) -> pl.Series:
    numbers = pl.int_range(1, n + 1, dtype=pl.Int64, eager=True)
    return numbers.cast(pl.String).str.zfill(max(7, len(str(n)) + 1))


def _sometimes(rng: np.random.Generator, n: int, *, share: float, days: int) -> Ints:
    """A day for a share of the customers, `NEVER` for the others."""
    return np.where(rng.random(n) < share, rng.integers(1, max(days, 2), n), NEVER)


def _arms(rng: np.random.Generator, n: int, *, share: float, treated: Floats) -> Ints:
    arm = np.where(rng.random(n) < treated, TREATED, CONTROL)
    return np.where(rng.random(n) < share, arm, NO_ARM)


def _stop_days(rng: np.random.Generator, mood: Floats, channel: Ints, plan: Plan) -> Ints:
    """Dissatisfied customers stop sooner; a cohort of one channel stops on a planted day."""
    n = len(mood)
    hazard = 0.0008 * np.exp(-0.8 * mood)
    own = rng.geometric(np.clip(hazard, 1e-9, 1.0), n).astype(np.int64)
    cohort = (channel == CHANNELS.index(LOST_CHANNEL)) & (rng.random(n) < LOST_SHARE)
    return np.where(cohort, np.minimum(own, plan.lost), own)
