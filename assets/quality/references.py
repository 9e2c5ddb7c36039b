"""Orphans: records whose reference points at nothing in the history of the table referred to.

Belongs here: which references can be judged, and counting their orphans. Does not belong here:
when a month is judged again (`assets.quality.records`).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from assets.history.read import scan_history
from assets.lake.layout import UNPLACED, Lake
from assets.quality.outcomes import Month, Outcome, is_amiss, limit_of, share_text, status_of
from schemas.config.project import Project
from schemas.config.quality import References
from schemas.registry import canonical
from schemas.table import Table

CHECK = "references"

_KEY = "_key"


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that points at another table.

    Attributes:
        column: Column that points.
        table: Table that it points at.
        key: Column there.
        is_parent: Whether the table holds the event; orphans then wait in month `unplaced`.
    """

    column: str
    table: str
    key: str
    is_parent: bool

    @property
    def subject(self) -> str:
        """How it is called in outcomes."""
        return f"{self.column} → {self.table}"


def references_of(table: Table, project: Project) -> tuple[Reference, ...]:
    """References that can be judged: some source fills the column, and the other table is fed."""
    fed = set(project.fed_tables())
    found = []
    for column in table.columns:
        if column.reference is None or not _is_filled(table, column.name, project):
            continue
        other, _, key = column.reference.partition(".")
        is_parent = table.parent == (other, (column.name,))
        if other in fed:
            found.append(Reference(column.name, other, key, is_parent))
    return tuple(found)


def _is_filled(table: Table, column: str, project: Project) -> bool:
    mappings = project.feeds(table.name)
    is_declared = bool(project.surveys) and table.name in {"survey", "survey_question"}
    return is_declared or any(column in mapping.columns for mapping in mappings.values())


@dataclass
class Keys:
    """The keys of the tables referred to, read once a run, eight bytes each."""

    lake: Lake
    _kept: dict[tuple[str, str], pl.DataFrame] = field(default_factory=dict)

    def of(self, reference: Reference) -> pl.DataFrame:
        """Hashes of all keys of the table referred to."""
        at = (reference.table, reference.key)
        if at not in self._kept:
            rows = scan_history(self.lake, canonical(reference.table))
            keys = rows.select(_hash(reference.key)).unique()
            self._kept[at] = keys.collect(engine="streaming")
        return self._kept[at]


def judge_references(
    rows: pl.LazyFrame,
    references: Sequence[Reference],
    month: Month,
    *,
    keys: Keys,
    cutoff: dt.date,
    limits: References,
) -> list[Outcome]:
    """One outcome per reference of a month.

    Args:
        rows: Records of the month, best as a scan.
        references: References that do not decide the month.
        month: Month.
        keys: Keys of the tables referred to.
        cutoff: Last day whose records count: parents of younger ones may still come.
        limits: Limits of the table.
    """
    found = []
    for reference in references:
        is_asked = (pl.col("_logical_date") <= cutoff) & pl.col(reference.column).is_not_null()
        counts = (
            rows.filter(is_asked)
            .group_by(reference.column)
            .agg(pl.len())
            .collect(engine="streaming")
        )
        met = counts.with_columns(_hash(reference.column))
        orphans = met.join(keys.of(reference), on=_KEY, how="anti")
        checked, amiss = (int(each["len"].sum()) for each in (counts, orphans))
        found.append(_outcome(reference, month, limits, checked=checked, orphans=amiss))
    return found


def judge_parent(
    reference: Reference, table: str, *, rows: int, orphans: int, limits: References
) -> Outcome:
    """The outcome of a child's reference to its parent: what waits in month `unplaced`.

    Args:
        reference: The reference.
        table: The child table.
        rows: Rows of all months, less those that wait and are too young to count.
        orphans: Rows that wait and are old enough.
        limits: Limits of the table.
    """
    month = Month(table, UNPLACED)
    return _outcome(reference, month, limits, checked=rows, orphans=orphans)


def count_due(rows: pl.LazyFrame, cutoff: dt.date) -> tuple[int, int]:
    """Rows up to a logical date, and rows after it."""
    due = pl.col("_logical_date") <= cutoff
    counts = rows.select(due=due.sum(), young=(~due).sum()).collect(engine="streaming")
    return int(counts["due"][0]), int(counts["young"][0])


def _outcome(
    reference: Reference, month: Month, limits: References, *, checked: int, orphans: int
) -> Outcome:
    observed = orphans / checked if checked else None
    status = status_of(observed, limits)
    return month.period | {
        "check_name": CHECK,
        "subject": reference.subject,
        "status": status,
        "observed": observed,
        "lower_limit": None,
        "upper_limit": limit_of(status, limits),
        "unit": "share",
        "rows_checked": checked,
        "rows_unexpected": orphans,
        "message": _message(reference, limits, checked=checked, orphans=orphans),
        "mend": _mend(reference, month) if is_amiss(status) else "",
    }


def _message(reference: Reference, limits: References, *, checked: int, orphans: int) -> str:
    if not checked:
        grace = f" that is {limits.grace_days} days old or older" if limits.grace_days else ""
        return f"no record with `{reference.column}`{grace}"
    waits = " and wait for it" if reference.is_parent else ""
    return f"{share_text(orphans, checked)} records point at no `{reference.table}`{waits}"


def _mend(reference: Reference, month: Month) -> str:
    sources = f"the extracts that feed `{reference.table}`"
    return (
        f"see whether {sources} are complete (`barometer status`, `barometer quarantine list`) "
        f"and whether `{reference.column}` of `{month.table}` is written as the key there (leading "
        "zeros, prefixes); parents that come later are taken in by themselves"
    )


def _hash(column: str) -> pl.Expr:
    """Of a million orphans, one passes for one of a billion keys once in twenty thousand runs."""
    return pl.col(column).hash(0).alias(_KEY)
