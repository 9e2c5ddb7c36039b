"""Where a segment's value comes from: account as of the event, survey, question, product.

Frames here are small or read once a run; the facts in `assets.transforms.facts` join them.
Dimension columns are Categorical: joins and group-bys then work on small integers.
"""

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from schemas.dimensions import Origin, known_dimension
from schemas.table import Table
from schemas.warehouse import dimension_column

AGE_BANDS: tuple[tuple[int, str], ...] = (
    (18, "0-17"),
    (25, "18-24"),
    (35, "25-34"),
    (45, "35-44"),
    (55, "45-54"),
    (65, "55-64"),
    (130, "65+"),
)
"""Exclusive upper age → band; ages outside 0-129 are unknown."""

_CUSTOM_PREFIX = "custom."


def origin_of(dimension: str, event: Table, origins: Iterable[Origin]) -> Origin | None:
    """Which part of a fact carries a dimension: the event's own column comes first.

    Args:
        dimension: Dimension of `schemas.dimensions`.
        event: Contract of the fact's event table.
        origins: Other parts that the fact is joined to.

    Returns:
        The origin, or None where the fact cannot carry the dimension.
    """
    origin, column = known_dimension(dimension)
    own = {one.name for one in event.columns if one.is_segment}
    if column in own and (origin == "event" or column == dimension):
        return "event"
    return origin if origin != "event" and origin in set(origins) else None


def categorical(columns: Iterable[str]) -> list[pl.Expr]:
    """Columns cast to Categorical."""
    return [pl.col(name).cast(pl.Categorical) for name in columns]


def renamed(dimensions: Sequence[str]) -> list[pl.Expr]:
    """Dimension columns of a table of one origin, under the dimensions' names."""
    return [
        pl.col(known_dimension(name)[1]).cast(pl.Categorical).alias(dimension_column(name))
        for name in dimensions
    ]


def account_versions(accounts: pl.LazyFrame, dimensions: Sequence[str]) -> pl.DataFrame:
    """One row a version of an account, with the days that it holds for.

    The versions of an account cover all time: its first one holds since ever and each one until
    the next begins, a closure included, so that every event of a known account finds exactly one.

    Args:
        accounts: History of crm_account with `_valid_from`.
        dimensions: Account dimensions wanted; `age_band` is kept as `birth_year`.

    Returns:
        account_id, holds_from, holds_until (exclusive; both null = unbounded), is_known (true),
        the dimension columns.
    """
    bounds = ("holds_from", "holds_until")
    versions = accounts.select(
        "account_id", pl.col("_valid_from").alias("holds_from"), *_account_dimensions(dimensions)
    ).collect(engine="streaming")
    is_repeated = versions["account_id"].is_duplicated()
    single = versions.filter(~is_repeated).with_columns(
        pl.lit(None, dtype=pl.Date).alias(name) for name in bounds
    )
    several = versions.filter(is_repeated).sort("account_id", "holds_from", nulls_last=False)
    is_first = pl.col("account_id") != pl.col("account_id").shift(1)
    is_last = pl.col("account_id") != pl.col("account_id").shift(-1)
    several = several.with_columns(
        pl.when(~is_first.fill_null(value=True)).then("holds_from").alias("holds_from"),
        pl.when(~is_last.fill_null(value=True))
        .then(pl.col("holds_from").shift(-1))
        .alias("holds_until"),
    )
    both = pl.concat([single.select(several.columns), several])
    return both.with_columns(pl.lit(value=True).alias("is_known"))


def _account_dimensions(dimensions: Sequence[str]) -> list[pl.Expr]:
    found = []
    for name in dimensions:
        if name == "age_band":
            found.append(pl.col("birth_year"))
        elif name.startswith(_CUSTOM_PREFIX):
            attribute = name.removeprefix(_CUSTOM_PREFIX)
            value = pl.col("custom").str.json_path_match(f"$.{attribute}")
            found.append(value.cast(pl.Categorical).alias(dimension_column(name)))
        else:
            found += renamed([name])
    return found


