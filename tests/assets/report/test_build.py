"""The file: written once per publish, whole, and small however large the company."""

from pathlib import Path

import duckdb
import polars as pl
import pytest

from assets.lake.layout import Lake
from assets.report import build
from assets.report.build import make_report
from assets.report.headlines import refuse_unknown_headlines
from assets.report.page import page
from schemas.errors import ConfigError, PublishError
from tests.assets.report.frames import MONTHS, edition, kpi, project, row, segment

MOST_BYTES = 3_000_000


def _warehouse(lake: Lake, publish_id: str) -> None:
    """A warehouse with one value of the whole company in two months."""
    told = edition([row(month, value=5.0) for month in MONTHS]).published
    values = told.totals.with_columns(pl.lit("month").alias("period_grain"))
    tables = {
        "kpi_value": values.drop("label", "segment"),
        "dim_period": values.select("period_grain", "period_start", "label"),
        "dim_segment": values.select("segment_set", "segment_key", label="segment").unique(),
        "dim_kpi": told.kpis,
        "run_log": pl.DataFrame([told.run]).with_columns(publish_id=pl.lit(publish_id)),
        "source_status": pl.DataFrame({"source": ["s"], "is_stale": [False], "rows_raw": [1],
                                       "dates_loaded": [1], "last_loaded_on": [None]}),
        "quarantine_summary": _empty("table_name", "column_name", "expectation", "rows"),
        "data_quality_result": _empty(
            "status", "period_start", "asset", "check_name", "subject", "message", "mend"
        ),
        "kpi_restatement": _empty("reasons", "segment_set", "known_at", "kpi_code")
        .with_columns(values.select("period_grain", "period_start").clear()),
        "kpi_inventory": _empty("status", "kpi_code"),
    }  # fmt: skip
    lake.warehouse.parent.mkdir(parents=True, exist_ok=True)
    lake.warehouse.unlink(missing_ok=True)
    with duckdb.connect(str(lake.warehouse)) as connection:
        for name, frame in tables.items():
            connection.register("rows_", frame.to_arrow())
            connection.sql("SELECT * FROM rows_").create(name)
            connection.unregister("rows_")


def _empty(*columns: str) -> pl.DataFrame:
    schema = {name: pl.Int64() if name == "rows" else pl.String() for name in columns}
    return pl.DataFrame(schema=schema)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path)
    _warehouse(lake, "p1")
    return lake


def test_a_publish_has_one_report(lake: Lake) -> None:
    first = make_report(lake, project())
    written = lake.report.read_bytes()
    again = make_report(lake, project())
    assert (first.is_new, again.is_new) == (True, False)
    assert first.size_bytes == again.size_bytes == len(written)
    assert (first.publish_id, first.headlines) == ("p1", ("nps",))
    assert lake.report.read_bytes() == written


def test_another_publish_or_another_language_makes_it_anew(lake: Lake) -> None:
    make_report(lake, project())
    _warehouse(lake, "p2")
    assert make_report(lake, project()).is_new
    assert make_report(lake, project(language="fr")).is_new
    assert 'lang="fr"' in lake.report.read_text(encoding="utf-8")


def test_the_same_publish_makes_the_same_bytes(lake: Lake) -> None:
    make_report(lake, project())
    first = lake.report.read_bytes()
    lake.report.unlink()
    make_report(lake, project())
    assert lake.report.read_bytes() == first


def test_a_report_that_cannot_be_made_leaves_the_one_before(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_report(lake, project())
    before = lake.report.read_bytes()

    def broken(*_: object, **__: object) -> str:
        raise OSError(28, "no space left on device")

    monkeypatch.setattr(build, "page", broken)
    with pytest.raises(OSError, match="no space"):
        make_report(lake, project(language="fr"))
    assert lake.report.read_bytes() == before
    assert list(lake.report.parent.iterdir()) == [lake.report]


def test_a_warehouse_that_cannot_be_read_is_told(lake: Lake) -> None:
    lake.warehouse.write_bytes(b"no database")
    with pytest.raises(PublishError, match="warehouse cannot be read"):
        make_report(lake, project())


def test_a_large_company_makes_no_large_file() -> None:
    codes = [f"k{place}" for place in range(8)]
    sets = [f"set_{place}" for place in range(8)]
    totals = [row(month, kpi_code=code, value=1.0) for code in codes for month in MONTHS[:1]]
    segments = [
        segment(f"segment {place}", segment_set=one, period_start=totals[0]["period_start"],
                kpi_code=code, value=float(place), n=place, ci_low=0.0, ci_high=60.0)
        for code in codes for one in sets for place in range(50)
    ]  # fmt: skip
    large = edition(totals, segments, kpis=[kpi(code) for code in codes], headline=codes, sets=sets)
    assert len(page(large, generator="g").encode()) < MOST_BYTES


def test_headlines_that_are_not_published_are_refused() -> None:
    refuse_unknown_headlines(project(headline=["nps", "csat"]))
    with pytest.raises(ConfigError, match=r"report\.headline\.1") as raised:
        refuse_unknown_headlines(project(headline=["nps", "npss"]))
    assert "npss" in str(raised.value)


def test_sets_that_are_not_declared_are_refused() -> None:
    with pytest.raises(ValueError, match=r"report\.segment_sets: no segment set 'by_tier'"):
        project(segment_sets=["by_tier"])
