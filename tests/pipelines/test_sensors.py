"""The sensor asks for days whose files are all there, and new or changed."""

import datetime as dt

import dagster as dg
import pytest

from pipelines.config import load_project
from pipelines.dates import yesterday
from pipelines.definitions import build_definitions
from pipelines.sensors import LOOK_BACK_DAYS, pending_days
from tests.pipelines.company import DAYS, Company
from tests.pipelines.conftest import Barometer

TODAY = dt.date(2025, 2, 3)
NEW = "2025-02-02"


def _asked(company: Company, today: dt.date = TODAY) -> list[str | None]:
    project = load_project(company.config, {})
    return [request.partition_key for request in pending_days(project, company.lake, today=today)]


def _keys(company: Company) -> list[str | None]:
    project = load_project(company.config, {})
    return [request.run_key for request in pending_days(project, company.lake, today=TODAY)]


def test_every_complete_day_is_asked_for_oldest_first(company: Company) -> None:
    assert _asked(company) == list(DAYS)


def test_nothing_is_asked_for_once_it_is_loaded(loaded_once: Company) -> None:
    assert _asked(loaded_once) == []


def test_a_day_is_not_asked_for_while_a_mandatory_file_is_missing(loaded: Company) -> None:
    loaded.deliver(NEW)
    loaded.withdraw(f"orders_{NEW}.csv")
    assert _asked(loaded) == []
    loaded.deliver_orders(NEW)
    assert _asked(loaded) == [NEW]


def test_a_day_is_asked_for_without_a_file_that_may_be_missing(loaded: Company) -> None:
    loaded.deliver(NEW)
    loaded.withdraw(f"answers_{NEW}.csv")
    assert _asked(loaded) == [NEW]


def test_a_file_that_comes_late_is_asked_for(loaded: Company, invoke: Barometer) -> None:
    loaded.deliver(NEW)
    loaded.withdraw(f"answers_{NEW}.csv")
    invoke(loaded, "run")
    assert _asked(loaded) == []
    loaded.deliver_answers(NEW)
    assert _asked(loaded) == [NEW]


def test_a_changed_file_is_asked_for_under_another_key(loaded: Company) -> None:
    loaded.deliver(NEW)
    before = _keys(loaded)
    assert before == _keys(loaded)
    loaded.deliver_orders(NEW, amount="1234.00")
    assert _keys(loaded) != before
    loaded.deliver_orders(DAYS[0], amount="1234.00")
    assert _asked(loaded) == [DAYS[0], NEW]


def test_only_the_last_days_are_looked_at(company: Company) -> None:
    first = dt.date.fromisoformat(DAYS[0])
    assert _asked(company, first + dt.timedelta(LOOK_BACK_DAYS)) == list(DAYS)
    assert _asked(company, first + dt.timedelta(LOOK_BACK_DAYS + 1)) == list(DAYS[1:])
    assert _asked(company, first) == []


def test_a_source_that_cannot_be_listed_is_looked_at_again_later(company: Company) -> None:
    company.extracts.rename(company.folder / "unmounted")
    assert _asked(company) == []


@pytest.mark.parametrize("is_there", [False, True])
def test_dagster_evaluates_it(company: Company, *, is_there: bool) -> None:
    project = load_project(company.config, {})
    ended = yesterday(project, now=dt.datetime.now(dt.UTC)).isoformat()
    if is_there:
        company.deliver(ended)
    repository = build_definitions(project, company.lake.root).get_repository_def()
    context = dg.build_sensor_context(repository_def=repository)
    data = repository.get_sensor_def("new_files").evaluate_tick(context)
    asked = [one.partition_key for one in data.run_requests or ()]
    assert asked == ([ended] if is_there else [])
    assert (data.skip_message is None) == is_there
