"""Where a company publishes to, as its configuration says it."""

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.config.warehouse import WarehouseConfig

WRONG = [
    pytest.param({"kind": "postgres"}, "needs a connection string", id="no dsn"),
    pytest.param({"kind": "postgres", "dsn": ""}, "needs a connection string", id="empty dsn"),
    pytest.param({"schema": "pg_mine"}, "PostgreSQL's own", id="reserved schema"),
    pytest.param({"schema": 'a"b'}, "should match pattern", id="no name"),
    pytest.param({"keep_publishes": 1}, "greater than or equal to 2", id="nothing to go back to"),
    pytest.param({"lock_timeout_seconds": 1}, "less than 1", id="as long as deadlocks take"),
]


@pytest.mark.parametrize(("given", "message"), WRONG)
def test_what_cannot_be_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        WarehouseConfig.model_validate(given)


def test_a_file_needs_nothing() -> None:
    config = WarehouseConfig()
    assert (config.kind, config.schema_name, config.data_schema) == (
        "duckdb", "cx_barometer", "cx_barometer_data"
    )  # fmt: skip
