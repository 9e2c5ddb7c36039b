"""The survey KPIs, and who responds, by hand."""

import datetime as dt
from collections.abc import Iterator

import polars as pl

from benchmarks.bare import Z, mean, net, share
from benchmarks.bare_kpis.common import ACCOUNT, ROW, SETS, History, as_of, by_periods, by_sets, day
from benchmarks.bare_kpis.estimates import OPEN, shaped

WINDOW = dt.timedelta(days=30)
CHOICES = {
    "below": 1, "as": 2, "above": 3, "fan": 4, "negative": 1, "neutral": 2, "positive": 3,
}  # fmt: skip
DIMENSIONS = (*ACCOUNT, "channel")
SEVEN_POINTS, TEN = 6, 10
CXI = ("cxi_effectiveness", "cxi_ease", "cxi_emotion")


def survey_values(history: History) -> Iterator[pl.DataFrame]:
    """Every KPI of answers and invitations."""
    rows = answer_rows(history)
    for audience in ("customer", "employee"):
        own = rows.filter(pl.col("audience") == audience)
        yield from audience_values(own, is_staff=audience == "employee")
    yield share_of_invited(history)


def answer_rows(history: History) -> pl.DataFrame:
    """Sums of every period, segment and question."""
    asked = question_cuts(history)
    answers = scored(history, asked)
    by_category = answers.group_by("day", "survey_id", "question_id", "category").agg(SUMS)
    whole = answers.group_by("day", "survey_id", "question_id", *DIMENSIONS).agg(SUMS)
    surveys = history.table("survey").select("survey_id", "touchpoint").collect()
    first, second = pl.collect_all([whole, by_category], engine="streaming")
    named = pl.col("survey_id", "question_id").cast(pl.String)
    first = first.with_columns(named).join(surveys, on="survey_id")
    second = second.with_columns(named)
    keys = ["day", "survey_id", "question_id"]
    daily = pl.concat(
        [
            by_sets(first, [name for name in SETS if name != "by_category"], keys),
            by_sets(second, ["by_category"], keys),
        ]
    )
    found = by_periods(daily, ["survey_id", "question_id"])
    span = (pl.col("high") - pl.col("low")).alias("span")
    known = asked.select("survey_id", "question_id", "metric", "audience", span)
    return found.join(known, on=["survey_id", "question_id"])


def question_cuts(history: History) -> pl.DataFrame:
    """Questions with the scores from which an answer is good or bad."""
    metric = pl.col("metric")
    low, high = (pl.col(name).fill_null(0).cast(pl.Int64) for name in ("scale_min", "scale_max"))
    is_seven = high - low == SEVEN_POINTS
    boxes = pl.when(is_seven | (high == TEN)).then(3).otherwise(2)
    top = pl.when(metric == "nps").then(8).when(metric == "moment_of_truth").then(3)
    top = top.when(metric == "sentiment").then(2).when(metric == "repurchase_intent").then(high - 1)
    bottom = pl.when(metric == "nps").then(7).when(high == 0).then(2)
    audience = history.table("survey").select("survey_id", "audience")
    # comments count where the survey has their sentiment classified
    is_read = (metric != "comment") | (metric == "sentiment").any().over("survey_id")
    return (
        history.table("survey_question")
        .filter(is_read)
        .join(audience, on="survey_id")
        .select(
            "survey_id", "question_id", "metric", "audience",
            pl.col("higher_is_better").alias("is_up"),
            low.alias("low"),
            pl.when(metric == "moment_of_truth").then(4).when(metric == "sentiment").then(3)
            .otherwise(high).alias("high"),
            top.otherwise(high - boxes).alias("top_cut"),
            pl.when(high == 0).then(2).otherwise(high - 2).alias("net_cut"),
            bottom.otherwise(low + pl.when(is_seven).then(3).otherwise(2)).alias("bottom_cut"),
        )
        .collect()
    )  # fmt: skip


good, score = pl.col("good"), pl.col("score")
rescaled = 100 * (good - pl.col("low"))
SUMS = [
    pl.len().cast(pl.Int64).alias("n"),
    (good > pl.col("top_cut")).sum().cast(pl.Int64).alias("top"),
    (good > pl.col("net_cut")).sum().cast(pl.Int64).alias("net_top"),
    (good < pl.col("bottom_cut")).sum().cast(pl.Int64).alias("bottom"),
    score.sum().alias("x"),
    (score * score).sum().alias("xx"),
    rescaled.sum().alias("u"),
    (rescaled * rescaled).sum().alias("uu"),
]


def scored(history: History, asked: pl.DataFrame) -> pl.LazyFrame:
    """Answers that count, with the response's dimensions and the question's cuts."""
    products = history.table("erp_product").select(
        "product_id", pl.col("category").cast(pl.Categorical)
    )
    given = history.table("survey_response").select(
        "response_id", pl.col("survey_id").cast(pl.Categorical), "account_id", "product_id",
        day("responded_at").alias("day"), pl.col("channel").cast(pl.Categorical),
    )  # fmt: skip
    given = as_of(given, history, "day").join(products, on="product_id", how="left")
    given = given.drop("account_id", "product_id").collect(engine="streaming").lazy()
    choice = pl.col("choice").replace_strict(CHOICES, default=None, return_dtype=pl.Int64)
    cuts = asked.lazy().with_columns(pl.col("survey_id", "question_id").cast(pl.Categorical))
    return (
        history.table("survey_answer")
        .select(
            "response_id", pl.col("question_id").cast(pl.Categorical),
            pl.coalesce(
                pl.col("score").cast(pl.Int64), choice,
                pl.when(pl.col("question_id") == "comment").then(0),
            ).alias("score"),
        )
        .filter(pl.col("score").is_not_null())
        .join(given, on="response_id")
        .join(cuts, on=["survey_id", "question_id"])
        .filter(pl.col("score").is_between("low", "high"))
        .with_columns(
            pl.when("is_up").then("score").otherwise(pl.col("low") + pl.col("high") - score)
            .alias("good")
        )
    )  # fmt: skip


