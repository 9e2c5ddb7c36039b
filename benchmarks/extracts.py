"""Extracts of a large company, drawn quickly: plain CSV, one file a source and day.

Every record is sent once, so that a script without any notion of versions can read them; a few
come a day late, and accounts change region or tier. Equal settings give equal bytes. What reads the
files (`benchmarks.configuration`, `benchmarks.bare`) is elsewhere.
"""

import argparse
import datetime as dt
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.settings import Settings

Ints: TypeAlias = npt.NDArray[np.int64]

ANSWERS_PER_RESPONSE = 4
REGIONS = ("Bretagne", "Grand Est", "Île-de-France", "Normandie", "Occitanie", "Provence")
TIERS = ("bronze", "silver", "gold")
CATEGORIES = ("audio", "garden", "home", "kitchen", "office", "outdoor", "sports", "toys")
SURVEYS = ("REL", "DEL", "SUP")
TOUCHPOINTS = (None, "delivery", "support")
QUESTIONS = {
    "REL": (("nps", 0, 10), ("csat", 0, 10), ("satisfaction", 1, 5), ("comment", None, None)),
    "DEL": (("csat", 1, 5), ("ces", 1, 7), ("satisfaction", 1, 5), ("comment", None, None)),
    "SUP": (("csat", 1, 5), ("ces", 1, 5), ("satisfaction", 1, 5), ("comment", None, None)),
}
EFFORT_SURVEY = "SUP"
"""Asks how much effort it took: less is better."""

NO_ANSWER = 11
"""Code of a blank NPS answer."""

LATE_SHARE, ANONYMOUS_SHARE, BLANK_SHARE, SKIPPED_SHARE, FOREIGN_SHARE = (
    0.01,
    0.05,
    0.03,
    0.02,
    0.02,
)

COMMENTS = (
    "Fast and friendly, thank you.",
    "The parcel came two days late, and nobody told me.",
    'The hotline said "call again tomorrow", twice.',
    "Nothing to add.",
    "Good value, but the web site is slow.",
)


def extracts(folder: Path, settings: Settings) -> Path:
    """The extracts of some settings, drawn unless they are there already.

    Args:
        folder: Folder of all extracts.
        settings: What is drawn.

    Returns:
        Folder with one sub-folder a source and one file `YYYY-MM-DD.csv` a day in it.
    """
    target = folder / settings.digest
    if target.exists():
        return target
    draft = folder / f".{settings.digest}.part"
    shutil.rmtree(draft, ignore_errors=True)
    company = _Company(draft, settings)
    for day in range(settings.long_days + settings.extra_days):
        company.day(settings.long_start + dt.timedelta(days=day))
    return draft.rename(target)


