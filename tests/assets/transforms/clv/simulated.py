"""Customers drawn from the models themselves, with seeds."""

import numpy as np
import polars as pl

from assets.transforms.clv.bg_nbd import BgNbd
from assets.transforms.clv.counts import Floats
from assets.transforms.clv.gamma_gamma import GammaGamma


def purchase_times(
    rate: float, stop: float, until: float, draw: np.random.Generator
) -> list[float]:
    """Times of one customer's repeat purchases."""
    found: list[float] = []
    now = draw.exponential(1 / rate)
    while now <= until:
        found.append(now)
        if draw.random() < stop:
            break
        now += draw.exponential(1 / rate)
    return found


def buyers(parameters: BgNbd, size: int, seed: int) -> pl.DataFrame:
    """Purchase histories: frequency, recency, age."""
    draw = np.random.default_rng(seed)
    rates = draw.gamma(parameters.r, 1 / parameters.alpha, size)
    stops = draw.beta(parameters.a, parameters.b, size)
    ages = draw.uniform(20, 80, size)
    rows = []
    for rate, stop, age in zip(rates, stops, ages, strict=True):
        times = purchase_times(max(rate, 1e-12), stop, age, draw)
        rows.append((len(times), times[-1] if times else 0.0, age))
    return pl.DataFrame(rows, schema=["frequency", "recency", "age"], orient="row")


def spenders(parameters: GammaGamma, frequency: Floats, seed: int) -> pl.DataFrame:
    """Mean values of customers with given numbers of purchases."""
    draw = np.random.default_rng(seed)
    scale = draw.gamma(parameters.q, 1 / parameters.gamma, len(frequency))
    totals = draw.gamma(parameters.p * frequency) / scale
    return pl.DataFrame({"valued_frequency": frequency, "mean_value": totals / frequency})
