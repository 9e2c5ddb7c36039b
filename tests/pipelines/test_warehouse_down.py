"""A warehouse that cannot be reached stops the publish and no more; who is on call is told."""

import datetime as dt
import socket

import pytest

from tests.pipelines.company import Company
from tests.pipelines.conftest import Barometer
from tests.pipelines.listening import http_server

NEXT_DAY = "2025-02-02"


@pytest.fixture
def nobody() -> str:
    """A connection string that nothing answers at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"postgresql://cx_loader@127.0.0.1:{taken.getsockname()[1]}/db"


def test_the_rest_of_the_run_is_done_and_the_failure_told(
    loaded: Company, invoke: Barometer, nobody: str
) -> None:
    before = loaded.config.read_text(encoding="utf-8")
    loaded.deliver(NEXT_DAY)
    with http_server() as heard:
        there = (
            f"warehouse: {{kind: postgres, dsn: '{nobody}'}}\nalerts: {{webhook: '{heard.url}'}}"
        )
        loaded.configure(("version: 1", f"version: 1\n{there}"))
        result = invoke(loaded, "run")
        again = invoke(loaded, "run")
    assert result.exit_code == again.exit_code == 1
    assert "see whether the server runs" in result.output
    first, second = heard.messages
    assert [step["step"] for step in first["steps"]] == ["publish"]
    assert "127.0.0.1" in first["steps"][0]["reason"]
    assert (second["first"], second["last"]) == ("2025-01-30", NEXT_DAY)  # tries what is not shown

    loaded.config.write_text(before, encoding="utf-8")
    assert invoke(loaded, "run").exit_code == 0
    assert loaded.table("run_log")["as_of"].max() == dt.date.fromisoformat(NEXT_DAY)
