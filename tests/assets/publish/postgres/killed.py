"""A publish in a process of its own that kills itself at a chosen step or moment."""

import os
import signal
import threading
import time
from typing import Any

import adbc_driver_manager.dbapi
import psycopg

from assets.publish.postgres.warehouse import PostgresWarehouse
from schemas.config.warehouse import WarehouseConfig
from tests.assets.publish.postgres.contents import contents

_STEPS = [
    (psycopg.Connection, "execute"),
    (adbc_driver_manager.dbapi.Cursor, "execute"),
    (adbc_driver_manager.dbapi.Cursor, "adbc_ingest"),
    (adbc_driver_manager.dbapi.Connection, "commit"),
]
"""What is asked of the server goes through these."""


def publish_and_die(
    settings: dict[str, Any],
    number: int,
    *,
    step: int | None = None,
    after: int = 0,
    seconds: float | None = None,
) -> None:
    """Publish `p<number>`; be killed before or after that step, or after that time."""
    if step is not None:
        _count_down(step, is_after=bool(after))
    if seconds is not None:
        threading.Thread(target=_die_in, args=[seconds], daemon=True).start()
    config = WarehouseConfig.model_validate(settings)
    PostgresWarehouse.of(config).publish(contents(number), f"p{number}")


def _die_in(seconds: float) -> None:
    time.sleep(seconds)
    os.kill(os.getpid(), signal.SIGKILL)


def _count_down(step: int, *, is_after: bool) -> None:
    """Wrap every way to the server; the process dies at the step of that number."""
    left = [step]

    def wrapped(original: Any) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            left[0] -= 1
            is_last = left[0] == 0
            if is_last and not is_after:
                os.kill(os.getpid(), signal.SIGKILL)
            found = original(*given, **named)
            if is_last:
                os.kill(os.getpid(), signal.SIGKILL)
            return found

        return call

    for owner, name in _STEPS:
        setattr(owner, name, wrapped(getattr(owner, name)))
