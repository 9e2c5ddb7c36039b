"""A person's next answer to the same measure takes the place of an answer: `superseded_on`.

Whether an answer counts in a period follows from the day of the next one, see
`assets.transforms.values`. It is the next response that takes the place, whatever segment it is
in: several answers in one response stand beside each other. Answers that do not count take no
place, and answers of nobody known always count.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from assets.transforms.facts import Cut, Lookups
from assets.transforms.facts_answer import answer_fact
from assets.transforms.look_ahead import later
from assets.transforms.measures import Measure, counted

_PERSON = ("account_id", "employee_id")


def superseded_later(
    tables: Mapping[str, pl.LazyFrame], lookups: Lookups, cut: Cut, measures: Sequence[Measure]
) -> tuple[Mapping[str, pl.DataFrame], Mapping[str, pl.DataFrame]]:
    """What `superseded_responses` gives for a month, and keys that did not resolve.

    Args:
        tables: Tables of the fact `answer`, those of the later months included.
        lookups: As for the fact.
        cut: As for the fact; it keeps persons.
        measures: Measures on answers.
    """
    responses = of_persons(tables[later("survey_response")], tables["survey_response"])
    followed = {"survey_response": responses, "survey_answer": tables[later("survey_answer")]}
    bare = dataclasses.replace(lookups, accounts=None, products=None)
    frame = answer_fact(followed, bare, dataclasses.replace(cut, dimensions={}))
    return superseded_responses(frame.wide, measures), frame.unresolved


def of_persons(others: pl.LazyFrame, responses: pl.LazyFrame) -> pl.LazyFrame:
    """Those of the later responses that persons gave who are among the respondents."""
    known = [
        others.join(responses.select(name).drop_nulls().unique(), on=name, how="semi")
        for name in _PERSON
    ]
    return pl.concat(known).unique("response_id")


def superseded_responses(
    answers: pl.LazyFrame, measures: Iterable[Measure]
) -> Mapping[str, pl.DataFrame]:
    """For each measure with `dedupe_days`, the responses whose answers to it lost their place.

    Args:
        answers: Rows of the fact `answer`, those of the days that the measures look ahead
            included, with response_id, responded_at, person_id.
        measures: Measures on answers.

    Returns:
        Measure code → response_id, superseded_on (day of the response that took the place).
    """
    asked = [measure for measure in measures if measure.dedupe_days]
    found = pl.collect_all([_superseded(answers, one) for one in asked], engine="streaming")
    return {measure.code: frame for measure, frame in zip(asked, found, strict=True)}


def _superseded(answers: pl.LazyFrame, measure: Measure) -> pl.LazyFrame:
    responses = (
        counted(answers.filter(pl.col("person_id").is_not_null()), measure)
        .select("person_id", "responded_at", "response_id", "event_day")
        .unique("response_id")
        .sort("person_id", "responded_at", "response_id")
    )
    next_on = pl.col("event_day").shift(-1)
    is_same = pl.col("person_id") == pl.col("person_id").shift(-1)
    within = next_on - pl.col("event_day") <= dt.timedelta(days=measure.dedupe_days)
    return responses.select(
        "response_id", pl.when(is_same & within).then(next_on).alias("superseded_on")
    ).drop_nulls()
