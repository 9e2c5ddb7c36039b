"""How large the benchmark of the KPIs is: days, rows a day, customers. Light, as `settings`."""

import datetime as dt
import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Self

VERSION = 1
"""Raise it when the same settings would give other files."""

SHARED = ("days", "last_on", "seed")
"""What a scale leaves as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiSettings:
    """What is drawn.

    Attributes:
        responses_per_day: Responses of a day, of some four and a half answers each.
        order_lines_per_day: Order lines of a day, two to an order.
        interactions_per_day: Contacts opened on a day.
        leads_per_day: Leads created on a day.
        invitations_per_day: Invitations to surveys sent on a day.
        costs_per_day: Entries of the cost ledger of a day.
        trainings_per_day: Training sessions of a day, an employee each.
        accounts: Accounts, of which a quarter changes once and a few twice.
        contracts: Contracts of the three years before the last day, renewals included.
        employees: Employees, those who left included.
        days: Days of events.
        last_on: Last day.
        seed: Seed of the random numbers.
    """

    responses_per_day: int = 7_600
    order_lines_per_day: int = 33_336
    interactions_per_day: int = 3_336
    leads_per_day: int = 668
    invitations_per_day: int = 10_000
    costs_per_day: int = 40
    trainings_per_day: int = 20
    accounts: int = 200_000
    contracts: int = 200_000
    employees: int = 5_000
    days: int = 300
    last_on: dt.date = dt.date(2024, 11, 27)
    seed: int = 7

    @classmethod
    def scaled(cls, scale: float) -> Self:
        """Settings with a share of the rows; the days stay."""
        whole = asdict(cls())
        return cls(
            **{
                name: value if name in SHARED or scale == 1 else max(round(value * scale), 6)
                for name, value in whole.items()
            }
        )

    @property
    def first_on(self) -> dt.date:
        """First day of events."""
        return self.last_on - dt.timedelta(days=self.days - 1)

    @property
    def digest(self) -> str:
        """Name of the folder that holds the history of these settings."""
        text = json.dumps([VERSION, asdict(self)], default=str, sort_keys=True)
        return "kpis-" + hashlib.sha256(text.encode()).hexdigest()[:12]
