"""Measures on the fact `invitation`: who responds. Expressions only."""

from collections.abc import Iterator

import narwhals as nw

from assets.transforms.measures import Measure


def invitation_measures() -> Iterator[Measure]:
    """Every measure on invitations; those of employees do not count."""
    yield Measure(
        code="survey_response",
        fact="invitation",
        shape="share",
        day="dated_on",
        concerns=nw.col("is_customer"),
        reasons={
            "not_delivered": nw.col("delivered_on").is_null(),
            "window_open": nw.col("is_window_open"),
        },
        x=nw.col("is_answered"),
    )
