"""Check `scores`: shift of a question's scores, and scores that its scale did not have before.

A survey whose scale was changed from 1-5 to 0-10 shows on the day itself, by scores outside of the
range; one changed from 0-10 to 1-5 shows by the distance, once the recent window is full of it.
"""

import numpy as np
import polars as pl

from assets.transforms.quality.about import About, decided, run_again
from assets.transforms.quality.outcome import ERROR, status_above
from assets.transforms.quality.significance import chance_of_distance, chance_outside
from assets.transforms.quality.windows import MOST_DAYS, Integers, Tally, tallies
from assets.transforms.quality.wording import counted_text, number_text, span
from schemas.config.quality import Scores

TABLE = "survey_answer"
LEAST_OUTSIDE = 3
"""Fewer scores outside of the range may be slips of the keyboard."""


def judge_scores(scores: pl.DataFrame, limits: Scores, *, source: str) -> pl.DataFrame:
    """Judge every question's scores against those of the time before.

    The recent window is the shortest run of days up to the date with `least_rows` scores, at most
    `recent_days` long, so that a busy survey is judged by the day; the reference is the time
    before that window. The Kolmogorov-Smirnov distance counts only if it is significant (see
    `chance_of_distance`: conservative, since scores have ties). More than `outside_above` of the
    day's scores outside of the range of the reference are an error if they are at least 3 and
    chance does not explain them (see `chance_outside`). Scores that are no finite numbers are left
    out.

    Args:
        scores: Rows of `SCORES` of one source.
        limits: Limits that hold for it.
        source: Its name.

    Returns:
        One outcome a question and day with scores, frame of schema `OUTCOME`; `observed` is the
        distance, or the share outside of the range where that decided.
    """
    about = About("scores", source, TABLE)
    reach = min(limits.recent_days, MOST_DAYS) + min(limits.reference_days, MOST_DAYS)
    counts = (
        scores.filter(pl.col("score").is_finite(), pl.col("rows") > 0)
        .drop_nulls("date")
        .rechunk()  # see `About.outcomes`
        .with_columns(subject=_subject(), label=pl.col("score") + 0.0)
    )
    found = [
        _compared(tally, limits)[first:].with_columns(subject=pl.lit(subject))
        for (subject,), of_one in sorted(counts.partition_by("subject", as_dict=True).items())
        for tally, first in tallies(of_one.select("date", "label", "rows"), reach_days=reach)
    ]
    judged = pl.concat(found) if found else pl.DataFrame(schema=_COMPARED)
    judged = _with_status(judged, limits)
    outside = pl.lit(limits.outside_above, dtype=pl.Float64)
    shown = decided(limits.warn_above, limits.error_above)
    return about.outcomes(
        judged,
        observed=pl.when("is_outside").then("outside_share").otherwise("distance"),
        upper_limit=pl.when("is_outside").then(outside).otherwise(shown),
        unit=pl.when("is_outside").then(pl.lit("share")).otherwise(pl.lit("distance")),
        rows_checked=pl.when("is_outside").then("day_rows").otherwise("rows"),
        rows_unexpected=pl.when("is_outside").then("outside"),
        message=_message(limits),
        mend=_mend(about),
    )


def _subject() -> pl.Expr:
    question = pl.col("question_id").fill_null("")
    both = pl.format("{}/{}", pl.col("survey_id"), question)
    return pl.when(pl.col("survey_id").is_null()).then(question).otherwise(both)


_COMPARED = pl.Schema(
    {
        "date": pl.Date(),
        "window_days": pl.Int64(),
        "rows": pl.Int64(),
        "reference_rows": pl.Int64(),
        "day_rows": pl.Int64(),
        "outside": pl.Int64(),
        "outside_share": pl.Float64(),
        "least_before": pl.Float64(),
        "greatest_before": pl.Float64(),
        "least": pl.Float64(),
        "greatest": pl.Float64(),
        "distance": pl.Float64(),
        "is_significant": pl.Boolean(),
        "is_outside_significant": pl.Boolean(),
        "subject": pl.String(),
    }
)


