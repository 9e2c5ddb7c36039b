"""The report of what is published to a real PostgreSQL says what that of the DuckDB file says."""

import dataclasses
from collections.abc import Iterator

import pytest
from polars.testing import assert_frame_equal

from assets.report.published import Published, read_published
from assets.report.reading import asking
from pipelines.config import load_project
from schemas.errors import PublishError
from tests.pipelines.company import Company
from tests.pipelines.conftest import Barometer
from tests.postgres import postgres_server

_WAREHOUSE = "version: 1\nwarehouse: {kind: postgres, dsn: '${BAROMETER_DSN}'}"


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    with postgres_server() as uri:
        yield uri


def _read(company: Company) -> Published:
    project = load_project(company.config, company.environment)
    with asking(company.lake, project) as ask:
        return read_published(ask, "month", 13)


def test_both_warehouses_are_read_alike(
    loaded: Company, invoke: Barometer, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded = _read(loaded)
    monkeypatch.setenv("BAROMETER_DSN", dsn)
    loaded.configure(("version: 1", _WAREHOUSE))
    loaded.lake.report.unlink()
    result = invoke(loaded, "run")
    assert result.exit_code == 0, result.output
    served = _read(loaded)
    assert embedded.totals.height > 0
    assert embedded.segments.height > 0
    assert_frame_equal(served.totals, embedded.totals, check_dtypes=False)
    assert_frame_equal(served.segments, embedded.segments, check_dtypes=False)
    stamp = "publish_id"
    assert_frame_equal(served.kpis.drop(stamp), embedded.kpis.drop(stamp), check_dtypes=False)
    for field in dataclasses.fields(embedded.quality):
        assert _told(served, field.name) == _told(embedded, field.name), field.name
    assert served.run is not None
    assert str(served.run["publish_id"]) in loaded.lake.report.read_text(encoding="utf-8")


def _told(published: Published, name: str) -> object:
    """A part of the state of the data, less the publish that its rows name."""
    found = getattr(published.quality, name)
    if isinstance(found, int):
        return found
    return [{key: value for key, value in row.items() if "publish_id" not in key} for row in found]


def test_a_server_that_cannot_be_reached_is_told_without_its_password(
    loaded: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAROMETER_DSN", "postgresql://u:open-sesame@127.0.0.1:1/db")
    loaded.configure(("version: 1", _WAREHOUSE))
    with pytest.raises(PublishError) as raised:
        _read(loaded)
    assert "for the report" in str(raised.value)
    assert "open-sesame" not in str(raised.value)
