"""How large the simulated company is and what is switched on. No numbers about its behaviour.

The behaviour (effects, classes, the region that falls) is in `demo.plan`.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Self

from schemas.registry import TABLES

Formats = Literal["varied", "csv"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How much happens; the rates are per customer and day unless their names say otherwise.

    Attributes:
        orders: Orders of an average customer on an average day.
        lines_per_order: Mean order lines of an order, at least one.
        interactions: Contacts with the service desk.
        leads: New leads.
        relational_invitations: Invitations to the relational survey.
        relational_response: Share of delivered relational invitations that are answered.
        transactional_invitation: Share of deliveries and resolved contacts that are surveyed.
        transactional_response: Share of delivered transactional invitations that are answered.
        web_responses: Answers to the question on the web site.
        kano_responses_per_week: Answers to the weekly feature survey, a customer and week.
    """

    orders: float = 0.05
    lines_per_order: float = 2.0
    interactions: float = 0.015
    leads: float = 0.006
    relational_invitations: float = 0.025
    relational_response: float = 0.4
    transactional_invitation: float = 0.5
    transactional_response: float = 0.35
    web_responses: float = 0.006
    kano_responses_per_week: float = 0.02


FAULT_RATES: Mapping[str, float] = {
    "exact_duplicate": 0.004,
    "restated": 0.004,
    "moved_month": 0.002,
    "late": 0.006,
    "orphan": 0.003,
    "orphan_parent": 0.003,
    "out_of_scale": 0.006,
    "bad_date": 0.003,
    "bad_number": 0.003,
    "missing_id": 0.002,
    "unmapped_value": 0.003,
    "skipped_hour": 0.05,
    "filtered": 0.05,
}
"""Kind of planted fault → share of the rows that may have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One run of the simulation; equal settings give equal bytes.

    Attributes:
        customers: Customers, those who join during the period included.
        days: Days simulated; one extract a day and source.
        seed: Seed of every random stream.
        end: Last day.
        formats: `varied` writes each source in its own shape, `csv` plain CSV everywhere.
        tables: Canonical tables to write; all of them when None.
        faults: Kind of fault → share of rows; empty for clean extracts.
        rates: How much happens.
    """

    customers: int = 2_000
    days: int = 120
    seed: int = 7
    end: dt.date = dt.date(2026, 6, 30)
    formats: Formats = "varied"
    tables: frozenset[str] | None = None
    faults: Mapping[str, float] = field(default_factory=lambda: dict(FAULT_RATES))
    rates: Rates = field(default_factory=Rates)

    def __post_init__(self) -> None:
        problems = []
        if self.customers < 1:
            problems.append(f"customers must be at least 1; found {self.customers}")
        if self.days < 1:
            problems.append(f"days must be at least 1; found {self.days}")
        if self.seed < 0:
            problems.append(f"seed must not be negative; found {self.seed}")
        unknown = sorted((self.tables or frozenset()) - set(TABLES))
        if unknown:
            problems.append(
                f"no canonical table {', '.join(unknown)}; allowed: {', '.join(TABLES)}"
            )
        strange = sorted(set(self.faults) - set(FAULT_RATES))
        if strange:
            allowed = ", ".join(FAULT_RATES)
            problems.append(f"no kind of fault {', '.join(strange)}; allowed: {allowed}")
        if problems:
            raise ValueError("; ".join(problems))

    @classmethod
    def sized(
        cls,
        customers: int,
        days: int,
        *,
        order_lines_per_day: float | None = None,
        answers_per_day: float | None = None,
        **others: object,
    ) -> Self:
        """Settings for a wanted daily volume, as a benchmark asks for it.

        Args:
            customers: Customers.
            days: Days.
            order_lines_per_day: Order lines wanted on an average day, about.
            answers_per_day: Relational survey answers (cells) wanted on an average day, about.
            others: Further attributes of `Settings`.
        """
        rates = Rates()
        if order_lines_per_day is not None:
            orders = order_lines_per_day / rates.lines_per_order / customers
            rates = replace(rates, orders=orders)
        if answers_per_day is not None:
            responses = answers_per_day / ANSWERS_PER_RELATIONAL_RESPONSE / customers
            invitations = responses / (rates.relational_response * DELIVERED_SHARE)
            rates = replace(rates, relational_invitations=invitations)
        return cls(customers=customers, days=days, rates=rates, **others)  # type: ignore[arg-type]

    @property
    def start(self) -> dt.date:
        """First logical date."""
        return self.end - dt.timedelta(days=self.days - 1)

    def date(self, day: int) -> dt.date:
        """Logical date of a day counted from 0."""
        return self.start + dt.timedelta(days=day)

    def wants(self, *tables: str) -> bool:
        """Whether one of the tables is to be written."""
        return self.tables is None or not self.tables.isdisjoint(tables)


DELIVERED_SHARE = 0.97
"""Share of invitations that do not bounce."""

ANSWERS_PER_RELATIONAL_RESPONSE = 13.0
"""Cells that an average relational response fills; see `demo.surveys`."""
