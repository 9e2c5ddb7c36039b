"""Subscriptions: the stock on the first day, then renewals, cancellations and new ones."""

import numpy as np
import polars as pl

from demo.clock import EPOCH, SECOND, Bools, Ints, local, money, pick, stream
from demo.plan import RENEWAL_SHARE, UPGRADE_SHARE
from demo.world import PLANS, World

TERM_DAYS = (91, 182, 365)
TERM_MONTHS = (3, 6, 12)
TERM_SHARES = (0.35, 0.3, 0.35)
PRODUCTS = ("P901", "P902", "P903")
MONTHLY_CENTS = (990, 1_990, 3_990)
REASONS = ("price", "moved_away", "quality", "competitor")
SUBSCRIBED_SHARE = 0.5
DAILY_CANCELLATION = 0.0006
DAILY_NEW = 0.0008


class Contracts:
    """At most one contract in force a customer; arrays hold the current one."""

    def __init__(self, world: World) -> None:
        self._world = world
        rng = stream(world.settings.seed, "contracts")
        n = world.settings.customers
        self._is_active = (rng.random(n) < SUBSCRIBED_SHARE) & (world.created < 0)
        self._term = rng.choice(3, n, p=TERM_SHARES)
        self._plan = world.tier.copy()
        self._version = np.ones(n, dtype=np.int64)
        self._is_renewal = np.zeros(n, dtype=np.bool_)
        days = np.array(TERM_DAYS)[self._term]
        self._start = -np.minimum(rng.integers(0, 365, n) % days, -np.minimum(world.created, -1))
        self.renewed = self.due = self.cancelled = 0

    def day(self, day: int) -> pl.DataFrame:
        """Contracts that begin, renew, or are cancelled on a day; all of them on the first."""
        rng = stream(self._world.settings.seed, "contracts", day)
        n = self._world.settings.customers
        parts = []
        if day == 0:
            parts.append(self._rows(np.flatnonzero(self._is_active)))
        ended = self._is_active & (self._start + np.array(TERM_DAYS)[self._term] == day)
        parts.append(self._renew(rng, ended, day))
        parts.append(self._cancel(rng, self._is_active & (rng.random(n) < DAILY_CANCELLATION), day))
        fresh = ~self._is_active & (rng.random(n) < DAILY_NEW) & self._world.present(day)
        parts.append(self._begin(np.flatnonzero(fresh), day))
        return pl.concat(parts)

    def _renew(self, rng: np.random.Generator, ended: Bools, day: int) -> pl.DataFrame:
        chance = RENEWAL_SHARE + 0.08 * np.clip(self._world.mood, -2, 2)
        stays = ended & (rng.random(len(ended)) < chance)
        self.due += int(ended.sum())
        self.renewed += int(stays.sum())
        self._is_active &= ~(ended & ~stays)
        who = np.flatnonzero(stays)
        upgrades = rng.random(len(who)) < UPGRADE_SHARE
        self._plan[who] = np.minimum(self._plan[who] + upgrades, len(PLANS) - 1)
        self._version[who] += 1
        self._start[who] = day
        self._is_renewal[who] = True
        return self._rows(who)

    def _cancel(self, rng: np.random.Generator, leaves: Bools, day: int) -> pl.DataFrame:
        who = np.flatnonzero(leaves & (self._start < day))
        self._is_active[who] = False
        self.cancelled += len(who)
        reason = pick(REASONS, rng.choice(len(REASONS), len(who), p=(0.4, 0.2, 0.25, 0.15)))
        date = pl.lit(self._world.settings.date(day))
        rows = self._rows(who)
        return rows.with_columns(
            date.alias("cancelled_on"), pl.lit(reason).alias("cancellation_reason")
        )

    def _begin(self, who: Ints, day: int) -> pl.DataFrame:
        self._is_active[who] = True
        self._version[who] += 1
        self._start[who] = day
        self._is_renewal[who] = False
        return self._rows(who)

    def _rows(self, who: Ints) -> pl.DataFrame:
        """Current contracts of some customers as the source knows them."""
        world, term = self._world, self._term[who]
        first = world.settings.date(0)
        starts = (first - EPOCH).days + self._start[who]
        version = self._version[who]
        monthly = np.array(MONTHLY_CENTS)[self._plan[who]]
        number = "C" + world.ids_of(who) + "-"
        before = number + pl.Series(version - 1).cast(pl.String)
        return pl.DataFrame(
            {
                "contract_id": number + pl.Series(version).cast(pl.String),
                "account_id": world.ids_of(who),
                "product_id": pick(PRODUCTS, self._plan[who]),
                "plan": pick(PLANS, self._plan[who]),
                "kind": pick(("contract", "subscription"), np.minimum(term, 1)),
                "signed_at": local((starts * 86_400 + 36_000 + who % 3_600) * SECOND),
                "starts_on": _dates(starts),
                "ends_on": _dates(starts + np.array(TERM_DAYS)[term] - 1),
                "cancelled_on": pl.repeat(None, len(who), dtype=pl.Date, eager=True),
                "cancellation_reason": pl.repeat(None, len(who), dtype=pl.String, eager=True),
                "renewed_from": pl.select(
                    pl.when(pl.lit(pl.Series(self._is_renewal[who]))).then(pl.lit(before))
                ).to_series(),
                "value": money(monthly * np.array(TERM_MONTHS)[term]),
                "recurring_amount": money(monthly),
                "recurring_unit": pl.repeat("month", len(who), eager=True),
                "currency": world.currency_of(who),
            }
        )


def _dates(days: Ints) -> pl.Series:
    return pl.Series(days, dtype=pl.Int64).cast(pl.Int32).cast(pl.Date)
