"""Clean orders, returns and their lines; an order comes once when made and once when delivered."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from demo import catalog
from demo.clock import (
    DAY,
    EPOCH,
    WEEKDAYS,
    Ints,
    Later,
    at,
    day_seconds,
    ids,
    local,
    money,
    pick,
    stream,
)
from demo.plan import BASKET_EFFECT
from demo.world import World

CHANNELS = ("web", "app", "store")
CHANNEL_SHARES = (0.5, 0.3, 0.2)
CANCELLED_SHARE = 0.02
RETURN_SHARE = 0.05
DELIVERY_SHARES = (0.1, 0.35, 0.3, 0.15, 0.1)
"""Days from order to delivery, from one day on."""
PROMISED_DAYS = 4
TAX = 0.20
PAIR_SHARE = 0.15
SHIPPING_CENTS, FREE_SHIPPING_CENTS = 490, 5_000


@dataclass(frozen=True, slots=True)
class Orders:
    """What the order system extracts on a day.

    Attributes:
        orders: Orders made, delivered, cancelled or returned on the day.
        lines: Lines of the orders and returns made on the day.
        delivered: Orders delivered on the day: `order_id`, `_who`, `product_id`.
    """

    orders: pl.DataFrame
    lines: pl.DataFrame
    delivered: pl.DataFrame


class OrderBook:
    """Orders in the making: those to be delivered and goods to come back are kept in memory."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._deliveries = Later(world.plan.last)
        self._returns = Later(world.plan.last)
        self._return_lines = Later(world.plan.last)

    def day(self, day: int) -> Orders:
        """Orders and lines of a day."""
        rng = stream(self._world.settings.seed, "orders", day)
        made, lines = self._make(rng, day)
        delivered = self._deliveries.pop(day)
        orders = pl.concat([made, *delivered, *self._returns.pop(day)])
        arrived = orders.filter(pl.col("status") == "delivered")
        return Orders(
            orders=orders.drop("_product"),
            lines=pl.concat([lines, *self._return_lines.pop(day)]),
            delivered=arrived.select("order_id", "_who", product_id="_product"),
        )

    def _make(self, rng: np.random.Generator, day: int) -> tuple[pl.DataFrame, pl.DataFrame]:
        world, date = self._world, self._world.settings.date(day)
        rate = world.settings.rates.orders * world.buying * WEEKDAYS[date.weekday()]
        who = world.draw(rng, np.where(world.stops <= day, 0.0, rate), day)
        order_id = ids(f"00{date:%y%m%d}", len(who))
        counts, lines = _lines(world, rng, who, day)
        owner = np.arange(len(who)).repeat(counts)
        lines = lines.with_columns(order_id.gather(owner).alias("order_id"))
        net = np.bincount(owner, lines["_cents"].to_numpy(), len(who)).astype(np.int64)
        first = np.cumsum(counts) - counts
        ordered = at(date, day_seconds(rng, len(who), last=22))
        whole = pl.DataFrame(
            {
                "order_id": order_id,
                "account_id": world.ids_of(who),
                "ordered_at": local(ordered),
                "promised_at": local(ordered // DAY * DAY + PROMISED_DAYS * DAY + 20 * DAY // 24),
                "channel": pick(CHANNELS, rng.choice(3, len(who), p=CHANNEL_SHARES)),
                "currency": world.currency_of(who),
                "net_amount": money(net),
                "tax_amount": money(np.rint(net * TAX).astype(np.int64)),
                "shipping_amount": money(np.where(net < FREE_SHIPPING_CENTS, SHIPPING_CENTS, 0)),
                "is_return": pl.repeat(value=False, n=len(who), eager=True),
                "original_order_id": pl.repeat(None, len(who), dtype=pl.String, eager=True),
                "_who": who,
                "_product": lines["product_id"].gather(first),
            }
        )
        made = self._follow(rng, whole, lines.select(pl.all().gather(first)), day)
        return made, lines.drop("_cents").select(LINE_COLUMNS)

    def _follow(
        self, rng: np.random.Generator, whole: pl.DataFrame, first_lines: pl.DataFrame, day: int
    ) -> pl.DataFrame:
        """Plan delivery, cancellation and return of the orders made; give them as made."""
        n = whole.height
        is_cancelled = rng.random(n) < CANCELLED_SHARE
        wait = rng.choice(len(DELIVERY_SHARES), n, p=DELIVERY_SHARES) + 1
        due = day + np.where(is_cancelled, 1, wait)
        arrival = whole["ordered_at"].to_physical().to_numpy() // DAY * DAY + wait * DAY
        delivered_at = local(
            arrival + (rng.uniform(9, 19, n) * 3_600).astype(np.int64) * 1_000_000,
            missing=is_cancelled,
        )
        done = whole.with_columns(
            delivered_at.alias("delivered_at"),
            pick(("delivered", "canceled"), is_cancelled.astype(np.int64)).alias("status"),
            pl.lit(value=True).alias("_final"),
        )
        self._deliveries.push(_ordered(done), due)
        is_returned = (rng.random(n) < RETURN_SHARE) & ~is_cancelled
        back = due + rng.integers(3, 15, n)
        self._plan_returns(
            done.filter(is_returned), first_lines.filter(is_returned), back[is_returned]
        )
        return _ordered(
            whole.with_columns(
                pl.lit(None, dtype=pl.Datetime("us")).alias("delivered_at"),
                pl.lit("processing").alias("status"),
                pl.lit(value=False).alias("_final"),
            )
        )

    def _plan_returns(self, orders: pl.DataFrame, lines: pl.DataFrame, back: Ints) -> None:
        """The first line of an order comes back as a return of its own."""
        date = (self._world.settings.start - EPOCH).days
        cents = -lines["_cents"].to_numpy()
        number = "R" + orders["order_id"]
        returns = orders.with_columns(
            number.alias("order_id"),
            local((date + back) * DAY + 11 * DAY // 24).alias("ordered_at"),
            pl.lit(None, dtype=pl.Datetime("us")).alias("delivered_at"),
            pl.lit(None, dtype=pl.Datetime("us")).alias("promised_at"),
            pl.lit("returned").alias("status"),
            money(cents).alias("net_amount"),
            money(np.rint(cents * TAX).astype(np.int64)).alias("tax_amount"),
            money(np.zeros(len(cents), dtype=np.int64)).alias("shipping_amount"),
            pl.lit(value=True).alias("is_return"),
            orders["order_id"].alias("original_order_id"),
        )
        self._returns.push(_ordered(returns), back)
        returned = lines.with_columns(
            number.alias("order_id"), -pl.col("quantity"), money(cents).alias("net_amount")
        )
        self._return_lines.push(returned.select(LINE_COLUMNS), back)


LINE_COLUMNS = ("order_id", "line_number", "product_id", "quantity", "net_amount", "unit_cost")
ORDER_COLUMNS = (
    "order_id", "account_id", "ordered_at", "delivered_at", "promised_at", "status", "channel",
    "currency", "net_amount", "tax_amount", "shipping_amount", "is_return", "original_order_id",
    "_final", "_who", "_product",
)  # fmt: skip


def _ordered(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(ORDER_COLUMNS)


def _lines(
    world: World, rng: np.random.Generator, who: Ints, day: int
) -> tuple[Ints, pl.DataFrame]:
    """Lines of the orders of a day and how many each order has."""
    counts = 1 + rng.poisson(max(world.settings.rates.lines_per_order - 1, 0), len(who))
    n, first = int(counts.sum()), np.cumsum(counts) - counts
    product = np.minimum(rng.geometric(0.06, n) - 1, 3 * catalog.PRODUCT_COUNT)
    product = (product * 17) % (catalog.PRODUCT_COUNT - 1)
    prices = catalog.list_prices(day, world.plan.price_rise)[product]
    quantity = 1 + (rng.random(n) < PAIR_SHARE)
    is_treated = world.is_treated(world.did_arm, who, day)
    effect = world.basket[who] * np.where(is_treated, 1 + BASKET_EFFECT, 1.0)
    cents = np.rint(prices * quantity * effect.repeat(counts)).astype(np.int64)
    frame = pl.DataFrame(
        {
            "line_number": pl.Series(np.arange(n) - first.repeat(counts) + 1),
            "product_id": ids("P", catalog.PRODUCT_COUNT, width=3).gather(product),
            "quantity": pl.Series(quantity.astype(np.int64)),
            "net_amount": money(cents),
            "unit_cost": money(np.rint(prices * 0.6).astype(np.int64)),
            "_cents": cents,
        }
    )
    return counts, frame
