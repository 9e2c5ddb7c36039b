"""Small tables to publish: a value and its exclusions that only fit together of one publish."""

import datetime as dt

import polars as pl

from assets.publish.content import Content
from schemas.table import Column, Table

VALUE = Table(
    name="value",
    domain="warehouse",
    description='One row per code; isn\'t "it"?',
    key=("code",),
    columns=(
        Column("code", "text", "The code.", nullable=False),
        Column("number", "integer", "Number of the publish.", unit="publishes"),
    ),
)
PART = Table(
    name="part",
    domain="warehouse",
    description="One row per code and day.",
    key=("code", "made_on"),
    columns=(
        Column("code", "text", "The code.", nullable=False),
        Column("made_on", "date", "Day.", nullable=False),
        Column("number", "integer", "Number of the publish."),
    ),
)
FIXED = Table(
    name="fixed",
    domain="warehouse",
    description="One row per code that never changes.",
    key=("code",),
    columns=(Column("code", "text", "The code.", nullable=False),),
)
CODES = tuple("abcde")
WHOLE = (
    "SELECT count(*), count(DISTINCT v.publish_id), count(DISTINCT v.number), "
    "bool_and(v.number = p.number AND v.publish_id = p.publish_id AND "
    "v.publish_id = f.publish_id AND v.publish_id = 'p' || v.number), min(v.publish_id) "
    "FROM {0}.value v JOIN {0}.part p USING (code) JOIN {0}.fixed f USING (code)"
)
"""What a reader asks; of a whole publish the answer is 10 rows, 1, 1, true and its id."""


def contents(number: int) -> list[Content]:
    """The tables as publish `p<number>` has them."""
    days = [dt.date(2024, 3, day) for day in (1, 2)]
    value = pl.DataFrame({"code": CODES, "number": [number] * len(CODES)})
    part = value.join(pl.DataFrame({"made_on": days}), how="cross")
    return [
        Content(VALUE, value),
        Content(PART, part.select("code", "made_on", "number")),
        Content(FIXED, value.select("code")),
    ]
