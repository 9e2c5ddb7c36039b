"""The predicted value under contract equals SQL and beta functions, for every segment set."""

import datetime as dt
import math
import random
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.optimize import minimize
from scipy.special import betaln

from assets.kpi.lifetime import scan_assumptions
from assets.kpi.states import build_states
from assets.kpi.tables import scan_exclusions, scan_values
from assets.kpi.values import build_values
from assets.lake.layout import Lake
from tests.assets.kpi.company import Table
from tests.assets.kpi.histories import frame, project, write_dimension, write_month

LAST = dt.date(2025, 3, 17)
RATE = 0.08
YEAR = dt.timedelta(days=365)
PROJECT = project(
    ["crm_account", "crm_contract", "erp_order"],
    segment_sets={"country": ["country"], "both": ["country", "custom.vip"]},
    kpis={
        "codes": ["clv_predicted"],
        "churn": {"basis": "contracts"},
        "periods": {"rolling": []},
        "lifetime": {"horizon_months": 30, "annual_discount_rate": RATE, "renewal_months": 6},
    },
)
Built = tuple[Lake, duckdb.DuckDBPyConnection]

RUNS = """
    WITH stepped AS (
        SELECT *, CASE WHEN begins <= max(until) OVER (
            PARTITION BY account_id ORDER BY begins, until
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) + 1 THEN 0 ELSE 1 END AS step
        FROM contract WHERE account_id IS NOT NULL AND finish = f.finish
            AND begins <= finish AND until >= begins
    ), numbered AS (
        SELECT *, sum(step) OVER (PARTITION BY account_id ORDER BY begins, until) AS run
        FROM stepped
    )
    SELECT account_id, min(begins) AS begins, max(until) >= finish AS is_on,
        datesub('month', min(begins), least(max(until), finish)) // 6 AS made
    FROM numbered GROUP BY account_id, run, finish
"""


