from pathlib import Path

import polars as pl
import pytest

from assets.lake.layout import Lake
from tests.assets.history.builder import (
    contents,
    day,
    history,
    instant,
    merge,
    months,
    put_rows,
    rebuild,
)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def order(name: str, at: str, **more: object) -> dict[str, object]:
    return {"order_id": name, "account_id": "a", "ordered_at": instant(at), **more}


def test_smoke(lake: Lake) -> None:
    put_rows(
        lake, "erp_order", day(0), [order("1", "2026-03-31T22:30"), order("2", "2026-03-31T21:30")]
    )
    report = merge(lake, "erp_order")
    print(report)
    put_rows(
        lake,
        "erp_order_line",
        day(0),
        [{"order_id": "1", "line_number": 1}, {"order_id": "3", "line_number": 1}],
    )
    print(merge(lake, "erp_order_line"))
    put_rows(
        lake, "erp_order", day(1), [order("1", "2026-02-01T22:30"), order("3", "2026-03-31T21:30")]
    )
    print(merge(lake, "erp_order"))
    print(merge(lake, "erp_order_line"))
    print(months(lake, "erp_order_line"))
    before = contents(lake, "erp_order_line")
    print(merge(lake, "erp_order_line"))
    print(rebuild(lake, "erp_order_line"))
    assert before == contents(lake, "erp_order_line")
    put_rows(
        lake,
        "crm_account",
        day(0),
        [{"account_id": "1", "tier": "x"}, {"account_id": "2", "tier": "x"}],
    )
    put_rows(
        lake,
        "crm_account",
        day(1),
        [{"account_id": "1", "tier": "y"}, {"account_id": "2", "tier": "x"}],
    )
    print(merge(lake, "crm_account"))
    put_rows(
        lake,
        "crm_account",
        day(3),
        [{"account_id": "1", "tier": "z"}, {"account_id": "3", "tier": "x"}],
    )
    print(merge(lake, "crm_account"))
    with pl.Config(tbl_cols=30):
        print(history(lake, "crm_account").select("account_id", "tier", "_valid_from", "_valid_to"))
    print(pl.read_parquet(lake.history("crm_account", "all").path("changes.parquet")))
    print(rebuild(lake, "crm_account"))
