"""A company that can answer every question of docs/bi.md: fifteen months in four extracts a source.

Its rows follow from plain arithmetic on the numbers of customer and month, so that a test can count
again what the pipeline published.
"""

import csv
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.pipelines.company import Company
from tests.pipelines.daily import run_days

CUSTOMERS = 60
MONTHS = tuple(dt.date(2024 + month // 12, month % 12 + 1, 1) for month in range(11, 26))
"""December 2024 to February 2026."""
EXTRACTS = ("2025-12-31", "2026-01-31", "2026-02-28")
LATE = "2026-03-01"
"""Extract that brings answers of February too late for its first publish."""
TIERS = ("bronze", "silver", "gold")
TOUCHPOINTS = ("support", "delivery", "shop")
COST_OF_A_MONTH = 480

CONFIG = """\
version: 1

company: {name: Cookbook Company, time_zone: Europe/Paris, currency: EUR}
start_date: 2025-12-31

sources:

  accounts:
    system: crm
    files: {root: extracts, path: "accounts_{date}.csv", format: csv}
    mode: snapshot
    on_missing: skip
    stale_after_days: 40
    tables:
      crm_account: {columns: {account_id: id, kind: kind, region: region, tier: tier}}

  orders:
    system: erp
    files: {root: extracts, path: "orders_{date}.csv", format: csv}
    mode: incremental
    on_missing: skip
    stale_after_days: 40
    tables:
      erp_order:
        columns:
          order_id: id
          account_id: account
          ordered_at: at
          status: {value: delivered}
          currency: {value: EUR}
          net_amount: amount

  contacts:
    system: crm
    files: {root: extracts, path: "contacts_{date}.csv", format: csv}
    mode: incremental
    on_missing: skip
    stale_after_days: 40
    tables:
      crm_interaction:
        columns:
          interaction_id: id
          account_id: account
          opened_at: opened
          resolved_at: resolved
          contact_count: contacts

  costs:
    system: erp
    files: {root: extracts, path: "costs_{date}.csv", format: csv}
    mode: incremental
    on_missing: skip
    stale_after_days: 40
    tables:
      erp_cost:
        columns:
          cost_id: id
          incurred_on: day
          kind: {value: support}
          amount: amount
          currency: {value: EUR}

  answers:
    system: survey
    files: {root: extracts, path: "answers_{date}.csv", format: csv}
    mode: incremental
    on_missing: skip
    stale_after_days: 40
    tables:
      survey_response:
        columns:
          response_id: id
          survey_id: {value: REL}
          account_id: account
          responded_at: at
          touchpoint: touchpoint
      survey_answer:
        columns: {response_id: id}
        unpivot: {scores: {nps: nps, csat: csat}}

surveys:
  REL:
    kind: relational
    questions:
      nps: {metric: nps, scale: [0, 10]}
      csat: {metric: csat, scale: [1, 5]}

segment_sets:
  by_region: [region]
  by_tier: [tier]
  by_touchpoint: [touchpoint]

kpis:
  periods: {calendar: [day, month], rolling: []}
  codes: [nps, csat, churn_rate, support_cost_per_contact, first_contact_resolution]
  churn: {inactivity_days: 40}
  targets: {nps: 10, csat: 60}
"""


@dataclass(frozen=True)
class Answer:
    """One answer of a customer."""

    customer: int
    at: dt.datetime
    nps: int
    csat: int
    touchpoint: str
    is_late: bool

    @property
    def tier(self) -> str:
        return TIERS[self.customer % 3]


def answers() -> Iterator[Answer]:
    """Most customers once a month, since November; the last of February 2026 come late."""
    for number, month in enumerate(MONTHS[-4:]):
        for customer in range(CUSTOMERS):
            if (customer + number * 5) % (4 + customer % 3) == 0:
                continue
            day = month + dt.timedelta(days=(customer * 5 + number) % 27)
            touchpoint = customer // 3 % 3
            yield Answer(
                customer=customer,
                at=dt.datetime.combine(day, dt.time(12)),
                nps=min(10, (customer * 7 + number * number) % 11 + customer % 3 * 2),
                csat=min(5, 1 + (customer * 7 + number) % 5 + touchpoint),
                touchpoint=TOUCHPOINTS[touchpoint],
                is_late=month == MONTHS[-1] and customer >= CUSTOMERS - 12,
            )


def contacts(month: dt.date) -> int:
    """Contacts of a month."""
    return 40 + MONTHS.index(month) % 4


def publish_twice(folder: Path) -> Company:
    """Deliver all extracts; publish up to the end of February, then with what came late."""
    company = Company(folder)
    company.extracts.mkdir(parents=True)
    company.config.write_text(CONFIG, encoding="utf-8")
    for extract in (*EXTRACTS, LATE):
        for name, rows in _rows(extract).items():
            _write(company.extracts / f"{name}_{extract}.csv", rows)
    run_days(company, *EXTRACTS, now=dt.datetime(2026, 3, 1, 6, tzinfo=dt.UTC))
    run_days(company, LATE, now=dt.datetime(2026, 3, 2, 6, tzinfo=dt.UTC))
    return company


def _rows(extract: str) -> Mapping[str, Sequence[Mapping[str, object]]]:
    """Source → rows of an extract."""
    months = [month for month in MONTHS if _extract_of(month) == extract]
    is_late = extract == LATE
    return {
        "accounts": [
            {"id": f"C{number}", "kind": "consumer", "region": ("North", "South")[number % 4 == 0],
             "tier": TIERS[number % 3]}
            for number in range(CUSTOMERS)
        ],
        "orders": [*_orders(months), *([_order(0, dt.date(2026, 3, 1))] if is_late else []),
                   *([{"id": "no-day", "account": "C1", "at": "", "amount": "1.00"}] * is_late)],
        "contacts": [row for month in months for row in _contacts(month)]
        or _contacts(dt.date(2026, 3, 1), count=1),
        "costs": [
            {"id": f"K{month}", "day": month.isoformat(), "amount": f"{COST_OF_A_MONTH}.00"}
            for month in months or [dt.date(2026, 3, 1)]
        ],
        "answers": [
            {"id": f"A{each.at:%Y%m}-{each.customer}", "account": f"C{each.customer}",
             "at": each.at.isoformat(sep=" "), "nps": each.nps, "csat": each.csat,
             "touchpoint": each.touchpoint}
            for each in answers()
            if (LATE if each.is_late else _extract_of(each.at.date())) == extract
        ],
    }  # fmt: skip


def _extract_of(day: dt.date) -> str:
    return next(extract for extract in EXTRACTS if day.isoformat()[:7] <= extract[:7])


def _orders(months: Sequence[dt.date]) -> list[dict[str, object]]:
    """Some customers buy nothing in some months, and are lost by that."""
    return [
        _order(customer, month + dt.timedelta(days=customer % 20))
        for month in months
        for customer in range(CUSTOMERS)
        if (customer * 5 + MONTHS.index(month) * (1 + customer % 3)) % 6
    ]


def _order(customer: int, day: dt.date) -> dict[str, object]:
    at = dt.datetime.combine(day, dt.time(10)).isoformat(sep=" ")
    return {"id": f"O{day}-{customer}", "account": f"C{customer}", "at": at, "amount": "25.00"}


def _contacts(month: dt.date, *, count: int | None = None) -> list[dict[str, object]]:
    return [
        {"id": f"I{month}-{number}", "account": f"C{number % CUSTOMERS}",
         "opened": f"{month + dt.timedelta(days=number % 25)} 09:00:00",
         "resolved": f"{month + dt.timedelta(days=number % 25)} 16:00:00",
         "contacts": 1 + number % 2}
        for number in range(contacts(month) if count is None else count)
    ]  # fmt: skip


def _write(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