def audience_values(rows: pl.DataFrame, *, is_staff: bool) -> Iterator[pl.DataFrame]:
    """The KPIs of customers, or those of employees."""
    based = rows.with_columns(
        pl.col("u") / pl.col("span"), pl.col("uu") / pl.col("span") ** 2,
        scale=pl.concat_str("survey_id", "question_id"),
    )  # fmt: skip
    pooled = based.group_by(*ROW, "metric").agg(
        pl.col("n", "top", "net_top", "bottom", "x", "xx", "u", "uu").sum(),
        pl.col("scale").n_unique().alias("scales"),
    )
    of = {str(name): own for (name,), own in pooled.partition_by("metric", as_dict=True).items()}
    n, top, bottom = pl.col("n"), pl.col("top"), pl.col("bottom")
    above = pl.col("net_top") - top
    if is_staff:
        yield shaped(net("enps", of["nps"], top, bottom))
        yield shaped(mean("employee_engagement", of["engagement"], ("u", "uu"), (0, 100)))
        return
    moments = of["moment_of_truth"]
    found = [
        net("nps", of["nps"], top, bottom),
        share("nps_promoter_share", of["nps"], top),
        share("nps_passive_share", of["nps"], n - top - bottom),
        share("nps_detractor_share", of["nps"], bottom),
        share("csat", of["csat"], top),
        mean("csat_mean", of["csat"], ("u", "uu"), (0, 100)),
        share("ces_top_share", of["ces"], top),
        net("ces_net", of["ces"], pl.col("net_top"), bottom),
        share("repurchase_intent", of["repurchase_intent"], top),
        share("moment_of_truth_below", moments, bottom),
        share("moment_of_truth_as_expected", moments, n - pl.col("net_top") - bottom),
        share("moment_of_truth_above", moments, above),
        share("moment_of_truth_fan", moments, top),
        net("net_sentiment", of["sentiment"], top, bottom),
        *[net(name, of[name], pl.col("net_top"), bottom) for name in CXI],
    ]
    yield from map(shaped, found)
    yield efforts(of["ces"])
    told = of["sentiment"].select(*ROW, told="n")
    comments = of["comment"].join(told, on=ROW, how="left")
    comments = comments.with_columns(pl.col("told").fill_null(0))
    yield shaped(share("sentiment_coverage", comments, pl.col("told")))
    yield experience_index(pl.concat([of[name] for name in CXI]))


def efforts(rows: pl.DataFrame) -> pl.DataFrame:
    """Mean effort; none where scales are mixed."""
    whole = shaped(mean("ces_mean", rows, ("x", "xx"), OPEN))
    is_one = rows["scales"] == 1
    figures = ["value", "numerator", "denominator", "ci_low", "ci_high"]
    return whole.with_columns(pl.when(is_one).then(pl.col(one)).alias(one) for one in figures)


def experience_index(rows: pl.DataFrame) -> pl.DataFrame:
    """Mean of three nets."""
    n, top, bottom = (pl.col(name) for name in ("n", "net_top", "bottom"))
    p, d = (top + 0.75) / (n + 3), (bottom + 0.75) / (n + 3)
    pooled = rows.group_by(ROW).agg(
        ((top - bottom) / n).sum().alias("numerator"),
        pl.len().cast(pl.Float64).alias("denominator"),
        n.min(),
        (p - d).mean().alias("centre"),
        ((p + d - (p - d) ** 2) / (n + 3)).sqrt().mean().alias("error"),
    )
    is_whole = pl.col("denominator") == len(CXI)
    half = Z * pl.col("error")
    figures = {
        "value": 100 * pl.col("numerator") / 3,
        "numerator": pl.col("numerator"),
        "denominator": pl.col("denominator"),
        "ci_low": (100 * (pl.col("centre") - half)).clip(-100, 100),
        "ci_high": (100 * (pl.col("centre") + half)).clip(-100, 100),
    }
    return shaped(
        pooled.with_columns(
            pl.lit("cxi").alias("kpi_code"),
            *[pl.when(is_whole).then(one).alias(name) for name, one in figures.items()],
            n=pl.when(is_whole).then("n").otherwise(0),
        )
    )


def share_of_invited(history: History) -> pl.DataFrame:
    """Invitations responded to of those delivered whose time is over."""
    sent = (
        history.table("survey_invitation")
        .select(
            "invitation_id", "account_id", pl.col("channel").cast(pl.Categorical),
            day("sent_at").alias("sent_on"), day("delivered_at").alias("day"),
        )
        .filter(pl.col("day") + WINDOW <= history.last)
    )  # fmt: skip
    responses = history.table("survey_response").select(
        "invitation_id", day("responded_at").alias("responded_on")
    )
    answered = (
        sent.join(responses, on="invitation_id")
        .filter(pl.col("responded_on").is_between("sent_on", pl.col("day") + WINDOW))
        .select("invitation_id", answered=pl.lit(1))
        .unique()
    )
    base = (
        as_of(sent.join(answered, on="invitation_id", how="left"), history, "sent_on")
        .group_by("day", *DIMENSIONS)
        .agg(pl.len().cast(pl.Int64).alias("n"), pl.col("answered").sum())
        .collect(engine="streaming")
    )
    sets = [name for name in SETS if name not in {"by_category", "by_touchpoint"}]
    rolled = by_periods(by_sets(base, sets, ["day"]))
    return shaped(share("survey_response_rate", rolled, pl.col("answered")))
