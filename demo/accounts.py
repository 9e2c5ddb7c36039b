"""Clean account rows of a day: new accounts and changed ones; everything else is in `demo.crm`."""

import numpy as np
import polars as pl

from demo import world as w
from demo.clock import EPOCH, SECOND, Bools, Ints, local, pick
from demo.plan import REGIONS
from demo.world import World

PLACES = tuple(city for cities in w.CITIES for city in cities)
PREFIXES = tuple(prefix for prefixes in w.POSTAL_PREFIXES for prefix in prefixes)
PLACES_PER_REGION = 3


def accounts(world: World, day: int) -> pl.DataFrame:
    """New accounts and those that moved or changed tier; all older ones on the first day."""
    new = world.created <= 0 if day == 0 else world.created == day
    who = np.flatnonzero(new | (world.moves == day) | (world.tier_changes == day))
    is_business = world.kind[who] == 1
    frame = pl.DataFrame(
        {
            "account_id": world.ids_of(who),
            "kind": pick(w.KINDS, world.kind[who]),
            "created_at": _created_at(world, who),
            **_place(world, who, day),
            "industry": pick(w.INDUSTRIES, np.where(is_business, who % 4, -1)),
            "plan": pick(w.PLANS, world.tier_on(who, day)),
            "tier": pick(w.TIERS, world.tier_on(who, day)),
            "birth_year": pl.Series(1940 + (who * 7) % 66),
            "gender": pick(w.GENDERS, np.where(is_business, -1, np.where(who % 50, who % 2, 2))),
            "acquisition_channel": pick(w.CHANNELS, world.channel[who]),
            "parent_account_id": world.ids_of(_parents(world, who, is_business)),
            "loyalty_card": pick(("yes", "no"), np.where(who % 3 > 0, 1, 0)),
        }
    )
    return _with_contact(frame)


def _created_at(world: World, who: Ints) -> pl.Series:
    date = (world.settings.start - EPOCH).days + world.created[who]
    return local((date * 86_400 + 9 * 3_600 + who % 36_000) * SECOND)


def _place(world: World, who: Ints, day: int) -> dict[str, pl.Series]:
    region = world.region_on(who, day)
    place = region * PLACES_PER_REGION + who % PLACES_PER_REGION
    codes = pl.Series(who % 90 * 10).cast(pl.String).str.zfill(3)
    return {
        "region": pick(REGIONS, region),
        "country": pick(w.COUNTRIES, world.country[who]),
        "city": pick(PLACES, place),
        "postal_code": pick(PREFIXES, place) + codes,
    }


def _parents(world: World, who: Ints, is_business: Bools) -> Ints:
    parent = who // 2
    is_older = world.created[parent] < world.created[who]
    return np.where(is_business & is_older & (who % 5 == 0), parent, -1)


def _with_contact(frame: pl.DataFrame) -> pl.DataFrame:
    number = pl.col("account_id")
    company = 'Société "' + number + '"; Fils, SARL'
    phone = [pl.lit("+33 1 99"), *(number.str.slice(-6 + i, 2) for i in (0, 2, 4))]
    return frame.with_columns(
        pl.when(pl.col("kind") == "business")
        .then(company)
        .otherwise("Client " + number)
        .alias("name"),
        ("c" + number + "@example.com").alias("email"),
        pl.concat_str(phone, separator=" ").alias("phone"),
    )
