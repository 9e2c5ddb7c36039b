"""What a deployment is given agrees with what the repository itself runs with."""

import re
from pathlib import Path

import pytest
import yaml

from tests.deploy.deployed import DEPLOY, ROOT, directives, environment

SERVICES = ("cx-barometer-daemon", "cx-barometer-webserver", "cx-barometer-backup")


def _settings(folder: Path) -> dict[str, object]:
    found = yaml.safe_load((folder / "dagster.yaml").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def test_production_differs_by_its_storage_and_by_what_it_adds() -> None:
    own, production = _settings(ROOT), _settings(DEPLOY)
    assert set(own) <= set(production)
    for key in set(own) - {"storage", "run_monitoring"}:
        assert production[key] == own[key], key
    monitoring = {"poll_interval_seconds": 60}
    assert production["run_monitoring"] == own["run_monitoring"] | monitoring  # type: ignore[operator]
    launcher = {"module": "pipelines.run_launcher", "class": "WatchedRunLauncher"}
    assert production["run_launcher"] == launcher
    assert production["storage"] == {"postgres": {"postgres_url": {"env": "DAGSTER_STORAGE_DSN"}}}


def test_dagsters_storage_names_its_driver() -> None:
    """SQLAlchemy would choose another one, with which no event can be stored."""
    assert environment()["DAGSTER_STORAGE_DSN"].startswith("postgresql+psycopg2://")


@pytest.mark.parametrize("unit", SERVICES)
def test_services_are_confined(unit: str) -> None:
    found = directives(unit)
    assert found["User"] == "cx-barometer"
    assert found["ReadWritePaths"] == "/var/lib/cx-barometer"
    assert (found["UMask"], found["ProtectSystem"]) == ("0077", "strict")
    given = {"NoNewPrivileges", "PrivateTmp", "ProtectHome", "RestrictNamespaces"}
    assert {found[key] for key in given} == {"true"}


def test_no_secret_is_in_what_is_committed() -> None:
    for path in (DEPLOY / "environment.example", DEPLOY / "dagster.yaml", DEPLOY / "README.md"):
        for password in re.findall(r"://\w+:([^@\s]+)@", path.read_text(encoding="utf-8")):
            assert password == "PASSWORD", path  # noqa: S105
