"""Clean leads and contacts of a day; accounts, contracts and initiatives have their own modules.

Frames carry canonical columns; a Boolean `_final` tells the rows that no later extract of the
clean company replaces.
"""

import numpy as np
import polars as pl

from demo.clock import (
    DAY,
    SECOND,
    WEEKDAYS,
    Ints,
    Later,
    at,
    awake,
    day_seconds,
    ids,
    local,
    money,
    pick,
    stream,
)
from demo.plan import (
    FIRST_RESPONSE_MEDIAN_MINUTES,
    LEAD_SHARES,
    LEAD_WIN_RATES,
    ONE_CONTACT_SHARE,
    REOPEN_SHARE,
)
from demo.world import World

CHANNELS = tuple(FIRST_RESPONSE_MEDIAN_MINUTES)
CHANNEL_SHARES = (0.4, 0.25, 0.3, 0.05)
CATEGORIES = ("delivery", "billing", "product", "account")
TOUCHPOINTS = ("delivery", "support", "support", "website")
DEPARTMENTS = ("logistics", "finance", "service", "service")
REASONS = (
    "Colis en retard; sans nouvelles",
    'Facture "double", à vérifier',
    "Produit arrivé cassé,\nemballage intact",
    "Mot de passe perdu",
)
AGENTS = 20
LONGEST_SALE_DAYS = 35
KNOWN_SHARE = 0.4
"""Leads of accounts that exist already."""
RESOLUTION_MEDIAN_MINUTES = 260.0
SLA_MINUTES = 24 * 60


