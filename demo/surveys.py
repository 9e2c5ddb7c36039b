"""Clean survey rows of a day: invitations, and responses as one wide frame a survey.

A wide frame has the canonical columns of `survey_response` and one column a question, `q.<id>`;
`long_answers` turns it into rows of `survey_answer`. Which score an answer is comes from
`demo.answers`.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from demo import questionnaire as q
from demo.answers import employee_answers, kano_answers, relational_answers, transactional_answers
from demo.catalog import employees
from demo.clock import Bools, Floats, Ints, Later, at, day_seconds, ids, local, pick, stream
from demo.comments import LANGUAGES
from demo.settings import DELIVERED_SHARE
from demo.world import COUNTRIES, World

ANSWER = "q."
LONGEST_WAIT_DAYS = 8
EMPLOYEE_SURVEY_DAY = 15
EMPLOYEE_RESPONSE = 0.7
UNREAD_SHARE = 0.35
ANONYMOUS_SHARE = 0.4
"""Answers on the web site of visitors who are not signed in."""
Types = Mapping[str, pl.DataType | type[pl.DataType]]

RESPONSE_TYPES: Types = {
    "response_id": pl.String, "survey_id": pl.String, "invitation_id": pl.String,
    "account_id": pl.String, "employee_id": pl.String, "responded_at": pl.Datetime("us"),
    "touchpoint": pl.String, "journey_cycle": pl.String, "channel": pl.String,
    "product_id": pl.String, "interaction_id": pl.String, "order_id": pl.String,
    "language": pl.String, "weight": pl.Float64,
}  # fmt: skip
ABOUT_TYPES: Types = {
    "_who": pl.Int64, "survey_id": pl.String, "product_id": pl.String,
    "interaction_id": pl.String, "order_id": pl.String,
}  # fmt: skip
DEVICES = ("email", "sms", "web")


class Surveys:
    """Who is asked, and who answers later."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._relational = Later(world.plan.last)
        self._transactional = Later(world.plan.last)
        self._tomorrow: list[pl.DataFrame] = []

    def day(
        self, day: int, delivered: pl.DataFrame, resolved: pl.DataFrame
    ) -> dict[str, pl.DataFrame]:
        """Survey frames of a day by stream name; a stream without an extract is absent.

        Args:
            day: Day counted from 0.
            delivered: Orders delivered: `order_id`, `_who`, `product_id`.
            resolved: Contacts resolved: `interaction_id`, `_who`.
        """
        rng = stream(self._world.settings.seed, "surveys", day)
        invitations = [self._invite_relational(rng, day), self._invite_transactional(rng, day)]
        about = (
            delivered.with_columns(pl.lit(q.DELIVERY).alias("survey_id")),
            resolved.with_columns(pl.lit(q.SUPPORT).alias("survey_id")),
        )
        self._tomorrow = [_shaped(frame, ABOUT_TYPES) for frame in about]
        frames = {
            "survey_relational": self._answer_relational(rng, day),
            "survey_transactional": self._answer_transactional(rng, day),
            "survey_web": self._web(rng, day),
        }
        date = self._world.settings.date(day)
        if date.weekday() == 0:
            frames["survey_kano"] = self._kano(rng, day)
        if date.day == EMPLOYEE_SURVEY_DAY:
            frames["survey_employees"] = self._employees(rng, day)
        return {"survey_invitations": pl.concat(invitations), **frames}

    def _invite_relational(self, rng: np.random.Generator, day: int) -> pl.DataFrame:
        rates = self._world.settings.rates
        who = self._world.draw(rng, rates.relational_invitations, day)
        about = _shaped(pl.DataFrame({"_who": who}), ABOUT_TYPES)
        about = about.with_columns(pl.lit(q.RELATIONAL).alias("survey_id"))
        share = rates.relational_response
        return self._invite(rng, about, day, prefix="IR", share=share, later=self._relational)

    def _invite_transactional(self, rng: np.random.Generator, day: int) -> pl.DataFrame:
        rates = self._world.settings.rates
        about = pl.concat([_shaped(pl.DataFrame(), ABOUT_TYPES), *self._tomorrow])
        about = about.filter(pl.Series(rng.random(about.height) < rates.transactional_invitation))
        share = rates.transactional_response
        return self._invite(rng, about, day, prefix="IT", share=share, later=self._transactional)

    def _invite(
        self,
        rng: np.random.Generator,
        about: pl.DataFrame,
        day: int,
        *,
        prefix: str,
        share: float,
        later: Later,
    ) -> pl.DataFrame:
        """Invitations of a day; those who will answer are kept until they do."""
        n, date = about.height, self._world.settings.date(day)
        sent = at(date, day_seconds(rng, n, first=7, last=8))
        bounced = rng.random(n) >= DELIVERED_SHARE
        opened = sent + (rng.exponential(5_000, n).astype(np.int64) + 60) * 1_000_000
        is_unread = bounced | (rng.random(n) < UNREAD_SHARE)
        number = ids(f"{prefix}{date:%y%m%d}", n)
        waits = np.minimum(rng.geometric(0.4, n) - 1, LONGEST_WAIT_DAYS)
        answers = pl.Series((rng.random(n) < share) & ~bounced)
        asked = about.with_columns(number.alias("invitation_id"))
        later.push(asked.filter(answers), (day + waits)[answers.to_numpy()])
        return pl.DataFrame(
            {
                "invitation_id": number,
                "survey_id": about["survey_id"],
                "account_id": self._world.ids_of(about["_who"].to_numpy()),
                "employee_id": pl.repeat(None, n, dtype=pl.String, eager=True),
                "sent_at": local(sent),
                "delivered_at": local(sent + 20_000_000, missing=bounced),
                "opened_at": local(opened, missing=is_unread),
                "channel": about["survey_id"].replace({key: v[5] for key, v in q.SURVEYS.items()}),
            }
        )

    def _answer_relational(self, rng: np.random.Generator, day: int) -> pl.DataFrame:
        asked = _joined(self._relational.pop(day))
        who = asked["_who"].to_numpy()
        base = self._responses(rng, asked, who, day)
        tier = self._world.tier_on(who, day)
        weight = pl.Series(np.round(0.7 + 0.25 * tier + 0.01 * (who % 7), 2))
        answers = relational_answers(self._world, rng, who, day=day, language=self._language(who))
        return base.with_columns(weight.alias("weight")).hstack(_prefixed(answers))

    def _answer_transactional(self, rng: np.random.Generator, day: int) -> pl.DataFrame:
        asked = _joined(self._transactional.pop(day))
        who = asked["_who"].to_numpy()
        is_support = (asked["survey_id"] == q.SUPPORT).to_numpy()
        base = self._responses(rng, asked, who, day).with_columns(
            pl.when(pl.Series(is_support)).then(pl.lit("support")).otherwise(pl.lit("delivery"))
            .alias("touchpoint"),
            pl.when(pl.Series(is_support)).then(pl.lit("usage")).otherwise(pl.lit("purchase"))
            .alias("journey_cycle"),
        )  # fmt: skip
        answers = transactional_answers(
            self._world, rng, who, is_support=is_support, day=day, language=self._language(who)
        )
        return base.hstack(_prefixed(answers))

    def _web(self, rng: np.random.Generator, day: int) -> pl.DataFrame:
        who = self._world.draw(rng, self._world.settings.rates.web_responses, day)
        base = self._own(rng, who, day, prefix="W", survey=q.WEB)
        is_unknown = pl.Series(rng.random(len(who)) < ANONYMOUS_SHARE)
        mood: Floats = self._world.mood[who]
        scores = np.clip(np.rint(2.2 + 0.5 * mood + 0.6 * rng.standard_normal(len(who))), 1, 3)
        return base.with_columns(
            pl.when(~is_unknown).then("account_id"),
            pl.lit("website").alias("touchpoint"),
            pl.lit("purchase").alias("journey_cycle"),
            pl.Series(scores.astype(np.int64)).alias(f"{ANSWER}csat"),
        )

    def _kano(self, rng: np.random.Generator, day: int) -> pl.DataFrame:
        rates = self._world.settings.rates
        who = self._world.draw(rng, rates.kano_responses_per_week, day)
        base = self._own(rng, who, day, prefix="N", survey=q.KANO)
        return base.hstack(_prefixed(kano_answers(rng, len(who))))

    def _employees(self, rng: np.random.Generator, day: int) -> pl.DataFrame:
        staff = employees(self._world, day).filter(pl.col("left_on").is_null())
        staff = staff.filter(pl.Series(rng.random(staff.height) < EMPLOYEE_RESPONSE))
        nobody = np.full(staff.height, -1)
        base = self._own(rng, nobody, day, prefix="S", survey=q.EMPLOYEE)
        base = base.with_columns(staff["employee_id"])
        return base.hstack(_prefixed(employee_answers(rng, staff.height)))

    def _own(
        self, rng: np.random.Generator, who: Ints, day: int, *, prefix: str, survey: str
    ) -> pl.DataFrame:
        """Responses without an invitation."""
        date = self._world.settings.date(day)
        numbers = ids(f"{prefix}{date:%y%m%d}", len(who), width=5)
        asked = _shaped(pl.DataFrame({"_who": who}), {**ABOUT_TYPES, "invitation_id": pl.String})
        asked = asked.with_columns(pl.lit(survey).alias("survey_id"))
        return self._responses(rng, asked, who, day).with_columns(numbers.alias("response_id"))

    def _responses(
        self, rng: np.random.Generator, asked: pl.DataFrame, who: Ints, day: int
    ) -> pl.DataFrame:
        n, date = len(who), self._world.settings.date(day)
        frame = asked.with_columns(
            ("R" + pl.col("invitation_id")).alias("response_id"),
            self._world.ids_of(who).alias("account_id"),
            local(at(date, day_seconds(rng, n, first=9, last=22))).alias("responded_at"),
            pick(DEVICES, rng.choice(3, n, p=(0.7, 0.2, 0.1))).alias("channel"),
            pick(LANGUAGES, self._language(who)).alias("language"),
        )
        return _shaped(frame, RESPONSE_TYPES)

    def _language(self, who: Ints) -> Ints:
        is_english: Bools = (self._world.country[who] == COUNTRIES.index("GB")) | (who % 11 == 0)
        return np.where(is_english, 1, 0)


