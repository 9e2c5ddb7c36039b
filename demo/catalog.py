"""Clean rows of the slow-moving ERP tables: products, employees, trainings, costs, exchange rates.

Orders and their lines are in `demo.orders`.
"""

import datetime as dt

import numpy as np
import polars as pl

from demo.clock import EPOCH, WEEKDAYS, Floats, Ints, ids, money, pick, stream
from demo.plan import CURRENCY, PRICE_RISE, PRICE_RISE_FAMILY, REGIONS
from demo.world import World

CATEGORIES = {
    "kitchen": "home", "garden": "home", "phones": "tech", "computers": "tech",
    "shoes": "fashion", "coats": "fashion", "novels": "leisure", "games": "leisure",
}  # fmt: skip
PRODUCTS_PER_CATEGORY = 5
PRODUCT_COUNT = PRODUCTS_PER_CATEGORY * len(CATEGORIES)
NEW_PRODUCT, OLD_PRODUCT = PRODUCT_COUNT - 1, 3
"""Products that join, and leave, the catalogue half way."""

DEPARTMENTS = ("service", "logistics", "finance", "stores", "marketing")
OLD_HANDS = 40
LEAVING_SHARE = 0.12
LEAVE_REASONS = ("resignation", "retirement", "end_of_contract")
FOREIGN = {"CHF": 1.04, "GBP": 1.17, "USD": 0.92}
RATE_HISTORY_DAYS = 400
LEDGER = (
    ("support", "service", "support", 0.035),
    ("support", "service", "website", 0.012),
    ("quality", "logistics", "delivery", 0.02),
    ("training", "service", "support", 0.004),
    ("marketing", "marketing", "website", 0.03),
    ("logistics", "logistics", "delivery", 0.05),
)
"""Kind, department, touchpoint and cost a customer and day in the reporting currency."""


def list_prices(day: int, rise_day: int) -> Ints:
    """Price of every product in cents on a day; one family rises on a planted day."""
    base: Floats = (
        900
        + 1_700 * (np.arange(PRODUCT_COUNT) * 7 % 11)
        + 35 * np.arange(PRODUCT_COUNT, dtype=np.float64)
    )
    families = np.array(list(CATEGORIES.values())).repeat(PRODUCTS_PER_CATEGORY)
    rise = np.where((families == PRICE_RISE_FAMILY) & (day >= rise_day), 1 + PRICE_RISE, 1.0)
    return np.rint(base * rise).astype(np.int64)


def products(world: World, day: int) -> pl.DataFrame:
    """The catalogue on a day, subscriptions included."""
    index = np.arange(PRODUCT_COUNT)
    half = world.settings.days // 2
    listed = (index != NEW_PRODUCT) if day < half else (index != OLD_PRODUCT)
    category = index // PRODUCTS_PER_CATEGORY
    goods = pl.DataFrame(
        {
            "product_id": ids("P", PRODUCT_COUNT, width=3),
            "name": ids("Article n° ", PRODUCT_COUNT, width=2),
            "category": pick(tuple(CATEGORIES), category),
            "family": pick(tuple(CATEGORIES.values()), category),
        }
    ).filter(pl.Series(listed))
    plans = pl.DataFrame(
        {
            "product_id": ["P901", "P902", "P903"],
            "name": ["Formule Basic", "Formule Plus", "Formule Pro"],
            "category": ["subscription"] * 3,
            "family": ["service"] * 3,
        }
    )
    return pl.concat([goods, plans])


