"""A publisher killed at any moment: readers have the old or the new publish, the next run mends."""

import random
import signal
from typing import Any

import psycopg

from tests.assets.publish.postgres.conftest import Warehouse
from tests.assets.publish.postgres.contents import WHOLE, contents
from tests.processes import processes

BY_STEP, BY_CLOCK = 100, 10


def _killed_publish(warehouse: Warehouse, number: int, **how: float | None) -> int:
    from tests.assets.publish.postgres.killed import publish_and_die

    config = warehouse().config
    settings = config.model_dump(by_alias=True) | {"dsn": config.dsn.get_secret_value()}  # type: ignore[union-attr]
    process = processes().Process(target=publish_and_die, args=[settings, number], kwargs=how)
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def test_killed_between_any_two_steps_and_by_the_clock(
    warehouse: Warehouse, admin: "psycopg.Connection[Any]"
) -> None:
    target = warehouse()
    query = WHOLE.format(target.config.schema_name).encode()
    target.publish(contents(0), "p0")
    chosen = random.Random(7)
    shown, outcomes = 0, {"old": 0, "new": 0}
    points: list[dict[str, float | None]] = [
        {"step": 1 + number // 2, "after": number % 2} for number in range(BY_STEP)
    ]
    points += [{"seconds": chosen.uniform(0, 0.25)} for _ in range(BY_CLOCK)]
    for number, point in enumerate(points, start=1):
        code = _killed_publish(warehouse, number, **point)
        assert code in (0, -signal.SIGKILL)
        row = admin.execute(query).fetchone()
        is_new = row == (10, 1, 1, True, f"p{number}")
        assert is_new or row == (10, 1, 1, True, f"p{shown}"), (point, row)
        outcomes["new" if is_new else "old"] += 1
        shown = number if is_new else shown
        if number % 5 == 0:  # others are mended by the next one, killed as it may be
            target.publish(contents(number), f"p{number}")
            assert admin.execute(query).fetchone() == (10, 1, 1, True, f"p{number}")
            shown = number
    assert min(outcomes.values()) > 10, outcomes
    target.publish(contents(-1), "p-1")
    target.publish(contents(-2), "p-2")
    target.publish(contents(-3), "p-3")
    left = admin.execute(
        "SELECT count(*) FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'r'",
        [target.config.data_schema],
    ).fetchone()
    assert left == (1 + 1 + 2 * 3,)  # the list of publishes, the fixed chunk, two a kept publish