def long_answers(wide: pl.DataFrame) -> pl.DataFrame:
    """Wide responses → rows of `survey_answer` in order of response, then question."""
    cells = {question.id: question.cell for question in q.QUESTIONS}
    asked = [name.removeprefix(ANSWER) for name in wide.columns if name.startswith(ANSWER)]
    parts = []
    for order, question in enumerate(asked):
        cell, own = cells[question], f"{ANSWER}{question}"
        part = wide.select("response_id", own, pl.int_range(pl.len()).alias("_row"))
        part = part.filter(pl.col(own).is_not_null())
        if cell == "choice":
            part = part.with_columns(pl.col(own).str.split("|")).explode(own)
        values = {"score": pl.Int64, "choice": pl.String, "text": pl.String}
        parts.append(
            part.select(
                "response_id",
                pl.lit(question).alias("question_id"),
                *(
                    (pl.col(own) if name == cell else pl.lit(None)).cast(kind).alias(name)
                    for name, kind in values.items()
                ),
                "_row",
                pl.lit(order).alias("_order"),
            )
        )
    return pl.concat(parts).sort("_row", "_order", maintain_order=True).drop("_row", "_order")


def _joined(parts: list[pl.DataFrame]) -> pl.DataFrame:
    empty = _shaped(pl.DataFrame(), {**ABOUT_TYPES, "invitation_id": pl.String})
    return pl.concat([empty, *parts])


def _shaped(frame: pl.DataFrame, types: Types) -> pl.DataFrame:
    """The columns asked for in order, absent ones null."""
    if not frame.width:
        return pl.DataFrame(schema=types)
    return frame.select(
        pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, dtype=kind).alias(name)
        for name, kind in types.items()
    )


def _prefixed(answers: dict[str, pl.Series]) -> pl.DataFrame:
    return pl.DataFrame({f"{ANSWER}{name}": values for name, values in answers.items()})
