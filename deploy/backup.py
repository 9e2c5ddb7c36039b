# ruff: noqa: INP001  a script
"""Back up the lake and Dagster's storage, and restore them.

    backup.py make [TARGET]      into a folder of its own below TARGET, or BACKUP_TO
    backup.py restore SOURCE     that folder, into an empty lake and Dagster's database

TARGET and SOURCE are local folders or URLs such as s3://bucket/folder. `tar`, `flock`, and pg_dump
and pg_restore of the server's version or newer are needed. What readers see in the warehouse is not
backed up: `barometer run` publishes it from the lake. README.md shows the steps.
"""

import datetime as dt
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import fsspec
from psycopg.conninfo import conninfo_to_dict

LAKE, STORAGE, SUMS = "lake.tar", "dagster.dump", "SHA256SUMS"
PATIENCE_SECONDS = 3600
"""How long a backup waits for a run to end."""


def make(target: str) -> str:
    """Write a backup; one without the file of sums is not whole.

    Returns:
        Where it is.
    """
    lake = Path(os.environ["BAROMETER_DATA_DIR"])
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:  # on disk
        work = Path(folder)
        # nothing writes while this holds the lake; a run that starts meanwhile is tried once more
        held = ["flock", "--timeout", str(PATIENCE_SECONDS), lake / ".lock"]
        left_out = ["--exclude=./scratch", "--exclude=./.lock"]
        _run([*held, "tar", "-C", lake, *left_out, "-cf", work / LAKE, "."])
        _run(["pg_dump", "--format=custom", "--file", work / STORAGE])
        sums = [f"{_sum(work / name)}  {name}\n" for name in (LAKE, STORAGE)]
        (work / SUMS).write_text("".join(sums), encoding="utf-8")
        place = f"{target.rstrip('/')}/{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}"
        store, path = fsspec.url_to_fs(place)
        store.makedirs(path, exist_ok=True)
        for name in (LAKE, STORAGE, SUMS):  # the sums go last
            store.put_file(str(work / name), f"{path}/{name}")
    return place


def restore(source: str) -> None:
    """Bring a backup back."""
    lake = Path(os.environ["BAROMETER_DATA_DIR"])
    if lake.exists() and any(lake.iterdir()):
        sys.exit(f"{lake} is not empty: stop the services and move away what is in it")
    store, path = fsspec.url_to_fs(source.rstrip("/"))
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:  # on disk
        work = Path(folder)
        for name in (SUMS, LAKE, STORAGE):
            store.get_file(f"{path}/{name}", str(work / name))
        for line in (work / SUMS).read_text(encoding="utf-8").splitlines():
            expected, name = line.split()
            if _sum(work / name) != expected:
                sys.exit(f"{source}/{name} is not what was backed up: take another backup")
        whole = ["--clean", "--if-exists", "--no-owner", "--single-transaction"]
        database = os.environ | _libpq()
        _run(["pg_restore", *whole, f"--dbname={database['PGDATABASE']}", work / STORAGE])
        lake.mkdir(mode=0o700, exist_ok=True)
        _run(["tar", "-C", lake, "-xf", work / LAKE])


def _run(command: list[str | Path]) -> None:
    subprocess.run(command, env=os.environ | _libpq(), check=True)  # noqa: S603  our own commands


def _libpq() -> dict[str, str]:
    """Dagster's database as libpq's variables: a command line would show the password to all."""
    scheme, _, rest = os.environ["DAGSTER_STORAGE_DSN"].partition("://")
    parts = conninfo_to_dict(f"{scheme.partition('+')[0]}://{rest}")
    parts["database"] = parts.pop("dbname")
    return {f"PG{key.upper()}": str(value) for key, value in parts.items()}


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["make"]:
            print(make(os.environ["BACKUP_TO"]))  # noqa: T201  a script
        case ["make", target]:
            print(make(target))  # noqa: T201
        case ["restore", source]:
            restore(source)
        case _:
            sys.exit(__doc__)