def employees(world: World, day: int) -> pl.DataFrame:
    """Everybody ever employed, as known on a day; `_in_force` tells who still is."""
    rng = stream(world.settings.seed, "employees")
    n = headcount(world)
    first, today = world.settings.start, (world.settings.date(day) - EPOCH).days
    before = rng.integers(-world.settings.days, 2_000, n)
    # those whom contacts and trainings name are there from the first day
    before = np.where(np.arange(n) < OLD_HANDS, np.abs(before) + 1, before)
    hired = (first - EPOCH).days - before
    leaves = np.where(
        rng.random(n) < LEAVING_SHARE, rng.integers(0, max(world.settings.days, 1), n), 10**6
    )
    left = np.maximum(hired + 30, (first - EPOCH).days + leaves)
    reason = rng.integers(0, len(LEAVE_REASONS), n)
    frame = pl.DataFrame(
        {
            "employee_id": ids("E", n, width=4),
            "department": pick(DEPARTMENTS, np.arange(n) % len(DEPARTMENTS)),
            "region": pick(REGIONS, rng.integers(0, len(REGIONS), n)),
            "hired_on": pl.Series(hired.astype(np.int32)).cast(pl.Date),
            "left_on": pl.Series(np.where(left <= today, left, -1).astype(np.int32)),
            "leave_reason": pick(LEAVE_REASONS, np.where(left <= today, reason, -1)),
        }
    ).with_columns(pl.when(pl.col("left_on") >= 0).then(pl.col("left_on")).cast(pl.Date))
    return frame.filter(pl.col("hired_on") <= world.settings.date(day))


def headcount(world: World) -> int:
    """Employees ever employed; at most a few hundred, for they come as a spreadsheet."""
    return 60 + min(world.settings.customers // 200, 400)


def trainings(world: World, day: int) -> pl.DataFrame:
    """Training sessions held in the week that ends on a day."""
    rng = stream(world.settings.seed, "trainings", day)
    date, n = world.settings.date(day), 3
    held = (date - EPOCH).days - rng.integers(0, min(day, 6) + 1, n)
    return pl.DataFrame(
        {
            "training_id": ids(f"F{date:%y%m%d}", n, width=3),
            "employee_id": ids("E", OLD_HANDS, width=4).gather(rng.integers(0, OLD_HANDS, n)),
            "held_on": pl.Series(held.astype(np.int32)).cast(pl.Date),
            "cost": money(rng.integers(20_000, 90_000, n)),
            "currency": pl.repeat(CURRENCY, n, eager=True),
            "hours": pl.Series(rng.choice([3.5, 7.0, 14.0], n)),
        }
    )


def costs(world: World, day: int) -> pl.DataFrame:
    """Ledger entries of a day; a few by default, more in a larger company."""
    rng = stream(world.settings.seed, "costs", day)
    date = world.settings.date(day)
    entry = np.arange(len(LEDGER)).repeat(1 + min(world.settings.customers // 1_000, 50))
    share = np.array([row[3] for row in LEDGER])[entry] * len(LEDGER) / len(entry)
    size = share * world.settings.customers * WEEKDAYS[date.weekday()]
    kinds, departments, touchpoints, _ = zip(*LEDGER, strict=True)
    return pl.DataFrame(
        {
            "cost_id": ids(f"K{date:%y%m%d}", len(entry), width=4),
            "incurred_on": pl.repeat(date, len(entry), dtype=pl.Date, eager=True),
            "kind": pick(kinds, entry),
            "department": pick(departments, entry),
            "touchpoint": pick(touchpoints, entry),
            "amount": money((size * rng.lognormal(-0.02, 0.2, len(entry)) * 100).astype(np.int64)),
            "currency": pl.repeat(CURRENCY, len(entry), eager=True),
        }
    )


def fx_rates(world: World, day: int) -> pl.DataFrame:
    """Rates of a day; the first extract also holds those of the days before."""
    before = RATE_HISTORY_DAYS if day == 0 else 0
    dates = [world.settings.date(day) - dt.timedelta(days=back) for back in range(before, -1, -1)]
    number = np.array([(date - EPOCH).days for date in dates])
    frames = []
    for i, (currency, level) in enumerate(FOREIGN.items()):
        wave = 0.015 * np.sin((number + 40 * i) / 45) + 0.004 * np.sin(number * (2.1 + i))
        frames.append(
            pl.DataFrame(
                {
                    "rate_date": pl.Series(number.astype(np.int32)).cast(pl.Date),
                    "currency": pl.repeat(currency, len(number), eager=True),
                    "rate": pl.Series(np.round(level * (1 + wave), 5)),
                }
            )
        )
    return pl.concat(frames).sort("rate_date", maintain_order=True)
