"""The same KPIs by a script of Polars and nothing else: what the pipeline is measured against.

    python -m benchmarks.bare --extracts DIR --from 2024-02-03 --to 2024-11-27 --out values.parquet

Reads the extracts once and writes the values. It knows the company by heart: no configuration, no
contracts, no copies, no versions of records, no exclusions, nothing to go on from tomorrow. It
shares no code with the pipeline, so that it is an independent reference for the values as well.
"""

import argparse
import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from benchmarks.bare_customers import GRAINS, as_of, churn_counts

ZONE = "Europe/Paris"
Z = 1.959963984540054
"""Normal quantile of a 95 % interval."""

SETS = {
    "total": [],
    "by_region": ["region"],
    "by_tier": ["tier"],
    "by_touchpoint": ["touchpoint"],
    "by_category": ["category"],
    "by_region_tier": ["region", "tier"],
}
ACCOUNT_SETS = ("total", "by_region", "by_tier", "by_region_tier")
TOP_BOXES = {5: 2, 11: 3}
EASY, HARD = {5: 2, 7: 3}, {5: 2, 7: 3}
KEYS = ["kpi_code", "period_grain", "period_start", "segment_set", "segment_key"]
FIGURES = ["value", "numerator", "denominator", "n", "ci_low", "ci_high"]


def values(extracts: Path, first: dt.date, last: dt.date, *, accounts: str) -> pl.DataFrame:
    """All values of the KPIs: `KEYS` and `FIGURES`."""

    def scan(source: str, columns: list[str]) -> pl.LazyFrame:
        days = pl.date_range(first, last, eager=True)
        paths = [path for day in days if (path := extracts / source / f"{day}.csv").exists()]
        frame = pl.scan_csv(paths, infer_schema=False, include_file_paths="path")
        return frame.select(columns)

    versions = account_versions(scan(accounts, ["account_id", "region", "tier", "path"]))
    products = scan("products", ["product_id", "category"]).unique().collect()
    questions = question_cuts(
        scan("questions", ["survey_id", "question_id", "scale_min", "scale_max",
                           "higher_is_better"]).unique()
    )  # fmt: skip
    responses = scan(
        "responses", ["response_id", "survey_id", "account_id", "responded_at", "touchpoint",
                      "product_id"]
    )  # fmt: skip
    answers = scan("answers", ["response_id", "question_id", "score"])
    orders = scan(
        "orders",
        ["order_id", "account_id", "ordered_at", "status", "currency", "net_amount", "is_return"],
    )
    lines = scan("order_lines", ["order_id", "product_id", "net_amount"])
    scored = answer_sums(answers, responses, questions, versions=versions, products=products)
    sold = (
        orders.filter(pl.col("status") != "canceled")
        .with_columns(day("ordered_at"), cents("net_amount"), pl.col("is_return") == "true")
        .drop("ordered_at", "status")
        .collect(engine="streaming")
    )
    by_account, by_category = order_sums(sold, lines, versions, products)
    frames = [
        *survey_values(scored, questions),
        *(ratio(s) for s in rolled(by_account, ACCOUNT_SETS, [])),
        *(ratio(s) for s in rolled(by_category, ["by_category"], [])),
        *churn_values(sold, versions, last),
    ]
    return pl.concat([frame.select(*KEYS, *FIGURES) for frame in frames]).sort(KEYS)


def day(instant: str) -> pl.Expr:
    """Day in the company's zone of a text such as 2024-11-27T14:41:45Z."""
    utc = pl.col(instant).str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us")
    return utc.dt.replace_time_zone("UTC").dt.convert_time_zone(ZONE).dt.date().alias("day")


def cents(amount: str) -> pl.Expr:
    """An amount as a whole number of cents."""
    return (pl.col(amount).cast(pl.Float64) * 100).round().cast(pl.Int64)