def contracts(draw: random.Random) -> Table:
    """Contracts of half a year that are renewed or not, open ones, and some without amounts."""
    rows: Table = []
    for number in range(260):
        account = None if number % 50 == 0 else f"a{number}"
        begin = dt.date(2022, draw.randrange(1, 13), draw.randrange(1, 28))
        leave = draw.betavariate(0.5, 1.2)
        terms = 1
        while terms < 9 and draw.random() > leave:
            terms += 1
        months = begin.month - 1 + 6 * terms
        end = begin.replace(year=begin.year + months // 12, month=months % 12 + 1)
        rows.append(
            {
                "contract_id": f"c{number}",
                "account_id": account,
                "starts_on": begin,
                "ends_on": end - dt.timedelta(days=1) if terms < 9 else None,
                "kind": "subscription",
                "recurring_amount": None if number % 37 == 0 else draw.randrange(100, 9999) / 100,
                "recurring_unit": "month",
                "currency": "USD" if number % 41 == 0 else "EUR",
            }
        )
    # a second contract beside the first, and one that follows it without a gap
    rows += [
        {**row, "contract_id": f"d{number}", "starts_on": row["ends_on"] + dt.timedelta(days=1),
         "ends_on": row["ends_on"] + YEAR}
        for number, row in enumerate(rows[1:20]) if row["ends_on"]
    ]  # fmt: skip
    return rows


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """Values of a company of contracts, and the database that holds its tables."""
    lake, draw = Lake(Path(tmp_path_factory.mktemp("lake"))), random.Random(4)
    rows = contracts(draw)
    months: dict[str, Table] = {}
    for row in rows:
        months.setdefault(row["starts_on"].strftime("%Y-%m"), []).append(row)
    for month, own in months.items():
        write_month(lake, "crm_contract", month, own)
    accounts = [
        {
            "account_id": f"a{number}",
            "country": draw.choice(["FR", "DE", None]),
            "custom": draw.choice([None, '{"vip":"yes"}']),
        }
        for number in range(255)
    ]
    write_dimension(lake, "crm_account", accounts)
    build_states(lake, PROJECT, as_of=LAST)
    build_values(lake, PROJECT, as_of=LAST)
    with duckdb.connect() as connection:
        for name, table in (("crm_contract", rows), ("crm_account", accounts)):
            connection.register(f"_{name}", frame(name, table).to_arrow())
        connection.execute(f"""
            CREATE TABLE contract AS
            SELECT account_id, starts_on AS begins, coalesce(ends_on, DATE '9999-12-29') AS until,
                recurring_amount AS amount, currency = 'USD' AS unrated, finish
            FROM _crm_contract, (SELECT unnest([DATE '2024-12-31', DATE '{LAST}']) AS finish);
            CREATE TABLE run AS SELECT r.*, f.finish FROM
                (SELECT DISTINCT finish FROM contract) f,
                LATERAL ({RUNS}) r;
            CREATE TABLE customer AS
            SELECT r.account_id, r.finish, made, coalesce(country, '(unknown)') AS country,
                coalesce(custom->>'$.vip', '(unknown)') AS vip, monthly,
                date_diff('day', r.finish,
                    CAST(r.begins + to_months(CAST(6 * (made + 1) AS INTEGER)) AS DATE)) AS days,
                datesub('month', r.begins, CAST(r.finish + INTERVAL 30 MONTH AS DATE)) // 6 - made
                    AS ahead
            FROM run r JOIN (
                SELECT account_id, finish, CAST(sum(amount) AS DOUBLE) AS monthly
                FROM contract WHERE begins <= finish AND until >= finish
                GROUP BY ALL HAVING count(amount) = count(*) AND NOT bool_or(unrated)
            ) c ON c.account_id = r.account_id AND c.finish = r.finish
            LEFT JOIN _crm_account a ON a.account_id = r.account_id
            WHERE is_on
        """)  # noqa: S608 names of this module, no input
        yield lake, connection


def report(lake: Lake, grain: str, start: dt.date) -> dict[str, float]:
    rows = scan_assumptions(lake).filter(
        pl.col("period_grain") == grain, pl.col("period_start") == start
    )
    return rows.select(pl.col("alpha", "beta").max()).collect().row(0, named=True)


PERIODS = [
    ("month", dt.date(2024, 12, 1), dt.date(2024, 12, 31)),
    ("quarter", dt.date(2024, 10, 1), dt.date(2024, 12, 31)),
    ("year", dt.date(2024, 1, 1), dt.date(2024, 12, 31)),
    ("month", dt.date(2025, 3, 1), LAST),
    ("quarter", dt.date(2025, 1, 1), LAST),
    ("year", dt.date(2025, 1, 1), LAST),
]


@pytest.mark.parametrize(("grain", "start", "finish"), PERIODS)
def test_value_equals_beta_functions(
    built: Built, grain: str, start: dt.date, finish: dt.date
) -> None:
    lake, connection = built
    fit = report(lake, grain, start)
    rows = connection.sql(f"FROM customer WHERE finish = DATE '{finish}'").to_arrow_table()

    def worth(one: dict[str, float]) -> float:
        found = 0.0
        for ahead in range(1, int(one["ahead"]) + 1):
            share = math.exp(
                betaln(fit["alpha"], fit["beta"] + one["made"] + ahead)
                - betaln(fit["alpha"], fit["beta"] + one["made"])
            )
            found += share * (1 + RATE) ** (-one["days"] / 365 - (ahead - 1) / 2)
        return found * one["monthly"] * 6

    each = pl.DataFrame(rows)
    valued = each.with_columns(
        pl.Series("worth", [worth(one) for one in each.rows(named=True)]),
        pl.lit("all").alias("total"),
        (pl.col("country") + "|" + pl.col("vip")).alias("both"),
    )
    right = pl.concat(
        valued.group_by(pl.col(name).alias("segment_key"))
        .agg(pl.len().cast(pl.Int64).alias("n"), pl.col("worth").mean().alias("value"))
        .select(pl.lit(name).alias("segment_set"), "segment_key", "n", "value")
        for name in ("total", "country", "both")
    )
    found = scan_values(lake).filter(
        pl.col("period_grain") == grain, pl.col("period_start") == start
    )
    assert_frame_equal(
        found.select("segment_set", "segment_key", "n", "value").collect(), right,
        check_row_order=False, rel_tol=1e-9, abs_tol=1e-9,
    )  # fmt: skip


def test_parameters_are_most_likely_given_the_renewals_that_sql_counts(built: Built) -> None:
    lake, connection = built
    query = "SELECT made, is_on, count(*) FROM run WHERE finish = ? GROUP BY ALL"
    ends = connection.execute(query, [LAST]).fetchall()

    def loss(point: list[float]) -> float:
        alpha, beta = math.exp(point[0]), math.exp(point[1])
        found = 0.0
        for made, is_on, n in ends:
            # still there after so many renewals, or left at the next one
            kept = betaln(alpha, beta + made) - betaln(alpha, beta)
            left = betaln(alpha + 1, beta + made) - betaln(alpha, beta)
            found -= n * (kept if is_on else left)
        return float(found)

    best = minimize(loss, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    fit = report(lake, "year", dt.date(2025, 1, 1))
    assert [fit["alpha"], fit["beta"]] == pytest.approx(
        [math.exp(value) for value in best.x], rel=1e-5
    )


def test_who_is_left_out_is_counted(built: Built) -> None:
    where = (
        (pl.col("period_grain") == "year")
        & (pl.col("period_start") == dt.date(2025, 1, 1))
        & (pl.col("segment_set") == "total")
    )
    counts = dict(
        scan_exclusions(built[0]).filter(where).select("reason", "count").collect().rows()
    )
    query = """
        SELECT count(*) FILTER (account_id IS NULL),
            count(DISTINCT account_id) FILTER (unrated),
            count(DISTINCT account_id) FILTER (amount IS NULL AND NOT unrated)
        FROM contract WHERE finish = ? AND begins <= finish AND until >= finish
    """
    right = built[1].execute(query, [LAST]).fetchall()
    names = ("no_account", "no_rate", "no_amount")
    assert counts == {name: n for name, n in zip(names, right[0], strict=True) if n}
    assert "no_account" in counts
