"""Core partitions made by hand, and the history they must give, row by row in plain Python."""

import contextlib
import datetime as dt
import json
import zoneinfo
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import pytest

from assets.history.merge import MergeReport, merge_table, rebuild_table
from assets.history.read import scan_history
from assets.lake.layout import Lake
from assets.lake.slot import Draft, Slot
from schemas.registry import canonical

ZONE = "Europe/Paris"
START = dt.date(2026, 3, 1)

Row = dict[str, Any]


def day(number: int) -> dt.date:
    return START + dt.timedelta(days=number)


def instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@dataclass(frozen=True)
class Extract:
    """Content of one core partition."""

    rows: Sequence[Row] = ()
    mode: str = "incremental"
    refused: Sequence[Row] = field(default=())


def frame(table: str, source: str, date: dt.date, rows: Iterable[Row]) -> pl.DataFrame:
    schema = canonical(table).polars_schema()
    lineage = {"_source": source, "_source_file": f"{source}-{date}.csv", "_logical_date": date}
    full = [{**lineage, "_row_number": number, **row} for number, row in enumerate(rows, start=1)]
    return pl.DataFrame(full, schema=schema)


def put(lake: Lake, table: str, source: str, date: dt.date, extract: Extract) -> None:
    """Write one core partition as the core layer does."""
    slot = lake.core(table, source, date)
    with slot.replace(repr(extract)) as draft:
        frame(table, source, date, extract.rows).write_parquet(draft.path("accepted.parquet"))
        if extract.refused:
            keys = [json.dumps(row, default=str) for row in extract.refused]
            pl.DataFrame({"key": keys}).write_parquet(draft.path("quarantined.parquet"))
        draft.facts["mode"] = extract.mode
        draft.facts["accepted"] = len(extract.rows)


def put_rows(
    lake: Lake, table: str, date: dt.date, rows: Sequence[Row], *, mode: str = "incremental"
) -> None:
    put(lake, table, "main", date, Extract(rows, mode))


def merge(lake: Lake, table: str, dates: Iterable[dt.date] | None = None) -> MergeReport:
    return merge_table(lake, canonical(table), time_zone=ZONE, dates=dates)


def rebuild(lake: Lake, table: str) -> MergeReport:
    return rebuild_table(lake, canonical(table), time_zone=ZONE)


def history(lake: Lake, table: str, *months: str) -> pl.DataFrame:
    return scan_history(lake, canonical(table), months or None).collect()


def keys(lake: Lake, table: str, column: str) -> dict[str, list[Any]]:
    """Every month's values of a column, ascending."""
    return {name: sorted(rows.get_column(column)) for name, rows in months(lake, table).items()}


def order(name: str, at: str, status: str = "new") -> Row:
    return {"order_id": name, "account_id": "a", "ordered_at": instant(at), "status": status}


def line(name: str, number: int = 1, product: str = "p") -> Row:
    return {"order_id": name, "line_number": number, "product_id": product}


def months(lake: Lake, table: str) -> dict[str, pl.DataFrame]:
    """Every month's rows."""
    names = lake.history_months(table)
    committed = [name for name in names if lake.history(table, name).receipt() is not None]
    return {name: history(lake, table, name) for name in committed}


def contents(lake: Lake, table: str) -> dict[str, str]:
    """Every month's fingerprint."""
    receipts = {name: lake.history(table, name).receipt() for name in lake.history_months(table)}
    return {name: receipt.content for name, receipt in receipts.items() if receipt}


class KilledError(BaseException):
    """Stands for a kill: nothing may catch it."""


@contextlib.contextmanager
def killed_at(commit: int) -> Iterator[None]:
    """Kill the run at its n-th commit or removal of a slot, odd ones before, even ones after."""
    left = [commit // 2]
    is_before = commit % 2 == 1
    replace, remove = Slot.replace, Slot.remove

    @contextlib.contextmanager
    def replace_or_die(slot: Slot, inputs: str) -> Iterator[Draft]:
        left[0] -= 1
        with replace(slot, inputs) as draft:
            yield draft
            if left[0] < 0 and is_before:
                raise KilledError
        if left[0] < 0:
            raise KilledError

    def remove_or_die(slot: Slot) -> None:
        left[0] -= 1
        if left[0] < 0:
            if not is_before:
                (slot.folder / "receipt.json").unlink(missing_ok=True)
            raise KilledError
        remove(slot)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Slot, "replace", replace_or_die)
        patch.setattr(Slot, "remove", remove_or_die)
        with contextlib.suppress(KilledError):
            yield