def account_versions(accounts: pl.LazyFrame) -> pl.LazyFrame:
    """Region and tier of each account with the days they hold for."""
    since = pl.col("path").str.slice(-14, 10).str.to_date().alias("since")
    return (
        accounts.select("account_id", "region", "tier", since)
        .sort("account_id", "since")
        .with_columns(
            pl.when(pl.col("account_id").is_first_distinct())
            .then(dt.date(1, 1, 1))
            .otherwise("since")
            .alias("since"),
            pl.col("since").shift(-1).over("account_id").fill_null(dt.date(9999, 1, 1))
            .alias("until"),
        )
        .with_columns(pl.col("region", "tier").cast(pl.Categorical))
        .collect()
        .lazy()
    )  # fmt: skip


def question_cuts(questions: pl.LazyFrame) -> pl.DataFrame:
    """Questions with a KPI, and the scores from which an answer counts as good or bad."""
    low, high = pl.col("scale_min").cast(pl.Int64), pl.col("scale_max").cast(pl.Int64)
    points = high - low + 1

    def boxes(found: dict[int, int]) -> pl.Expr:
        return points.replace_strict(found, default=None, return_dtype=pl.Int64)

    is_nps, is_csat = pl.col("question_id") == "nps", pl.col("question_id") == "csat"
    top = pl.when(is_nps).then(8).when(is_csat).then(high - boxes(TOP_BOXES))
    return (
        questions.filter(pl.col("question_id").is_in(["nps", "csat", "ces"]))
        .select(
            "survey_id",
            "question_id",
            low.alias("low"),
            high.alias("high"),
            (pl.col("higher_is_better") == "true").alias("is_up"),
            top.otherwise(high - boxes(EASY)).alias("top"),
            (high - 2).alias("net_top"),
            pl.when(is_nps).then(7).otherwise(low + boxes(HARD)).alias("bottom"),
        )
        .collect()
    )


def answer_sums(
    answers: pl.LazyFrame,
    responses: pl.LazyFrame,
    questions: pl.DataFrame,
    *,
    versions: pl.LazyFrame,
    products: pl.DataFrame,
) -> pl.DataFrame:
    """Counts and sums of the scores by day, question and all dimensions."""
    given = as_of(responses.with_columns(day("responded_at")).drop("responded_at"), versions, "day")
    given = given.join(products.lazy(), on="product_id", how="left").drop("product_id")
    keys = ["day", "survey_id", "question_id", "region", "tier", "touchpoint", "category"]
    score, good = pl.col("score"), pl.col("good")
    flipped = pl.col("low") + pl.col("high") - score
    return (
        answers.with_columns(score.cast(pl.Int64))
        .filter(score.is_not_null())
        .join(given.drop("account_id"), on="response_id")
        .join(questions.lazy(), on=["survey_id", "question_id"])
        .filter(score.is_between("low", "high"))
        .with_columns(pl.when("is_up").then(score).otherwise(flipped).alias("good"))
        .group_by(keys)
        .agg(
            pl.len().cast(pl.Int64).alias("n"),
            (good > pl.col("top")).sum().cast(pl.Int64).alias("top"),
            (good > pl.col("net_top")).sum().cast(pl.Int64).alias("net_top"),
            (good < pl.col("bottom")).sum().cast(pl.Int64).alias("bottom"),
            score.sum().alias("x"),
            (score * score).sum().alias("xx"),
            # 100 (good - low) / (high - low), whose numerator is whole
            (100 * (good - pl.col("low"))).sum().alias("u"),
            ((100 * (good - pl.col("low"))) ** 2).sum().alias("uu"),
        )
        .collect(engine="streaming")
    )