def with_age_band(versions: pl.DataFrame, year: int) -> pl.DataFrame:
    """Account versions with `age_band` as of a year instead of `birth_year`."""
    if "birth_year" not in versions.columns:
        return versions
    age = year - pl.col("birth_year")
    band = pl.lit(None, dtype=pl.String)
    for below, label in reversed(AGE_BANDS):
        band = pl.when(age < below).then(pl.lit(label)).otherwise(band)
    banded = pl.when(age >= 0).then(band).cast(pl.Categorical).alias("age_band")
    return versions.with_columns(banded).drop("birth_year")


def join_account(events: pl.LazyFrame, versions: pl.DataFrame, on_day: str) -> pl.LazyFrame:
    """Events with the account as of a day: dimension columns and `is_account_known`.

    Args:
        events: Rows with account_id.
        versions: From `account_versions`, age band resolved.
        on_day: Date column that decides the version.
    """
    right = versions.lazy().rename({"is_known": "is_account_known"})
    if versions["holds_until"].null_count() == versions.height:
        return events.join(right.drop("holds_from", "holds_until"), on="account_id", how="left")
    day = pl.col(on_day)
    # each version of an account comes out first, and the one that holds on the day stays; versions
    # cover all time, so no event is lost
    holds = (pl.col("holds_from").is_null() | (pl.col("holds_from") <= day)) & (
        pl.col("holds_until").is_null() | (day < pl.col("holds_until"))
    )
    joined = events.join(right, on="account_id", how="left").filter(holds)
    return joined.drop("holds_from", "holds_until")


def survey_dimensions(surveys: pl.LazyFrame) -> pl.LazyFrame:
    """One row a survey: survey_id and what its responses inherit, Categorical but `audience`."""
    inherited = ("touchpoint", "journey_cycle", "channel")
    return surveys.select(
        pl.col("survey_id").cast(pl.Categorical),
        pl.col("audience"),
        pl.col("kind").cast(pl.Categorical).alias("survey_kind"),
        *[pl.col(name).cast(pl.Categorical).alias(f"survey_{name}") for name in inherited],
        pl.lit(value=True).alias("is_survey_known"),
    )


def question_dimensions(questions: pl.LazyFrame) -> pl.DataFrame:
    """One row a question with its scale made ready for the measures.

    Returns:
        survey_id, question_id (Categorical), metric, attribute, scale_min, scale_max, points
        (number of scores, null without a scale), is_higher_better, scale (`1-7 higher`), and one
        Float64 column `na_0`, `na_1`, … for each code that means no answer.
    """
    is_higher_better = pl.col("higher_is_better").fill_null(value=True)
    direction = pl.when(is_higher_better).then(pl.lit("higher")).otherwise(pl.lit("lower"))
    codes = pl.col("na_codes").str.split("|").list.eval(
        pl.element().str.strip_chars().cast(pl.Float64, strict=False)
    )  # fmt: skip
    frame = questions.select(
        *categorical(("survey_id", "question_id")),
        "metric",
        pl.col("attribute").cast(pl.Categorical),
        "scale_min",
        "scale_max",
        (pl.col("scale_max") - pl.col("scale_min") + 1).alias("points"),
        is_higher_better.alias("is_higher_better"),
        pl.format("{}-{} {}", _number("scale_min"), _number("scale_max"), direction).alias("scale"),
        codes.alias("codes"),
    ).collect()
    width = max([0, *frame["codes"].list.len().drop_nulls()])
    columns = [
        pl.col("codes").list.get(at, null_on_oob=True).alias(f"na_{at}") for at in range(width)
    ]
    return frame.with_columns(columns).drop("codes")


def _number(column: str) -> pl.Expr:
    """A number without a trailing `.0`."""
    return pl.col(column).cast(pl.String).str.replace(r"\.0$", "")


def product_dimensions(products: pl.LazyFrame, dimensions: Sequence[str]) -> pl.DataFrame:
    """One row a product: product_id, the dimension columns, is_product_known."""
    return products.select(
        "product_id", *renamed(dimensions), pl.lit(value=True).alias("is_product_known")
    ).collect()


def by_origin(dimensions: Mapping[str, Origin], origin: Origin) -> tuple[str, ...]:
    """Dimensions of one origin, in order."""
    return tuple(name for name, found in dimensions.items() if found == origin)