def assert_same_history(found: Lake, expected: Lake, table: str) -> None:
    left, right = months(found, table), months(expected, table)
    if "all" in left and left["all"].is_empty():
        del left["all"]  # it keeps the change log
    assert sorted(left) == sorted(right)
    for name, rows in right.items():
        assert left[name].equals(rows), f"{table} {name}:\n{left[name]}\n{rows}"


Core = Mapping[tuple[dt.date, str], Extract]


def expected_items(core: Core, key: Sequence[str], content: Sequence[str]) -> list[Row]:
    """What the partitions of a table say, worked out row by row."""
    found: list[Row] = []
    standing: dict[str, dict[tuple[Any, ...], Row]] = {}
    for (date, source), extract in sorted(core.items()):
        rows = [
            {
                "_logical_date": date, "_source": source, "_source_file": f"{source}-{date}.csv",
                "_row_number": number, "_closed_on": None, **row,
            }
            for number, row in enumerate(extract.rows, start=1)
        ]  # fmt: skip
        if extract.mode == "incremental":
            found += rows
            continue
        before = standing.get(source, {})
        after: dict[tuple[Any, ...], Row] = {}
        for row in rows:
            identity = _identity(row, key)
            old = before.get(identity)
            if old is None or any(old.get(name) != row.get(name) for name in content):
                found.append(row)
                after[identity] = row
            else:
                after[identity] = old
        unknown = {_identity(row, key) for row in extract.refused}
        for identity, row in before.items():
            if identity not in after and identity in unknown:
                after[identity] = row
            elif identity not in after:
                row["_closed_on"] = date
        standing[source] = after
    return found


def expected_latest(core: Core, key: Sequence[str], content: Sequence[str]) -> list[Row]:
    best: dict[tuple[Any, ...], Row] = {}
    for row in expected_items(core, key, content):
        identity = _identity(row, key)
        if identity not in best or version(row) > version(best[identity]):
            best[identity] = row
    return sorted(best.values(), key=version)


def version(row: Row) -> tuple[Any, ...]:
    return row["_logical_date"], row["_source"], row["_source_file"], row["_row_number"]


def _identity(row: Row, key: Sequence[str]) -> tuple[Any, ...]:
    return tuple(row.get(name) for name in key)


def expected_versions(core: Core, key: Sequence[str], content: Sequence[str]) -> list[Row]:
    """Versions of every key with their ranges, in stored order."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in sorted(expected_items(core, key, content), key=version):
        groups.setdefault(_identity(row, key), []).append(row)
    found: list[Row] = []
    for rows in groups.values():
        last_of_date = list({row["_logical_date"]: row for row in rows}.values())
        runs: list[Row] = []
        for row in last_of_date:
            before = runs[-1] if runs else None
            if (
                before
                and before["_source"] == row["_source"]
                and before["_closed_on"] is None
                and all(before.get(name) == row.get(name) for name in content)
            ):
                before["_closed_on"] = row["_closed_on"]
            else:
                runs.append(dict(row))
        for index, row in enumerate(runs):
            row["_valid_from"] = row["_logical_date"] if index else None
            following = runs[index + 1]["_logical_date"] if index + 1 < len(runs) else None
            bounds = [date for date in (following, row["_closed_on"]) if date]
            row["_valid_to"] = min(bounds, default=None)
        found += runs
    return sorted(found, key=version)


def expected_months(rows: Iterable[Row], event: str) -> dict[str, str]:
    zone = zoneinfo.ZoneInfo(ZONE)
    return {row["order_id"]: row[event].astimezone(zone).strftime("%Y-%m") for row in rows}
