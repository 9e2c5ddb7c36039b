"""A history of every table that KPIs read, drawn quickly and written straight into a lake.

What `benchmarks.extracts` is to the whole path: every record counts and names what is there, so
that a script without any notion of exclusions can read it. Equal settings give equal rows.
"""

import argparse
import datetime as dt
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from assets.lake.layout import ALL, Lake
from benchmarks.extracts import CATEGORIES, Ints, numbers, words
from benchmarks.kpi_contracts import contract_rows, money
from benchmarks.kpi_dimensions import dimensions
from benchmarks.kpi_questions import CHOICES, QUESTIONS, SURVEYS, TOLD_SHARE, Question
from benchmarks.kpi_settings import KpiSettings
from benchmarks.kpi_slots import write_month

DAY_SECONDS = 86_400
ANONYMOUS_SHARE, SKIPPED_SHARE, BLANK_SHARE, FOREIGN_SHARE = 0.05, 0.02, 0.03, 0.02
REOPENED_SHARE = 0.08
NO_ANSWER = 11
"""Code of a blank NPS answer."""


def history(lake: Path, settings: KpiSettings) -> Path:
    """The history of some settings in a lake of its own, drawn unless it is there already."""
    if lake.exists():
        return lake
    draft = lake.with_name(f".{lake.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    _Draw(Lake(draft), settings).everything()
    return draft.rename(lake)


class _Draw:
    """One history being drawn."""

    def __init__(self, lake: Lake, settings: KpiSettings) -> None:
        self._lake, self._settings = lake, settings
        self._rng = np.random.default_rng(settings.seed)

    def everything(self) -> None:
        """Write every table."""
        for name, rows in dimensions(self._settings, self._rng).items():
            write_month(self._lake, name, ALL, rows)
        for month, days in self._months():
            self._survey(month, days)
            self._sales(month, days)
            write_month(self._lake, "crm_interaction", month, self._interactions(days))
            write_month(self._lake, "crm_lead", month, self._leads(days))
            write_month(self._lake, "survey_invitation", month, self._invitations(days))
            write_month(self._lake, "erp_cost", month, self._costs(days))
            write_month(self._lake, "erp_training", month, self._trainings(days))
        contracts = contract_rows(self._settings, self._rng)
        for (month,), rows in contracts.group_by(pl.col("starts_on").dt.strftime("%Y-%m")):
            write_month(self._lake, "crm_contract", str(month), rows)

    def _months(self) -> Iterator[tuple[str, Ints]]:
        """Months with the numbers of their days since the first."""
        first, count = self._settings.first_on, self._settings.days
        days = pl.Series([first + dt.timedelta(days=day) for day in range(count)])
        months = days.dt.strftime("%Y-%m")
        for month in months.unique().sort():
            yield month, np.flatnonzero((months == month).to_numpy()).astype(np.int64)

    def _days(self, days: Ints, per_day: int) -> tuple[Ints, pl.Series]:
        """A day for each of its rows, and the rows' identifiers."""
        day = days.repeat(per_day)
        number = np.tile(np.arange(per_day), len(days))
        return day, numbers("", day * 1_000_000 + number, width=9)

    def _at(self, day: Ints) -> pl.Series:
        """Instants of days in Paris: from its winter midnight to its summer one."""
        midnight = dt.datetime.combine(self._settings.first_on, dt.time(), dt.UTC)
        second = self._rng.integers(-3_600, DAY_SECONDS - 7_200, len(day))
        return midnight + self._seconds(day * DAY_SECONDS + second)

    def _on(self, day: Ints) -> pl.Series:
        return self._settings.first_on + pl.Series(day * 86_400_000_000).cast(pl.Duration("us"))

    @staticmethod
    def _seconds(seconds: Ints) -> pl.Series:
        return pl.Series(seconds * 1_000_000).cast(pl.Duration("us"))

    def _pick(self, names: Sequence[str | None], n: int) -> pl.Series:
        return words(names, self._rng.integers(0, len(names), n))

    def _accounts(self, n: int, anonymous: float = 0.0) -> pl.Series:
        who = numbers("C", self._rng.integers(0, self._settings.accounts, n), width=7)
        return self._without(who, anonymous) if anonymous else who

    def _without(self, values: pl.Series, share: float) -> pl.Series:
        """Values, some of them null."""
        return values.set(pl.Series(self._rng.random(len(values)) < share), None)

    def _ended(self, at: pl.Series) -> pl.Series:
        """Instants, those after the last day null."""
        end = dt.datetime.combine(self._settings.last_on, dt.time(22), dt.UTC)
        return at.set(at > end, None)

    def _money(self, low: int, high: int, n: int) -> pl.Series:
        return money(self._rng.integers(low, high, n))

    def _survey(self, month: str, days: Ints) -> None:
        day, number = self._days(days, self._settings.responses_per_day)
        rng, n = self._rng, len(day)
        survey = rng.choice(len(SURVEYS), n, p=(0.36, 0.34, 0.27, 0.03))
        is_staff = pl.Series(survey == SURVEYS.index("EMP"))
        sent = day - rng.integers(0, 40, n)
        invited = rng.integers(0, self._settings.invitations_per_day, n)
        invitation = numbers("I", np.abs(sent) * 1_000_000 + invited, width=9)
        responses = pl.DataFrame(
            {
                "response_id": "R" + number,
                "survey_id": words(SURVEYS, survey),
                "invitation_id": invitation.set(pl.Series(sent < 0) | is_staff, None),
                "account_id": self._accounts(n, ANONYMOUS_SHARE).set(is_staff, None),
                "responded_at": self._at(day),
                "channel": self._pick(("email", "sms", "web"), n),
                "product_id": numbers("P", rng.integers(0, 500, n), width=4),
                "language": self._pick(("fr", "en"), n),
            }
        )
        write_month(self._lake, "survey_response", month, responses)
        write_month(self._lake, "survey_answer", month, self._answers(survey, "R" + number))

    def _answers(self, survey: Ints, number: pl.Series) -> pl.DataFrame:
        frames = []
        for place, name in enumerate(SURVEYS):
            own = number.filter(pl.Series(survey == place))
            frames += [self._answered(own, question) for question in QUESTIONS[name]]
        return pl.concat(frames)

    def _answered(self, responses: pl.Series, question: Question) -> pl.DataFrame:
        """Answers of some responses to a question."""
        name, metric, low, high, _ = question
        n = len(responses)
        score = choice = text = pl.lit(None)
        if low is not None and high is not None:
            drawn = np.minimum(low + self._rng.integers(0, high - low + 3, n), high)
            if metric == "nps":
                drawn = np.where(self._rng.random(n) < BLANK_SHARE, NO_ANSWER, drawn)
            score = pl.lit(self._without(pl.Series(drawn), SKIPPED_SHARE))
        elif name in CHOICES:
            choice = pl.lit(self._pick(CHOICES[name], n))
        else:
            text = pl.lit("Nothing to add.")
        found = pl.DataFrame({"response_id": responses}).select(
            "response_id",
            pl.lit(name).alias("question_id"),
            score.cast(pl.Float64).alias("score"),
            choice.cast(pl.String).alias("choice"),
            text.cast(pl.String).alias("text"),
        )
        is_told = pl.Series(self._rng.random(n) < TOLD_SHARE)
        return found.filter(is_told) if name == "tone" else found

    def _sales(self, month: str, days: Ints) -> None:
        """Orders of one, two and three lines in turn."""
        day, number = self._days(days, self._settings.order_lines_per_day // 2)
        rng, n = self._rng, len(day)
        counts = np.arange(n) % 3 + 1
        owner = np.arange(n).repeat(counts)
        kind = rng.choice(3, n, p=(0.93, 0.04, 0.03))
        sign = np.where(kind == 1, -1, 1)
        cents = rng.integers(199, 19_999, len(owner)) * sign[owner]
        ordered_at = self._at(day)
        delivered = ordered_at + self._seconds(rng.integers(0, 6 * DAY_SECONDS, n))
        orders = pl.DataFrame(
            {
                "order_id": "O" + number,
                "account_id": self._accounts(n),
                "ordered_at": ordered_at,
                "delivered_at": self._ended(delivered).set(pl.Series(kind != 0), None),
                "promised_at": ordered_at + self._seconds(np.full(n, 4 * DAY_SECONDS)),
                "status": words(("delivered", "returned", "canceled"), kind),
                "channel": self._pick(("web", "store"), n),
                "currency": words(("EUR", "CHF"), (rng.random(n) < FOREIGN_SHARE).astype(np.int64)),
                "net_amount": money(np.bincount(owner, cents, n).astype(np.int64)),
                "is_return": pl.Series(kind == 1),
            }
        )
        lines = pl.DataFrame(
            {
                "order_id": ("O" + number).gather(owner),
                "line_number": np.arange(len(owner)) - (np.cumsum(counts) - counts)[owner] + 1,
                "product_id": numbers("P", rng.integers(0, 500, len(owner)), width=4),
                "quantity": sign[owner],
                "net_amount": money(cents),
                "unit_cost": money(np.abs(cents) * rng.integers(40, 80, len(owner)) // 100),
            }
        )
        write_month(self._lake, "erp_order", month, orders)
        write_month(self._lake, "erp_order_line", month, lines)

    def _interactions(self, days: Ints) -> pl.DataFrame:
        day, number = self._days(days, self._settings.interactions_per_day)
        rng, n = self._rng, len(day)
        opened_at = self._at(day)
        first, whole = (np.exp(rng.normal(at, 1.2, n)).astype(np.int64) + 1 for at in (7.5, 10.5))
        return pl.DataFrame(
            {
                "interaction_id": "S" + number,
                "account_id": self._accounts(n, ANONYMOUS_SHARE),
                "channel": self._pick(("email", "sms", "web"), n),
                "touchpoint": self._pick(("delivery", "support", None), n),
                "category": self._pick(CATEGORIES, n),
                "opened_at": opened_at,
                "first_response_at": self._without(opened_at + self._seconds(first), 0.02),
                "resolved_at": self._ended(opened_at + self._seconds(first + whole)),
                "contact_count": rng.choice(3, n, p=(0.7, 0.2, 0.1)) + 1,
                "reopen_count": (rng.random(n) < REOPENED_SHARE).astype(np.int64),
                "talk_seconds": rng.integers(20, 900, n),
                "wrap_seconds": rng.integers(0, 120, n),
                "cost": self._without(self._money(50, 2_500, n), 0.01),
            }
        )

    def _leads(self, days: Ints) -> pl.DataFrame:
        day, number = self._days(days, self._settings.leads_per_day)
        created_at, n = self._at(day), len(day)
        closed_at = created_at + self._seconds(self._rng.integers(0, 60 * DAY_SECONDS, n))
        closed = self._ended(closed_at)
        outcome = self._pick(("won", "lost", "lost"), n).set(closed.is_null(), "open")
        return pl.DataFrame(
            {
                "lead_id": "L" + number,
                "account_id": self._accounts(n),
                "created_at": created_at,
                "source": self._pick(("fair", "web"), n),
                "outcome": outcome,
                "closed_at": closed,
            }
        )

    def _invitations(self, days: Ints) -> pl.DataFrame:
        day, number = self._days(days, self._settings.invitations_per_day)
        sent_at, n = self._at(day), len(day)
        delivered_at = sent_at + self._seconds(self._rng.integers(1, 7_200, n))
        return pl.DataFrame(
            {
                "invitation_id": "I" + number,
                "survey_id": self._pick(SURVEYS[:3], n),
                "account_id": self._accounts(n),
                "sent_at": sent_at,
                "delivered_at": self._without(self._ended(delivered_at), 0.03),
                "channel": self._pick(("email", "sms"), n),
            }
        )

    def _costs(self, days: Ints) -> pl.DataFrame:
        day, number = self._days(days, self._settings.costs_per_day)
        n = len(day)
        return pl.DataFrame(
            {
                "cost_id": "K" + number,
                "incurred_on": self._on(day),
                "kind": self._pick(("support", "support", "rent"), n),
                "touchpoint": self._pick(("delivery", "support", None), n),
                "amount": self._money(10_000, 900_000, n),
                "currency": self._pick(("EUR", "EUR", "EUR", "CHF"), n),
            }
        )

    def _trainings(self, days: Ints) -> pl.DataFrame:
        day, number = self._days(days, self._settings.trainings_per_day)
        n = len(day)
        who = self._rng.integers(0, self._settings.employees, n)
        return pl.DataFrame(
            {
                "training_id": "T" + number,
                "employee_id": numbers("E", who, width=5),
                "held_on": self._on(day),
                "cost": self._money(5_000, 90_000, n),
                "currency": pl.repeat("EUR", n, eager=True),
            }
        )


def main() -> None:
    """Draw the history of a scale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lake", type=Path, required=True)
    parser.add_argument("--scale", type=float, required=True)
    given = parser.parse_args()
    history(given.lake, KpiSettings.scaled(given.scale))


if __name__ == "__main__":
    main()
