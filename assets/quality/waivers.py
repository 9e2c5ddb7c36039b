"""Waivers: a failed check let pass, by whom, why and until when. Kept for ever, one file each.

Belongs here: giving, taking back, reading and applying them. Does not belong here: what failed.
"""

import dataclasses
import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from assets.lake.atomic import atomic_path
from assets.lake.layout import Lake
from assets.lake.slot import fingerprint
from assets.transforms.quality.outcome import ERROR
from schemas.errors import QualityError
from schemas.quality import DATA_QUALITY_WAIVER

WAIVED = "waived"

_ABOUT = ("asset", "check_name", "subject", "source")


@dataclass(frozen=True, slots=True)
class Waiver:
    """One waiver; columns of `data_quality_waiver`.

    Attributes:
        period_start: Period that it is about; None for every period of the check.
        expires_on: Last day it holds, in the company's zone.
    """

    waiver_id: str
    asset: str
    check_name: str
    subject: str
    source: str
    period_start: dt.date | None
    reason: str
    author: str
    created_at: dt.datetime
    expires_on: dt.date
    revoked_at: dt.datetime | None = None
    revoked_by: str | None = None

    def holds(self, today: dt.date) -> bool:
        """Whether it lets checks pass on that day."""
        return self.revoked_at is None and today <= self.expires_on


def waiver_for(
    result: Mapping[str, Any],
    *,
    every_period: bool,
    reason: str,
    author: str,
    expires_on: dt.date,
    now: dt.datetime,
) -> Waiver:
    """A waiver of a failed check, not given yet.

    Args:
        result: Row of `data_quality_result`.
        every_period: Whether the same check of other periods passes, too.
        reason: Why.
        author: Who answers for it.
        expires_on: Last day it holds.
        now: Instant.

    Raises:
        QualityError: The result is no error, or reason or author is empty.
    """
    where = f"{result['check_name']} of {result['asset']} ({result['result_id']})"
    if result["status"] != ERROR:
        raise QualityError(
            "only an error blocks publish and can be waived",
            where=where,
            found=f"status {result['status']}",
            allowed=ERROR,
            mend="`barometer checks` lists the errors",
        )
    if not reason.strip() or not author.strip():
        raise QualityError(
            "a waiver names its reason and its author",
            where=where,
            found=f"reason {reason!r}, author {author!r}",
            allowed="texts that are not empty",
            mend="give --reason and --author",
        )
    period = None if every_period else result["period_start"]
    about = [result[name] for name in _ABOUT]
    return Waiver(
        waiver_id=fingerprint(about, period, author, now)[:8],
        asset=result["asset"],
        check_name=result["check_name"],
        subject=result["subject"],
        source=result["source"],
        period_start=period,
        reason=reason.strip(),
        author=author.strip(),
        created_at=now,
        expires_on=expires_on,
    )


def give(lake: Lake, waiver: Waiver, *, today: dt.date) -> None:
    """Put a waiver in force.

    Raises:
        QualityError: It would have expired.
    """
    if waiver.expires_on < today:
        raise QualityError(
            "the waiver would have expired",
            where=f"{waiver.check_name} of {waiver.asset}",
            found=f"until {waiver.expires_on}",
            allowed=f"{today} or later",
            mend="give a later --until",
        )
    _write(lake, waiver)


def revoke(lake: Lake, waiver_id: str, *, author: str, now: dt.datetime) -> Waiver:
    """Take a waiver back; it stays on record.

    Raises:
        QualityError: There is no such waiver, or it was taken back before.
    """
    known = {each.waiver_id: each for each in read_waivers(lake)}
    if waiver_id not in known or known[waiver_id].revoked_at is not None:
        standing = [name for name, each in known.items() if each.revoked_at is None]
        raise QualityError(
            f"no waiver {waiver_id!r} to take back",
            where=str(lake.waivers),
            allowed=", ".join(standing) or "none: there are no waivers",
            mend="`barometer checks --waivers` lists them",
        )
    revoked = dataclasses.replace(known[waiver_id], revoked_at=now, revoked_by=author)
    _write(lake, revoked)
    return revoked


def read_waivers(lake: Lake) -> list[Waiver]:
    """Every waiver ever given, oldest first.

    Raises:
        QualityError: A file cannot be read.
    """
    found = []
    for path in sorted(lake.waivers.glob("*.json")):
        try:
            found.append(_parsed(json.loads(path.read_text(encoding="utf-8"))))
        except (ValueError, TypeError, KeyError) as error:
            raise QualityError(
                "the waiver is damaged",
                where=str(path),
                found=str(error),
                allowed="a JSON object as `barometer waive` writes it",
                mend="delete the file and waive again, if it is still wanted",
            ) from error
    return sorted(found, key=lambda each: (each.created_at, each.waiver_id))


def apply_waivers(
    results: pl.DataFrame, waivers: Sequence[Waiver], *, today: dt.date
) -> pl.DataFrame:
    """Results with `waiver_id`, and the errors that a waiver covers as `waived`."""
    covers = pl.lit(None, dtype=pl.String)
    for each in waivers:
        if each.holds(today):
            match = pl.all_horizontal(pl.col(name) == getattr(each, name) for name in _ABOUT)
            if each.period_start is not None:
                match = match & (pl.col("period_start") == each.period_start)
            covers = pl.when(match).then(pl.lit(each.waiver_id)).otherwise(covers)
    is_waived = (pl.col("status") == ERROR) & pl.col("waiver_id").is_not_null()
    return results.with_columns(covers.alias("waiver_id")).with_columns(
        pl.when(is_waived).then(pl.lit(WAIVED)).otherwise(pl.col("status")).alias("status"),
        pl.when(is_waived).then(pl.col("waiver_id")).alias("waiver_id"),
    )


def waiver_rows(waivers: Sequence[Waiver]) -> pl.DataFrame:
    """Rows of `data_quality_waiver`."""
    rows = [dataclasses.asdict(each) for each in waivers]
    return pl.DataFrame(rows, schema=DATA_QUALITY_WAIVER.polars_schema())


def _write(lake: Lake, waiver: Waiver) -> None:
    lake.waivers.mkdir(parents=True, exist_ok=True)
    with atomic_path(lake.waivers / f"{waiver.waiver_id}.json") as temporary:
        text = json.dumps(dataclasses.asdict(waiver), indent=1, default=_iso, ensure_ascii=False)
        temporary.write_text(text, encoding="utf-8")


def _iso(value: dt.date) -> str:
    return value.isoformat()


def _parsed(stored: dict[str, str | None]) -> Waiver:
    instants = {name: _instant(stored[name]) for name in ("created_at", "revoked_at")}
    dates = {
        name: None if stored[name] is None else dt.date.fromisoformat(str(stored[name]))
        for name in ("period_start", "expires_on")
    }
    return Waiver(**{**stored, **instants, **dates})  # type: ignore[arg-type]  # checked by name


def _instant(text: str | None) -> dt.datetime | None:
    return None if text is None else dt.datetime.fromisoformat(text)
