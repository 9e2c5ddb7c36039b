import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from assets.lake.layout import Lake
from assets.quality.waivers import (
    Waiver,
    apply_waivers,
    give,
    read_waivers,
    revoke,
    waiver_for,
    waiver_rows,
)
from schemas.errors import QualityError
from schemas.quality import DATA_QUALITY_RESULT, DATA_QUALITY_WAIVER

NOW = dt.datetime(2026, 3, 10, 8, tzinfo=dt.UTC)
TODAY = dt.date(2026, 3, 10)


def result(**changes: Any) -> dict[str, Any]:
    row = dict.fromkeys(DATA_QUALITY_RESULT.polars_schema().names()) | {
        "result_id": "abc",
        "asset": "raw/orders",
        "check_name": "volume",
        "subject": "",
        "source": "orders",
        "period_grain": "day",
        "period_start": dt.date(2026, 3, 9),
        "status": "error",
        "unit": "ratio",
        "rows_checked": 3,
        "message": "3 rows",
        "mend": "look",
    }
    return row | changes


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=DATA_QUALITY_RESULT.polars_schema())


def waiver(**changes: Any) -> Waiver:
    given: dict[str, Any] = {
        "every_period": False,
        "reason": "bank holiday",
        "author": "on call",
        "expires_on": dt.date(2026, 3, 12),
        "now": NOW,
    }
    of = changes.pop("of", None) or result()
    return waiver_for(of, **(given | changes))


def status_of(results: pl.DataFrame, waivers: list[Waiver], today: dt.date = TODAY) -> list[str]:
    return apply_waivers(results, waivers, today=today)["status"].to_list()


def test_a_waived_error_is_waived_by_name_and_no_other_result_is() -> None:
    results = frame(
        result(),
        result(period_start=dt.date(2026, 3, 8)),
        result(source="other", asset="raw/other"),
        result(status="warn"),
    )
    given = waiver()
    found = apply_waivers(results, [given], today=TODAY)
    assert found["status"].to_list() == ["waived", "error", "error", "warn"]
    assert found["waiver_id"].to_list() == [given.waiver_id, None, None, None]


def test_a_waiver_of_every_period_covers_the_others() -> None:
    results = frame(result(), result(period_start=dt.date(2026, 3, 8)), result(subject="region"))
    assert status_of(results, [waiver(every_period=True)]) == ["waived", "waived", "error"]


def test_results_without_a_period_can_be_waived() -> None:
    fresh = result(check_name="freshness", period_grain="all", period_start=None)
    assert status_of(frame(fresh), [waiver(of=fresh)]) == ["waived"]


def test_it_holds_up_to_its_last_day() -> None:
    results = frame(result())
    assert status_of(results, [waiver()], dt.date(2026, 3, 12)) == ["waived"]
    assert status_of(results, [waiver()], dt.date(2026, 3, 13)) == ["error"]


def test_it_is_on_record_with_reason_author_and_expiry(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    given = waiver(every_period=True)
    give(lake, given, today=TODAY)
    assert read_waivers(lake) == [given]
    rows = waiver_rows(read_waivers(lake))
    assert rows.schema == DATA_QUALITY_WAIVER.polars_schema()
    row = rows.row(0, named=True)
    assert (row["reason"], row["author"]) == ("bank holiday", "on call")
    assert (row["expires_on"], row["period_start"]) == (dt.date(2026, 3, 12), None)
    assert row["created_at"] == NOW


def test_taken_back_it_blocks_again_and_stays_on_record(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    given = waiver()
    give(lake, given, today=TODAY)
    revoke(lake, given.waiver_id, author="lead", now=NOW)
    [stored] = read_waivers(lake)
    assert (stored.revoked_by, stored.revoked_at, stored.reason) == ("lead", NOW, "bank holiday")
    assert status_of(frame(result()), [stored]) == ["error"]
    with pytest.raises(QualityError, match="no waiver"):
        revoke(lake, given.waiver_id, author="lead", now=NOW)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"of": result(status="warn")}, "status warn"),
        ({"of": result(status="waived")}, "status waived"),
        ({"reason": " "}, "--reason"),
        ({"author": ""}, "--author"),
    ],
)
def test_what_cannot_be_waived_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(QualityError, match=told):
        waiver(**changes)


def test_one_that_would_have_expired_is_refused(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    with pytest.raises(QualityError, match="2026-03-10 or later"):
        give(lake, waiver(expires_on=dt.date(2026, 3, 9)), today=TODAY)
    assert read_waivers(lake) == []


@pytest.mark.parametrize("text", ["{", "[]", '{"waiver_id": "x"}', '{"created_at": 3}'])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    lake = Lake(tmp_path)
    lake.waivers.mkdir()
    (lake.waivers / "x.json").write_text(text)
    with pytest.raises(QualityError, match=r"x\.json: the waiver is damaged"):
        read_waivers(lake)
