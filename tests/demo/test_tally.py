"""The manifest's exact figures, worked out again from the written files alone."""

import datetime as dt
from collections import defaultdict
from decimal import Decimal

import polars as pl
import pytest

from tests.demo.conftest import Run

ZONE = "Europe/Paris"


def _final_state(run: Run, source: str, key: list[str]) -> pl.DataFrame:
    """Latest version of every key among the rows that are not refused."""
    refused = {
        (fault["file"], fault["row"])
        for fault in run.manifest["faults"]
        if fault["source"] == source and fault["outcome"] in {"quarantined", "superseded"}
    }
    frames = []
    for day, files in run.manifest["files"][source].items():
        for file in files:
            frame = pl.read_csv(run.folder / file["file"], infer_schema=False)
            kept = [(file["file"], row) not in refused for row in range(1, frame.height + 1)]
            frames.append(
                frame.with_columns(pl.lit(day).alias("_day")).filter(
                    pl.Series(kept, dtype=pl.Boolean)
                )
            )
    return pl.concat(frames).unique(key, keep="last", maintain_order=True)


def _month(column: str) -> pl.Expr:
    instant = pl.col(column).str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone="UTC")
    return instant.dt.convert_time_zone(ZONE).dt.strftime("%Y-%m").alias("month")


def _without_zeros(counts: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    return {
        month: {name: number for name, number in own.items() if number}
        for month, own in counts.items()
    }


@pytest.mark.parametrize(
    ("source", "key", "event", "state", "figure"),
    [
        ("erp_orders", "order_id", "ordered_at", "status", "order_statuses_by_month"),
        ("crm_leads", "lead_id", "created_at", "outcome", "lead_outcomes_by_month"),
    ],
)
def test_states_by_month(
    plain: Run, source: str, key: str, event: str, state: str, figure: str
) -> None:
    rows = _final_state(plain, source, [key]).with_columns(_month(event))
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for month, value, number in rows.group_by("month", state).len().iter_rows():
        found[month][value] = number
    assert found == _without_zeros(plain.manifest["truths"]["exact"][figure])


def test_contacts_by_month(plain: Run) -> None:
    rows = _final_state(plain, "crm_interactions", ["interaction_id"])
    state = (
        pl.when(pl.col("resolved_at").is_null())
        .then(pl.lit("open"))
        .when(pl.col("reopen_count") != "0")
        .then(pl.lit("resolved_reopened"))
        .otherwise(pl.lit("resolved"))
    )
    counted = rows.with_columns(_month("opened_at"), state.alias("state"))
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for month, value, number in counted.group_by("month", "state").len().iter_rows():
        found[month][value] = number
    figures = plain.manifest["truths"]["exact"]["interaction_states_by_month"]
    assert found == _without_zeros(figures)


def test_net_amounts_by_month_and_currency(plain: Run) -> None:
    rows = _final_state(plain, "erp_orders", ["order_id"]).with_columns(
        _month("ordered_at"), pl.col("net_amount").str.to_decimal(scale=2)
    )
    sales = rows.filter(pl.col("status") != "canceled")
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for month, currency, net in (
        sales.group_by("month", "currency").agg(pl.sum("net_amount")).iter_rows()
    ):
        found[month][currency] = net
    figures = plain.manifest["truths"]["exact"]["order_net_amount_by_month"]
    assert found == {
        month: {currency: Decimal(net) for currency, net in nets.items()}
        for month, nets in figures.items()
    }


def test_order_amounts_are_the_sums_of_their_lines(plain: Run) -> None:
    orders = _final_state(plain, "erp_orders", ["order_id"])
    lines = _final_state(plain, "erp_order_lines", ["order_id", "line_number"])
    sums = lines.group_by("order_id").agg(
        pl.col("net_amount").str.to_decimal(scale=2).sum().alias("of_lines")
    )
    # a line or an order that is still wrong on the last day is corrected after it: none is
    both = orders.join(sums, on="order_id", how="inner")
    assert both.height == orders.height
    assert both.filter(
        pl.col("net_amount").str.to_decimal(scale=2) != pl.col("of_lines")
    ).is_empty()


def test_nps_by_month_and_region_as_of_the_event(plain: Run) -> None:
    responses = _final_state(plain, "survey_relational_responses", ["response_id"])
    answers = _final_state(
        plain, "survey_relational_answers", ["response_id", "question_id", "choice"]
    )
    scores = answers.filter(pl.col("question_id") == "nps").select(
        "response_id", pl.col("score").cast(pl.Int64)
    )
    rows = responses.join(scores, on="response_id").filter(pl.col("score") <= 10)
    instant = pl.col("responded_at").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone="UTC")
    rows = rows.with_columns(instant.dt.convert_time_zone(ZONE).dt.date().alias("on"))
    versions = _versions(plain)
    found: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for account, day, score in rows.select("account_id", "on", "score").iter_rows():
        region = next(region for since, region in reversed(versions[account]) if since <= day)
        category = "promoters" if score >= 9 else "passives" if score >= 7 else "detractors"
        own = found[f"{day:%Y-%m}"][region]
        own[category] = own.get(category, 0) + 1
    assert found == plain.manifest["truths"]["exact"]["relational_nps_by_month_and_region"]


def _versions(run: Run) -> dict[str, list[tuple[dt.date, str]]]:
    """Account → (logical date, region) of its versions in order."""
    found: dict[str, list[tuple[dt.date, str]]] = defaultdict(list)
    for day, files in run.manifest["files"]["crm_accounts"].items():
        rows = pl.read_csv(run.folder / files[0]["file"], infer_schema=False)
        for account, region in rows.select("account_id", "region").iter_rows():
            found[account].append((dt.date.fromisoformat(day), region))
    return found