class Leads:
    """Leads: open on the day they are created, won or lost up to five weeks later."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._later = Later(world.plan.last)

    def day(self, day: int) -> pl.DataFrame:
        """Leads created or closed on a day."""
        world, rng = self._world, stream(self._world.settings.seed, "leads", day)
        date = world.settings.date(day)
        factor = WEEKDAYS[date.weekday()]
        n = int(rng.poisson(world.settings.rates.leads * world.settings.customers * factor))
        source = rng.choice(len(LEAD_WIN_RATES), n, p=LEAD_SHARES)
        won = rng.random(n) < np.array(list(LEAD_WIN_RATES.values()))[source]
        waits = rng.integers(1, LONGEST_SALE_DAYS + 1, n)
        created = at(date, day_seconds(rng, n))
        is_known = rng.random(n) < KNOWN_SHARE
        who = np.where(is_known, rng.integers(0, world.settings.customers, n), -1)
        who = np.where(world.created[who] < day, who, -1)
        closed = pl.DataFrame(
            {
                "lead_id": ids(f"L{date:%y%m%d}", n, width=5),
                "account_id": world.ids_of(who),
                "created_at": local(created),
                "source": pick(tuple(LEAD_WIN_RATES), source),
                "stage": pick(("closed_lost", "closed_won"), won.astype(np.int64)),
                "outcome": pick(("lost", "won"), won.astype(np.int64)),
                "closed_at": local(created + waits * DAY + 600 * SECOND),
                "amount": money((rng.lognormal(6.2, 0.8, n) * 100).astype(np.int64)),
                "currency": pl.repeat("EUR", n, eager=True),
                "owner": ids("seller-", n).str.slice(0, 7)
                + pl.Series(rng.integers(1, 9, n)).cast(pl.String),
            }
        )
        opened = closed.with_columns(
            pl.lit("qualified").alias("stage"),
            pl.lit("open").alias("outcome"),
            pl.lit(None, dtype=pl.Datetime("us")).alias("closed_at"),
            pl.lit(value=False).alias("_final"),
        )
        self._later.push(closed.with_columns(pl.lit(value=True).alias("_final")), day + waits)
        return pl.concat([opened, *self._later.pop(day)])


class Interactions:
    """Contacts: once on the day they are opened, once more when resolved on a later day."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._later = Later(world.plan.last)

    def day(self, day: int) -> pl.DataFrame:
        """Contacts opened or resolved on a day, with the customer as `_who`."""
        world, rng = self._world, stream(self._world.settings.seed, "interactions", day)
        date = world.settings.date(day)
        rate = world.settings.rates.interactions * np.exp(-0.4 * world.mood)
        who = world.draw(rng, rate * WEEKDAYS[date.weekday()], day)
        n = len(who)
        channel = rng.choice(len(CHANNELS), n, p=CHANNEL_SHARES)
        opened = at(date, day_seconds(rng, n))
        medians = np.array(list(FIRST_RESPONSE_MEDIAN_MINUTES.values()))[channel]
        answered = awake(opened + _minutes(rng.lognormal(np.log(medians), 0.9)))
        work = _minutes(rng.lognormal(np.log(RESOLUTION_MEDIAN_MINUTES), 1.1, n))
        resolved = awake(answered + np.minimum(work, 20 * DAY))
        base = pl.DataFrame(
            {
                "interaction_id": ids(f"T{date:%y%m%d}", n, width=5),
                "account_id": world.ids_of(who),
                "channel": pick(CHANNELS, channel),
                **_subject(rng, n),
                "opened_at": local(opened),
                "first_response_at": local(answered),
                **_work(rng, resolved, opened, is_phone=channel == 0),
                "agent_id": ids("E", AGENTS, width=4).gather(rng.integers(0, AGENTS, n)),
                "_who": who,
            }
        )
        return self._parted(base, resolved, day)

    def _parted(self, whole: pl.DataFrame, resolved: Ints, day: int) -> pl.DataFrame:
        """What the extract of the day knows; the rest follows on the day of the resolution."""
        due = np.maximum(resolved // DAY - _day_number(self._world, day) + day, day)
        self._later.push(whole.with_columns(pl.lit(value=True).alias("_final")), due)
        is_open = pl.lit(pl.Series(due > day))
        midnight = pl.lit((_day_number(self._world, day) + 1) * DAY).cast(pl.Datetime("us"))
        empty = ("resolved_at", "closed_at", "resolved_on_first_contact", "sla_met", "cost")
        pending = whole.filter(is_open).with_columns(
            *(pl.lit(None, dtype=whole.schema[name]).alias(name) for name in empty),
            pl.when(pl.col("first_response_at") < midnight).then("first_response_at"),
            pl.lit(0).alias("reopen_count"),
            pl.lit(1).alias("contact_count"),
            pl.lit(value=False).alias("_final"),
        )
        return pl.concat([pending, *self._later.pop(day)], how="vertical_relaxed")


def _day_number(world: World, day: int) -> int:
    return int(at(world.settings.date(day), np.zeros(1))[0]) // DAY


def _minutes(minutes: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Ints:
    return (minutes * 60).astype(np.int64) * SECOND


def _subject(rng: np.random.Generator, n: int) -> dict[str, pl.Series]:
    category = rng.choice(len(CATEGORIES), n, p=(0.4, 0.2, 0.3, 0.1))
    return {
        "department": pick(DEPARTMENTS, category),
        "touchpoint": pick(TOUCHPOINTS, category),
        "category": pick(CATEGORIES, category),
        "reason": pick(REASONS, category),
    }


def _work(
    rng: np.random.Generator, resolved: Ints, opened: Ints, *, is_phone: np.ndarray
) -> dict[str, pl.Series]:
    """Resolution, counters, handling times and cost of contacts."""
    n = len(resolved)
    is_single = rng.random(n) < ONE_CONTACT_SHARE
    is_reopened = rng.random(n) < REOPEN_SHARE
    contacts = np.where(is_single, 1, 1 + rng.geometric(0.6, n))
    talk = (rng.lognormal(5.4, 0.6, n) * is_phone).astype(np.int64)
    hold = (rng.exponential(60, n) * is_phone).astype(np.int64)
    wrap = rng.integers(20, 240, n)
    return {
        "resolved_at": local(resolved),
        "closed_at": local(awake(resolved + 30 * 60 * SECOND)),
        "contact_count": pl.Series(contacts),
        "reopen_count": pl.Series(is_reopened.astype(np.int64)),
        "reassign_count": pl.Series(rng.poisson(0.4, n)),
        "resolved_on_first_contact": pl.Series(is_single & ~is_reopened),
        "sla_met": pl.Series(resolved - opened <= SLA_MINUTES * 60 * SECOND),
        "talk_seconds": pl.Series(talk),
        "hold_seconds": pl.Series(hold),
        "wrap_seconds": pl.Series(wrap),
        "cost": money(150 + (talk + hold + wrap) * 5 // 4 + contacts * 120),
    }
