"""How large the benchmark is: days, rows a day, accounts. Light, for every process imports it."""

import datetime as dt
import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Self

VERSION = 2
"""Raise it when the same settings would give other files."""

LEAST_ROWS, LEAST_ACCOUNTS = 240, 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is drawn.

    Attributes:
        answers_per_day: Survey answers of a day.
        order_lines_per_day: Order lines of a day.
        accounts: Accounts on the first day.
        long_days: Days of the long history.
        short_days: Days of the short one, which ends on the same day.
        extra_days: Days after it, to be added one by one.
        last_on: Last day of both histories.
        seed: Seed of the random numbers.
    """

    answers_per_day: int = 33_336
    order_lines_per_day: int = 33_336
    accounts: int = 200_000
    long_days: int = 300
    short_days: int = 30
    extra_days: int = 3
    last_on: dt.date = dt.date(2024, 11, 27)
    seed: int = 7

    @classmethod
    def scaled(cls, scale: float) -> Self:
        """Settings with a share of the rows a day and of the accounts; the days stay."""
        whole = cls()
        if scale == 1:
            return whole
        rows = max(round(whole.answers_per_day * scale) // 12 * 12, LEAST_ROWS)
        accounts = max(round(whole.accounts * scale), LEAST_ACCOUNTS)
        return cls(answers_per_day=rows, order_lines_per_day=rows, accounts=accounts)

    @property
    def long_start(self) -> dt.date:
        """First day of the long history."""
        return self.last_on - dt.timedelta(days=self.long_days - 1)

    @property
    def short_start(self) -> dt.date:
        """First day of the short history."""
        return self.last_on - dt.timedelta(days=self.short_days - 1)

    @property
    def digest(self) -> str:
        """Name of the folder that holds the extracts of these settings."""
        text = json.dumps([VERSION, asdict(self)], default=str, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]