def _compared(tally: Tally, limits: Scores) -> pl.DataFrame:
    """Recent against reference scores of one question, a row a day."""
    days, values = tally.days, tally.labels.to_numpy()
    after = _start_of_window(tally, limits)
    recent, day = tally.between(after, days), tally.between(days - 1, days)
    before = tally.between(after - min(limits.reference_days, MOST_DAYS), after)
    n, m, d = (side.sum(axis=1) for side in (recent, before, day))
    steps, steps_before = (
        side.cumsum(axis=1) / np.maximum(side.sum(axis=1, keepdims=True), 1)
        for side in (recent, before)
    )
    distance = np.abs(steps - steps_before).max(axis=1)
    lowest, highest = _ends(before)
    place = np.arange(len(values))
    is_outside = (place < lowest[:, None]) | (place > highest[:, None])
    outside = np.where(is_outside & (m > 0)[:, None], day, 0).sum(axis=1)
    is_judged = (n >= limits.least_rows) & (m >= limits.least_rows)
    chance = chance_outside(outside, d, m)
    (least, greatest), level = _ends(day), limits.significance
    return pl.DataFrame(
        {
            "date": tally.dates,
            "window_days": days - after,
            "rows": n,
            "reference_rows": m,
            "day_rows": d,
            "outside": outside,
            "outside_share": outside / np.maximum(d, 1),
            "least_before": values[lowest],
            "greatest_before": values[highest],
            "least": values[least],
            "greatest": values[greatest],
            "distance": distance,
            "is_significant": chance_of_distance(distance, n, m) < level,
            "is_outside_significant": (chance < level) & (m >= limits.least_rows),
        }
    ).with_columns(distance=pl.when(pl.Series(is_judged)).then("distance"))


def _start_of_window(tally: Tally, limits: Scores) -> Integers:
    """Day before the first of the recent window, by row."""
    totals = tally.cumulated.sum(axis=1)
    enough = np.searchsorted(totals, totals[1:] - limits.least_rows, side="right") - 1
    shortest = tally.days[np.maximum(enough, 0)] - 1
    longest = tally.days - min(limits.recent_days, MOST_DAYS)
    return np.where(enough < 0, longest, np.maximum(shortest, longest))


def _ends(counts: Integers) -> tuple[Integers, Integers]:
    """Places of the first and the last label with rows; of all labels where there are none."""
    has_rows = counts > 0
    last = has_rows.shape[1] - 1
    return has_rows.argmax(axis=1), last - has_rows[:, ::-1].argmax(axis=1)


def _with_status(judged: pl.DataFrame, limits: Scores) -> pl.DataFrame:
    distance = pl.when("is_significant").then("distance").otherwise(0.0)
    status = status_above(
        distance,
        warn=limits.warn_above,
        error=limits.error_above,
        judged=pl.col("distance").is_not_null(),
    )
    is_outside = pl.lit(value=False)
    if limits.outside_above is not None:
        is_outside = (
            pl.col("is_outside_significant")
            & (pl.col("outside") >= LEAST_OUTSIDE)
            & (pl.col("outside_share") > limits.outside_above)
        )
    return judged.with_columns(is_outside=is_outside).with_columns(
        status=pl.when("is_outside").then(pl.lit(ERROR)).otherwise(status)
    )


def _range(least: str, greatest: str) -> pl.Expr:
    return pl.format("{}\u2013{}", number_text(pl.col(least)), number_text(pl.col(greatest)))


def _message(limits: Scores) -> pl.Expr:
    before = f"the {span(limits.reference_days)} before"
    ranges = pl.format(
        "{} before, {} now",
        _range("least_before", "greatest_before"),
        _range("least", "greatest"),
    )
    few = pl.format(
        f"{{}} scores in {span(limits.recent_days)} and {{}} in {before}; no judgement on fewer "
        f"than {limits.least_rows}",
        pl.col("rows"),
        pl.col("reference_rows"),
    )
    outside = pl.format(
        f"{{}} of the day's {{}} scores are outside of the range of {before}: {{}}; the scale "
        "seems to have changed",
        pl.col("outside"),
        pl.col("day_rows"),
        ranges,
    )
    distance = pl.format(
        f"{{}} scores in {{}} against {{}} in {before}: distributions are {{}} apart{{}}",
        pl.col("rows"),
        counted_text(pl.col("window_days"), "day"),
        pl.col("reference_rows"),
        number_text(pl.col("distance")),
        pl.when("is_significant").then(pl.format(" ({})", ranges)).otherwise(
            pl.lit(", which chance may explain")
        ),
    )  # fmt: skip
    return (
        pl.when("is_outside")
        .then(outside)
        .when(pl.col("distance").is_null())
        .then(few)
        .otherwise(distance)
    )


def _mend(about: About) -> pl.Expr:
    return pl.format(
        "if the scale was changed, mend the question's scale (`surveys.<survey_id>.questions."
        "<question_id>.scale`, or `scale_min` and `scale_max` in the source of survey_question), "
        "or have the survey sent under a new survey_id or question_id, then {}; "
        + about.unless_meant,
        run_again(pl.col("date")),
    )
