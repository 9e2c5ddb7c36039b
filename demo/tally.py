"""Exact figures of the company's final state, for the manifest.

Figures are added up day by day from the clean rows. They hold for what a right pipeline accepts:
late rows arrive, restated rows end up as they should be, and answers that cannot be accepted are
left out.
"""

from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from demo import plan as p
from demo.answers import PASSIVE, PROMOTER, SATISFIED
from demo.clock import Ints
from demo.initiatives import AB_TEST, PLACEBO
from demo.questionnaire import BLANK, DELIVERY
from demo.surveys import ANSWER
from demo.world import CONTROL, TREATED, World

SCORED = ("nps", "csat", "ces", "enps")
MONTH = "%Y-%m"


class Tally:
    """Monthly figures by event month in the company's time zone.

    Attributes:
        terms: Comments of the falling region's detractors before and after the term rises.
        arms: Satisfied answers by initiative and arm.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._orders: dict[str, Counter[str]] = defaultdict(Counter)
        self._net: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        self._leads: dict[str, Counter[str]] = defaultdict(Counter)
        self._contacts: dict[str, Counter[str]] = defaultdict(Counter)
        self._scores: dict[str, dict[str, dict[str, Counter[str]]]] = defaultdict(
            lambda: defaultdict(lambda: defaultdict(Counter))
        )
        self._nps: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
        self.terms: dict[str, Counter[str]] = defaultdict(Counter)
        self.arms: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))

    def add(self, day: int, streams: dict[str, pl.DataFrame], lost: set[tuple[str, str]]) -> None:
        """Add a day's clean rows, without the answers that were pushed off their scale."""
        if "erp_orders" in streams:
            self._add_orders(streams["erp_orders"])
        if "crm_leads" in streams:
            self._add_states(self._leads, streams["crm_leads"], "created_at", "outcome")
        if "crm_interactions" in streams:
            contacts = streams["crm_interactions"].with_columns(_state=_contact_state())
            self._add_states(self._contacts, contacts, "opened_at", "_state")
        for name, frame in streams.items():
            if name.startswith("survey_") and "response_id" in frame.columns:
                self._add_scores(frame, lost)
        if "survey_relational" in streams:
            self._add_nps(streams["survey_relational"], day, lost)
        if "survey_transactional" in streams:
            self._add_arms(streams["survey_transactional"], day, lost)

    def _add_orders(self, orders: pl.DataFrame) -> None:
        self._add_states(self._orders, orders, "ordered_at", "status")
        # an order's amount counts when it is made, a cancellation takes it away again
        told = orders.with_columns(
            pl.when(pl.col("status").is_in(["processing", "returned"]))
            .then("net_amount")
            .when(pl.col("status") == "canceled")
            .then(-pl.col("net_amount"))
            .otherwise(0)
            .alias("_net"),
            pl.col("ordered_at").dt.strftime(MONTH).alias("_month"),
        )
        sums = told.group_by("_month", "currency", maintain_order=True).agg(pl.col("_net").sum())
        for month, currency, net in sums.iter_rows():
            self._net[month][currency] += net

    def _add_states(
        self, into: dict[str, Counter[str]], rows: pl.DataFrame, event: str, state: str
    ) -> None:
        """Count states; the final row of a key that was told before replaces its first state."""
        first = {"outcome": "open", "status": "processing", "_state": "open"}[state]
        counted = rows.with_columns(pl.col(event).dt.strftime(MONTH).alias("_month"))
        counts = counted.group_by("_month", state, maintain_order=True).len()
        for month, value, number in counts.iter_rows():
            into[month][value] += number
        told = counted.filter(pl.col("_final") & self._was_told(counted, state))
        for month, number in told.group_by("_month", maintain_order=True).len().iter_rows():
            into[month][first] -= number

    def _was_told(self, rows: pl.DataFrame, state: str) -> pl.Series:
        """Whether an earlier extract held the row's first state."""
        if state == "outcome":
            return pl.Series(np.full(rows.height, fill_value=True))
        if state == "status":
            return rows["status"] != "returned"
        return rows["resolved_at"].dt.date() > rows["opened_at"].dt.date()

    def _add_scores(self, frame: pl.DataFrame, lost: set[tuple[str, str]]) -> None:
        month = frame["responded_at"].dt.strftime(MONTH)
        for question in SCORED:
            own = f"{ANSWER}{question}"
            if own not in frame.columns:
                continue
            kept = frame.with_columns(month.alias("_month")).filter(_kept(lost, question))
            counts = kept.group_by("survey_id", "_month", own, maintain_order=True).len()
            for survey, when, score, number in counts.drop_nulls().iter_rows():
                self._scores[survey][question][when][str(score)] += number

    def _add_nps(self, frame: pl.DataFrame, day: int, lost: set[tuple[str, str]]) -> None:
        """Promoters, passives and detractors by the region customers are in that day."""
        who = _customers(frame)
        month = self._world.settings.date(day).strftime(MONTH)
        score = pl.col(f"{ANSWER}nps")
        rows = frame.with_columns(
            pl.Series("_region", [p.REGIONS[i] for i in self._world.region_on(who, day)]),
            pl.when(score >= PROMOTER).then(pl.lit("promoters"))
            .when(score >= PASSIVE).then(pl.lit("passives"))
            .otherwise(pl.lit("detractors")).alias("_category"),
        ).filter(_kept(lost, "nps") & (score != BLANK))  # fmt: skip
        for region, category in rows.select("_region", "_category").iter_rows():
            self._nps[month][region][category] += 1
        self._count_term(rows, day)

    def _count_term(self, rows: pl.DataFrame, day: int) -> None:
        text = rows.filter(
            (pl.col("_category") == "detractors") & (pl.col("_region") == p.FALLING_REGION)
        )["q.comment"].drop_nulls()
        when = "after" if day >= self._world.plan.term else "before"
        self.terms[when]["comments"] += len(text)
        self.terms[when]["with_term"] += int(text.str.contains(p.COMPLAINT_TERM).sum())

    def _add_arms(self, frame: pl.DataFrame, day: int, lost: set[tuple[str, str]]) -> None:
        """Satisfied answers after a delivery by arm of the A/B test, once it has begun."""
        if day < self._world.plan.initiative:
            return
        rows = frame.filter((pl.col("survey_id") == DELIVERY) & _kept(lost, "csat"))
        who = _customers(rows)
        is_satisfied = (rows[f"{ANSWER}csat"] >= SATISFIED).to_numpy()
        world = self._world
        is_old = world.created[who] <= world.plan.initiative
        for name, arms in ((AB_TEST, world.ab_arm), (PLACEBO, world.placebo_arm)):
            for arm, label in ((TREATED, "treated"), (CONTROL, "control")):
                here = is_old & (arms[who] == arm)
                self.arms[name][label]["answers"] += int(here.sum())
                self.arms[name][label]["satisfied"] += int((here & is_satisfied).sum())

    def exact(self) -> dict[str, Any]:
        """The figures, ready for JSON."""
        return {
            "order_statuses_by_month": self._orders,
            "order_net_amount_by_month": {
                month: {currency: str(net) for currency, net in sorted(nets.items())}
                for month, nets in self._net.items()
            },
            "lead_outcomes_by_month": self._leads,
            "interaction_states_by_month": self._contacts,
            "score_counts": self._scores,
            "relational_nps_by_month_and_region": self._nps,
        }


def _customers(rows: pl.DataFrame) -> Ints:
    """Index of the customer of every row; account ids count from 1."""
    return rows["account_id"].cast(pl.Int64).to_numpy() - 1


def _kept(lost: set[tuple[str, str]], question: str) -> pl.Expr:
    gone = sorted(response for response, asked in lost if asked == question)
    return ~pl.col("response_id").is_in(pl.Series(gone, dtype=pl.String).implode())


def _contact_state() -> pl.Expr:
    return (
        pl.when(pl.col("resolved_at").is_null())
        .then(pl.lit("open"))
        .when(pl.col("reopen_count") > 0)
        .then(pl.lit("resolved_reopened"))
        .otherwise(pl.lit("resolved"))
    )
