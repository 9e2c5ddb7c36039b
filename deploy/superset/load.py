"""Set up Superset's own database and import a bundle; run with Superset's Python.

`load.py BUNDLE` can be run again: what is set up stays, and what the bundle holds takes the place
of what an earlier one held.
"""

# ruff: noqa: INP001  a script of its own, in no package

import contextlib
import io
import logging
import os
import secrets
import sys
from pathlib import Path
from zipfile import ZipFile

USER = "admin"
PASSWORD_FILE = "password"  # noqa: S105  a file's name
AS_DASHBOARD = "type: Dashboard"
AS_ASSETS = "type: assets"
"""Superset overwrites the charts and datasets of a dashboard only where they come as assets."""


def main(bundle: Path, address: str) -> None:
    """Set up what is not there yet, import the bundle, and tell where it is to be seen."""
    home = Path(os.environ["SUPERSET_HOME"])
    logging.disable(logging.ERROR)
    # Superset says much on its way up that is no news here; what goes wrong is raised
    with contextlib.redirect_stdout(io.StringIO()):
        from superset.app import create_app

        with create_app().app_context():
            if not _is_set_up(home):
                _set_up(home)
            slug = _import(bundle)
    password = (home / PASSWORD_FILE).read_text(encoding="utf-8")
    print(f"Superset: {address}/superset/dashboard/{slug}/")  # noqa: T201
    print(f"  user {USER}, password {password}; it listens on this machine alone")  # noqa: T201


def _is_set_up(home: Path) -> bool:
    """Whether this version of Superset has been set up here, to its end."""
    stamp = home / "set_up"
    return stamp.exists() and stamp.read_text(encoding="utf-8") == _version()


def _set_up(home: Path) -> None:
    """Tables, roles and the user; the stamp comes last."""
    import flask_migrate
    from superset import appbuilder, security_manager

    flask_migrate.upgrade()
    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()
    if security_manager.find_user(username=USER) is None:
        password = secrets.token_urlsafe(9)
        role = security_manager.find_role("Admin")
        made = security_manager.add_user(USER, "CX", "Barometer", "admin@localhost", role, password)
        if not made:
            raise SystemExit("Superset refused to make its first user")
        _write_private(home / PASSWORD_FILE, password)
    (home / "set_up").write_text(_version(), encoding="utf-8")


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _version() -> str:
    from importlib.metadata import version

    return version("apache-superset")


def _import(bundle: Path) -> str:
    """Import everything in the bundle over what is there; tell the dashboard's slug."""
    import yaml
    from superset import security_manager
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.commands.importers.v1.utils import METADATA_FILE_NAME, get_contents_from_bundle
    from superset.utils.core import override_user

    with ZipFile(bundle) as opened:
        contents = get_contents_from_bundle(opened)
    metadata = contents[METADATA_FILE_NAME]
    contents[METADATA_FILE_NAME] = metadata.replace(AS_DASHBOARD, AS_ASSETS)
    with override_user(security_manager.find_user(username=USER)):
        ImportAssetsCommand(contents).run()
    dashboards = [name for name in contents if name.startswith("dashboards/")]
    return str(yaml.safe_load(contents[dashboards[0]])["slug"])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