class _Company:
    """Accounts as they are now, and rows that are still to be sent."""

    def __init__(self, out: Path, settings: Settings) -> None:
        self._out, self._settings = out, settings
        self._rng = np.random.default_rng(settings.seed)
        self._region = self._rng.integers(0, len(REGIONS), settings.accounts)
        self._tier = self._rng.integers(0, len(TIERS), settings.accounts)
        self._late: dict[str, pl.DataFrame] = {}

    def day(self, date: dt.date) -> None:
        """Write the files of a day."""
        starts = (self._settings.long_start, self._settings.short_start)
        changed = self._change_accounts()
        everybody = np.arange(len(self._region))
        is_first = date == self._settings.long_start
        self._write("accounts", date, self._accounts(everybody if is_first else changed))
        if date >= self._settings.short_start:
            is_first = date == self._settings.short_start
            who = everybody if is_first else changed
            self._write("accounts_short", date, self._accounts(who))
        if date in starts or date.weekday() == 0:
            self._write("products", date, _products())
            self._write("surveys", date, _surveys())
            self._write("questions", date, _questions())
        responses, answers = self._survey(date)
        orders, lines = self._sales(date)
        # a child comes with its parent or later: only parents' files are held back in part
        self._write("responses", date, self._delayed("responses", date, responses))
        self._write("answers", date, answers)
        self._write("orders", date, self._delayed("orders", date, orders))
        self._write("order_lines", date, lines)

    def _write(self, source: str, date: dt.date, rows: pl.DataFrame) -> None:
        path = self._out / source / f"{date}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows.write_csv(path)

    def _change_accounts(self) -> Ints:
        """Move some accounts and give some another tier; who they are."""
        rng, n = self._rng, len(self._region)
        who = np.unique(rng.integers(0, n, max(n // 1_000, 1)))
        self._region[who] = rng.integers(0, len(REGIONS), len(who))
        self._tier[who] = rng.integers(0, len(TIERS), len(who))
        return who

    def _accounts(self, who: Ints) -> pl.DataFrame:
        number = numbers("C", who, width=7)
        return pl.DataFrame(
            {
                "account_id": number,
                "kind": pl.repeat("consumer", len(who), eager=True),
                "email": "c" + number + "@example.com",
                "region": words(REGIONS, self._region[who]),
                "tier": words(TIERS, self._tier[who]),
                "created_at": pl.repeat("2022-01-31T09:00:00Z", len(who), eager=True),
            }
        )

    def _delayed(self, source: str, date: dt.date, rows: pl.DataFrame) -> pl.DataFrame:
        """Hold one row in a hundred back for the next day, but none from before a history."""
        is_last = date + dt.timedelta(days=1) == self._settings.short_start
        share = 0.0 if is_last else LATE_SHARE
        is_late = pl.Series(self._rng.random(rows.height) < share)
        before = self._late.get(source, rows.clear())
        self._late[source] = rows.filter(is_late)
        return pl.concat([rows.filter(~is_late), before])

    def _survey(self, date: dt.date) -> tuple[pl.DataFrame, pl.DataFrame]:
        rng, n = self._rng, self._settings.answers_per_day // ANSWERS_PER_RESPONSE
        survey = rng.choice(len(SURVEYS), n, p=(0.4, 0.4, 0.2))
        who = rng.integers(0, len(self._region), n)
        number = numbers(f"R{date:%y%m%d}", np.arange(n), width=6)
        is_anonymous = pl.Series(rng.random(n) < ANONYMOUS_SHARE)
        responses = pl.DataFrame(
            {
                "response_id": number,
                "survey_id": words(SURVEYS, survey),
                "account_id": numbers("C", who, width=7).set(is_anonymous, None),
                "responded_at": self._instants(date, n),
                "touchpoint": words(TOUCHPOINTS, survey),
                "channel": words(("email", "sms", "web"), rng.integers(0, 3, n)),
                "product_id": numbers("P", rng.integers(0, 500, n), width=4),
                "language": words(("fr", "en"), rng.integers(0, 2, n)),
            }
        )
        return responses, self._answers(survey, number)

    def _answers(self, survey: Ints, number: pl.Series) -> pl.DataFrame:
        """Four answers a response: three scores and a comment."""
        rng, n = self._rng, len(survey)
        scores, questions = [], []
        for place in range(ANSWERS_PER_RESPONSE - 1):
            asked = [QUESTIONS[name][place] for name in SURVEYS]
            least = np.array([low or 0 for _, low, _ in asked])[survey]
            greatest = np.array([high or 0 for _, _, high in asked])[survey]
            drawn = np.minimum(least + rng.integers(0, 12, n), greatest)
            if place == 0:
                is_blank = (survey == SURVEYS.index("REL")) & (rng.random(n) < BLANK_SHARE)
                drawn = np.where(is_blank, NO_ANSWER, drawn)
            scores.append(pl.Series(drawn).set(pl.Series(rng.random(n) < SKIPPED_SHARE), None))
            questions.append(words([name for name, *_ in asked], survey))
        said = words(COMMENTS, rng.integers(0, len(COMMENTS), n))
        nothing = pl.repeat(None, n, dtype=pl.String, eager=True)
        parts = [
            pl.DataFrame({"response_id": number, "question_id": q, "score": s, "text": nothing})
            for q, s in zip(questions, scores, strict=True)
        ]
        comment = pl.repeat("comment", n, eager=True)
        no_score = pl.repeat(None, n, dtype=pl.Int64, eager=True)
        last = {"response_id": number, "question_id": comment, "score": no_score, "text": said}
        return pl.concat([*parts, pl.DataFrame(last)])

    def _sales(self, date: dt.date) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Orders of one, two and three lines in turn."""
        rng, n = self._rng, self._settings.order_lines_per_day // 2
        counts = np.arange(n) % 3 + 1
        owner = np.arange(n).repeat(counts)
        kind = rng.choice(3, n, p=(0.93, 0.04, 0.03))
        sign = np.where(kind == 1, -1, 1)
        cents = rng.integers(199, 19_999, len(owner)) * sign[owner]
        net = np.bincount(owner, cents, n).astype(np.int64)
        number = numbers(f"O{date:%y%m%d}", np.arange(n), width=6)
        orders = pl.DataFrame(
            {
                "order_id": number,
                "account_id": numbers("C", rng.integers(0, len(self._region), n), width=7),
                "ordered_at": self._instants(date, n),
                "status": words(("delivered", "returned", "canceled"), kind),
                "channel": words(("web", "store"), rng.integers(0, 2, n)),
                "currency": words(("EUR", "CHF"), (rng.random(n) < FOREIGN_SHARE).astype(np.int64)),
                "net_amount": _money(net),
                "tax_amount": _money(net // 5),
                "is_return": pl.Series(kind == 1),
            }
        )
        line = np.arange(len(owner)) - (np.cumsum(counts) - counts)[owner] + 1
        lines = pl.DataFrame(
            {
                "order_id": number.gather(owner),
                "line_number": line,
                "product_id": numbers("P", rng.integers(0, 500, len(owner)), width=4),
                "quantity": sign[owner],
                "net_amount": _money(cents),
                "unit_cost": _money(np.abs(cents) * 3 // 5),
            }
        )
        return orders, lines

    def _instants(self, date: dt.date, n: int) -> pl.Series:
        """Instants of a day in UTC, whose late evening is the next day in Paris."""
        midnight = dt.datetime.combine(date, dt.time())
        seconds = pl.Series(self._rng.integers(0, 86_400, n) * 1_000_000).cast(pl.Duration("us"))
        return (midnight + seconds).dt.strftime("%Y-%m-%dT%H:%M:%SZ")


def _products() -> pl.DataFrame:
    n = np.arange(500)
    category = words(CATEGORIES, n % len(CATEGORIES))
    return pl.DataFrame({"product_id": numbers("P", n, width=4), "category": category})


def _surveys() -> pl.DataFrame:
    kinds = ("relational", "transactional", "transactional")
    return pl.DataFrame(
        {"survey_id": SURVEYS, "kind": kinds, "audience": "customer", "touchpoint": TOUCHPOINTS}
    )


def _questions() -> pl.DataFrame:
    rows = [
        {
            "survey_id": survey,
            "question_id": name,
            "metric": name,
            "scale_min": low,
            "scale_max": high,
            "higher_is_better": not (name == "ces" and survey == EFFORT_SURVEY),
            "na_codes": NO_ANSWER if name == "nps" else None,
        }
        for survey, questions in QUESTIONS.items()
        for name, low, high in questions
    ]
    return pl.DataFrame(rows)


def numbers(prefix: str, at: Ints, *, width: int) -> pl.Series:
    """Numbers as identifiers of a width."""
    return prefix + pl.Series(at).cast(pl.String).str.zfill(width)


def words(names: Sequence[str | None], at: Ints) -> pl.Series:
    """Names by their places."""
    return pl.Series(names, dtype=pl.String).gather(at)


def _money(cents: Ints) -> pl.Series:
    return pl.Series(cents).cast(pl.Decimal(18, 0)).cast(pl.Decimal(18, 2)) / 100


def main() -> None:
    """Draw the extracts of a scale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--scale", type=float, required=True)
    given = parser.parse_args()
    extracts(given.out, Settings.scaled(given.scale))


if __name__ == "__main__":
    main()