def order_sums(
    sold: pl.DataFrame, lines: pl.LazyFrame, versions: pl.LazyFrame, products: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Sums of the orders by day and account dimensions, and by day and category of their lines."""
    euros = sold.lazy().filter(pl.col("currency") == "EUR")
    x, y = pl.col("net_amount"), (~pl.col("is_return")).cast(pl.Int64)
    sums = [
        pl.len().cast(pl.Int64).alias("n"), x.sum().alias("x"), y.sum().alias("y"),
        (x * x).sum().alias("xx"), (x * y).sum().alias("xy"),
    ]  # fmt: skip
    by_account = as_of(euros, versions, "day").group_by("day", "region", "tier").agg(sums)
    by_category = (
        lines.with_columns(cents("net_amount"))
        .join(products.lazy(), on="product_id", how="left")
        .group_by("order_id", "category")
        .agg(x.sum())
        .join(euros.select("order_id", "day", "is_return"), on="order_id")
        .group_by("day", "category")
        .agg(sums)
    )
    first, second = pl.collect_all([by_account, by_category], engine="streaming")
    return first, second


def rolled(base: pl.DataFrame, sets: Iterable[str], by: list[str]) -> Iterator[pl.DataFrame]:
    """Sums by period and segment: one frame a segment set and grain."""
    for name in sets:
        dims = [pl.col(c).cast(pl.String).fill_null("(unknown)") for c in SETS[name]]
        sums = pl.exclude("day", *by, "region", "tier", "touchpoint", "category").sum()
        key = pl.concat_str(dims, separator="|") if dims else pl.lit("all")
        daily = base.group_by("day", *by, *SETS[name]).agg(sums).with_columns(
            key.alias("segment_key"), pl.lit(name).alias("segment_set")
        ).drop(SETS[name])  # fmt: skip
        for grain, length in GRAINS.items():
            start = pl.col("day").dt.truncate(length).alias("period_start")
            keys = [*by, "segment_set", "segment_key"]
            yield (
                daily.group_by(start, *keys)
                .agg(pl.exclude("day").sum())
                .with_columns(pl.lit(grain).alias("period_grain"))
            )


def survey_values(sums: pl.DataFrame, questions: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """NPS, CSAT and CES."""
    n = pl.col("n")
    spans = questions.select(
        "survey_id", "question_id", (pl.col("high") - pl.col("low")).alias("d")
    )
    based = sums.join(spans, on=["survey_id", "question_id"]).with_columns(
        pl.col("u") / pl.col("d"), pl.col("uu") / pl.col("d") ** 2
    )
    for one in rolled(based.drop("d"), list(SETS), ["question_id", "survey_id"]):
        keys = ["period_grain", "period_start", "segment_set", "segment_key", "question_id"]
        pooled = one.group_by(keys).agg(
            pl.exclude("survey_id").sum(), pl.col("survey_id").n_unique().alias("scales")
        )
        of = {q: pooled.filter(pl.col("question_id") == q) for q in ("nps", "csat", "ces")}
        middle = n - pl.col("top") - pl.col("bottom")
        yield net("nps", of["nps"], pl.col("top"), pl.col("bottom"))
        yield share("nps_promoter_share", of["nps"], pl.col("top"))
        yield share("nps_passive_share", of["nps"], middle)
        yield share("nps_detractor_share", of["nps"], pl.col("bottom"))
        yield share("csat", of["csat"], pl.col("top"))
        yield mean("csat_mean", of["csat"], ("u", "uu"), (0, 100))
        yield share("ces_top_share", of["ces"], pl.col("top"))
        yield net("ces_net", of["ces"], pl.col("net_top"), pl.col("bottom"))
        is_mixed = pl.col("scales") > 1
        whole = mean("ces_mean", of["ces"], ("x", "xx"), (None, None))
        figures = [c for c in FIGURES if c != "n"]
        yield whole.with_columns(pl.when(~is_mixed).then(pl.col(c)).alias(c) for c in figures)


def share(code: str, rows: pl.DataFrame, part: pl.Expr) -> pl.DataFrame:
    """A share in percent with Wilson's interval."""
    n, p = pl.col("n"), part / pl.col("n")
    shrink = 1 + Z**2 / n
    centre = (p + Z**2 / (2 * n)) / shrink
    half = Z / shrink * (p * (1 - p) / n + Z**2 / (4 * n * n)).sqrt()
    return figures(code, rows, (100 * p, part, n), (100 * (centre - half), 100 * (centre + half)))


def net(code: str, rows: pl.DataFrame, good: pl.Expr, bad: pl.Expr) -> pl.DataFrame:
    """100 (good - bad) / n with the adjusted Wald interval."""
    n = pl.col("n")
    p, d = (good + 0.75) / (n + 3), (bad + 0.75) / (n + 3)
    half = Z * ((p + d - (p - d) ** 2) / (n + 3)).sqrt()
    value = 100 * (good - bad) / n
    ends = (100 * (p - d - half), 100 * (p - d + half))
    return figures(code, rows, (value, good - bad, n), ends, bounds=(-100, 100))


def mean(
    code: str, rows: pl.DataFrame, sums: tuple[str, str], bounds: tuple[float | None, float | None]
) -> pl.DataFrame:
    """A mean with Student's interval."""
    n, x, xx = pl.col("n"), pl.col(sums[0]), pl.col(sums[1])
    value = x / n
    variance = (xx - 2 * value * x + value**2 * n).clip(0) / (n * (n - 1))
    half = student(n - 1) * variance.sqrt()
    return figures(code, rows, (value, x, n), (value - half, value + half), bounds=bounds)


def ratio(rows: pl.DataFrame) -> pl.DataFrame:
    """Revenue a sale with its linearised interval."""
    n, y, x = pl.col("n"), pl.col("y"), pl.col("x") / 100
    value = pl.when(y > 0).then(x / y)
    squares = pl.col("xx") / 10_000 - 2 * value * pl.col("xy") / 100 + value**2 * y
    half = student(n - 1) * (n / (n - 1) * squares.clip(0) / y**2).sqrt()
    ends = (value - half, value + half)
    code = "average_transaction_value"
    found = figures(code, rows, (value, x, y), ends, bounds=(None, None))
    return found.with_columns(y.alias("n"))


def student(df: pl.Expr) -> pl.Expr:
    """Quantile of Student's t for a 95 % interval; null without degrees of freedom."""

    def quantile(column: pl.Series) -> pl.Series:
        from scipy.special import stdtrit

        return pl.Series(stdtrit(column.to_numpy(), 0.975))

    return pl.when(df > 0).then(df).cast(pl.Float64).map_batches(
        quantile, return_dtype=pl.Float64
    ).fill_nan(None)  # fmt: skip


def figures(
    code: str,
    rows: pl.DataFrame,
    parts: tuple[pl.Expr, pl.Expr, pl.Expr],
    ends: tuple[pl.Expr, pl.Expr],
    *,
    bounds: tuple[float | None, float | None] = (0, 100),
) -> pl.DataFrame:
    """The rows with all figures of a KPI."""
    named = dict(zip(("value", "numerator", "denominator"), parts, strict=True))
    return rows.with_columns(
        pl.lit(code).alias("kpi_code"),
        *[expr.cast(pl.Float64).alias(name) for name, expr in named.items()],
        ends[0].clip(*bounds).alias("ci_low"),
        ends[1].clip(*bounds).alias("ci_high"),
    )


def churn_values(
    sold: pl.DataFrame, versions: pl.LazyFrame, last: dt.date
) -> Iterator[pl.DataFrame]:
    """Churn and retention of customers."""
    for grain, counts in churn_counts(sold, versions, last):
        for name in ACCOUNT_SETS:
            dims = [pl.col(c).cast(pl.String) for c in SETS[name]]
            key = pl.concat_str(dims, separator="|") if dims else pl.lit("all")
            found = (
                counts.group_by("period_start", key.alias("segment_key"))
                .agg(pl.col("n", "lost").sum())
                .filter(pl.col("n") > 0)
                .with_columns(
                    pl.lit(name).alias("segment_set"), pl.lit(grain).alias("period_grain")
                )
            )
            yield share("churn_rate", found, pl.col("lost"))
            yield share("retention_rate", found, pl.col("n") - pl.col("lost"))


def main() -> None:
    """Read the command line and write the values."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--extracts", type=Path, required=True)
    parser.add_argument("--accounts", default="accounts")
    parser.add_argument("--from", dest="first", type=dt.date.fromisoformat, required=True)
    parser.add_argument("--to", dest="last", type=dt.date.fromisoformat, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    found = values(given.extracts, given.first, given.last, accounts=given.accounts)
    found.write_parquet(given.out)


if __name__ == "__main__":
    main()
