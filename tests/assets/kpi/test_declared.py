"""KPIs that a company declares equal their SQL, for every grain and segment, and restate alike."""

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.kpi.plan import Plan
from assets.kpi.states import build_states
from assets.kpi.tables import scan_published
from assets.kpi.values import build_values
from assets.lake.layout import Lake
from schemas.warehouse import GRAINS
from tests.assets.kpi.company import Company, company
from tests.assets.kpi.histories import project
from tests.assets.kpi.reference import connect

AS_OF = dt.date(2026, 2, 20)
KEYS = ["period_start", "segment_set", "segment_key"]
SETS = {"country": ["country"], "via": ["channel"], "goods": ["product_category"]}


def kpi(
    numerator: Mapping[str, Any], denominator: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    return {
        "name_en": "Own", "family": "value", "department": "Sales",
        "numerator": numerator, "denominator": denominator, **more,
    }  # fmt: skip


DECLARED = {
    "web_share": kpi(
        {"of": "erp_order", "where": {"channel": "web", "status": ["delivered", "shipped"]}},
        {"of": "erp_order", "where": {"status": ["delivered", "shipped"]}},
    ),
    "web_basket": kpi(
        {"of": "erp_order", "sum": "net_amount", "where": {"channel": "web"}},
        {"of": "erp_order", "where": {"channel": "web", "net_amount": {"min": 5}}},
        unit="currency",
    ),
    "talk_per_contact": kpi(
        {"of": "crm_interaction", "sum": "talk_seconds"}, {"of": "crm_interaction"}, unit="minutes"
    ),
    "calls_per_order": kpi(
        {"of": "crm_interaction", "where": {"channel": "phone"}}, {"of": "erp_order"},
        unit="per_hundred",
    ),
    "csat_five": kpi(
        {"of": "survey_answer", "where": {"question_id": "csat5", "score": {"min": 5, "max": 5}}},
        {"of": "survey_answer", "where": {"question_id": "csat5"}},
    ),
}  # fmt: skip

_IN = "status IN ('delivered', 'shipped')"
REFERENCE = {
    "web_share": ("all_orders", "100.0 * avg((channel IS NOT DISTINCT FROM 'web')::INT)", _IN),
    "talk_per_contact": (
        "interactions", "CAST(sum(talk_seconds) AS DOUBLE) / count(*) / 60",
        "talk_seconds IS NOT NULL",
    ),
    "web_basket": (
        "all_orders",
        """CAST(sum(net_amount) AS DOUBLE)
            / nullif(count(*) FILTER (net_amount >= 5), 0)""",
        "channel = 'web' AND net_amount IS NOT NULL AND coalesce(currency, 'EUR') = 'EUR'",
    ),
    "csat_five": (
        "response_answer", "100.0 * avg((coalesce(score, -1) = 5)::INT)", "question_id = 'csat5'",
    ),
}  # fmt: skip

Built = tuple[pl.DataFrame, duckdb.DuckDBPyConnection]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    config = project(segment_sets=SETS, kpis={"declared": DECLARED, "codes": list(DECLARED)})
    lake, drawn = Lake(Path(tmp_path_factory.mktemp("lake"))), company(5)
    values = published(lake, config, drawn)
    with connect(drawn) as connection:
        connection.execute(
            """CREATE VIEW all_orders AS SELECT e.*, coalesce(a.country, '(unknown)') AS country
                FROM (SELECT *, CAST(timezone('Europe/Paris', ordered_at) AS DATE) AS day
                      FROM erp_order) e
                LEFT JOIN crm_account a ON a.account_id = e.account_id
                    AND coalesce(a._valid_from, DATE '0001-01-01') <= e.day
                    AND e.day < coalesce(a._valid_to, DATE '9999-12-31');
            CREATE VIEW response_answer AS SELECT r.*, x.question_id, x.score
                FROM survey_answer x JOIN response r ON r.response_id = x.response_id"""
        )
        yield values, connection


def published(lake: Lake, config: Any, drawn: Company) -> pl.DataFrame:
    drawn.write(lake)
    build_states(lake, config, as_of=AS_OF)
    build_values(lake, config, as_of=AS_OF)
    return scan_published(lake, config)["kpi_value"][1].collect()


@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize("code", REFERENCE)
def test_value_equals_sql(built: Built, code: str, grain: str) -> None:
    values, connection = built
    view, value, where = REFERENCE[code]
    start = f"CAST(date_trunc('{grain}', day) AS DATE) AS period_start"
    queries = [
        f"SELECT {start}, '{name}' AS segment_set, {key} AS segment_key, {value} AS value "  # noqa: S608 names of this module, no input
        f"FROM {view} WHERE {where} GROUP BY ALL"
        for name, key in (("total", "'all'"), ("country", "country"))
    ]
    expected = pl.DataFrame(connection.sql(" UNION ALL ".join(queries)).to_arrow_table())
    found = values.filter(
        pl.col("kpi_code") == code,
        pl.col("period_grain") == grain,
        pl.col("segment_set").is_in(["total", "country"]),
    )
    assert expected.height > 0
    assert_frame_equal(
        found.select(*KEYS, "value"), expected, check_row_order=False, rel_tol=1e-9, abs_tol=1e-9
    )


def test_a_quotient_of_two_tables_is_cut_by_what_both_have(built: Built) -> None:
    values, connection = built
    found = values.filter(pl.col("kpi_code") == "calls_per_order", pl.col("period_grain") == "year")
    assert set(found["segment_set"]) == {"total", "country", "via"}
    calls, orders = connection.execute(
        """SELECT (SELECT count(*) FROM interactions WHERE channel = 'phone' AND year(day) = 2026),
            (SELECT count(*) FROM all_orders WHERE year(day) = 2026)"""
    ).fetchall()[0]
    row = found.filter(
        pl.col("segment_set") == "total", pl.col("period_start") == dt.date(2026, 1, 1)
    ).row(0, named=True)
    assert row["value"] == pytest.approx(100 * calls / orders)
    assert (row["numerator"], row["denominator"], row["n"]) == (calls, orders, orders)
    assert (row["ci_low"], row["ci_high"]) == (None, None)


def test_what_a_sum_lacks_is_excluded_with_its_reason(built: Built, tmp_path: Path) -> None:
    values, connection = built
    row = values.filter(
        pl.col("kpi_code") == "talk_per_contact", pl.col("period_grain") == "year",
        pl.col("segment_set") == "total", pl.col("period_start") == dt.date(2026, 1, 1),
    ).row(0, named=True)  # fmt: skip
    left_out = connection.execute(
        "SELECT count(*) FROM interactions WHERE talk_seconds IS NULL AND year(day) = 2026"
    ).fetchall()[0][0]
    assert row["excluded"] == left_out > 0


def test_another_definition_rebuilds_its_fact_alone() -> None:
    first = Plan(project(kpis={"declared": DECLARED}))
    other = DECLARED | {"web_share": kpi({"of": "erp_order"}, {"of": "erp_order"})}
    second = Plan(project(kpis={"declared": other}))
    assert first.state_signature("order") != second.state_signature("order")
    for fact in ("answer", "interaction", "lead"):
        assert first.state_signature(fact) == second.state_signature(fact)
