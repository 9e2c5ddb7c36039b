"""What may be shown of a refused row outside of the lake, and what is hidden.

Personal are the raw columns that fill a canonical column with a PII class, in any table of the
source; those that are matched with such a column of another source; and the free texts of a wide
survey. Shown are only cells that fill a column without PII class and are not personal.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from schemas.config.mapping import CELLS, ColumnMap, TableMap
from schemas.config.project import Project
from schemas.registry import canonical

HIDDEN = "•••"
"""Stands for a cell that is not shown."""

CUSTOM = "custom."
"""Begins the names of the company's own attributes in reasons."""

_GROUPS = {"_score": "scores", "_choice": "choices", "_text": "texts"}

_EMAIL = re.compile(r"[^\s@<>\"',;:()\[\]]+@[^\s@<>\"',;:()\[\]]+")
_NUMBER = re.compile(r"(?<![\w.,])(?:\+|00)?\(?\d[\d\s().\-/\u00a0\u2009\u202f]{5,}\d(?![\w])")
_DATE = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d[-/.]\d{1,2}(?:[-/.]\d{1,2})?|\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)\d\d)"
    r"(?:[ T]\d{1,2}:\d\d(?::\d\d)?)?(?!\d)"
)
_SEPARATORS = re.compile(r"[^\d+]+")
_NATIONAL = re.compile(r"0[1-9]\d{7,10}")
_INTERNATIONAL = re.compile(r"(?:\+|00)[1-9]\d{6,14}")
_SHORTEST, _LONGEST = 9, 15
"""Digits of a telephone number that neither a + nor a 0 tells."""
_GROUPS_OF_DIGITS = 3
"""And into how many groups it is parted at least; whole numbers are taken for ids."""


@dataclass(frozen=True, slots=True)
class Redaction:
    """What is shown and what is hidden of the refused rows of one source.

    Attributes:
        shown: Raw columns whose cells may be shown.
        hidden: `table.column` whose values are hidden, besides those with a PII class; own
            attributes as `table.custom.name`.
        identifiers: Raw columns among `shown` that fill keys and references: ids of digits only
            are not taken for telephone numbers there.
    """

    shown: frozenset[str]
    hidden: frozenset[str]
    identifiers: frozenset[str] = frozenset()

    def is_hidden(self, table: str, column: str) -> bool:
        """Whether what was found in a column of a table is not to be shown."""
        return f"{table}.{column}" in self.hidden or is_personal(table, column)

    def value(self, table: str, column: str, found: str | None) -> str | None:
        """A value of a contract column, as it may be shown."""
        if found is None:
            return None
        if self.is_hidden(table, column):
            return HIDDEN
        return masked(found, is_identifier=_is_identifier(table, column))

    def row(self, raw: dict[str, Any]) -> dict[str, Any]:
        """A row as extracted, the cells hidden that may not be shown."""
        return {
            masked(name): self._cell(name, cell) if name in self.shown else HIDDEN
            for name, cell in raw.items()
        }

    def _cell(self, name: str, cell: Any) -> Any:
        if isinstance(cell, str):
            return masked(cell, is_identifier=name in self.identifiers)
        if isinstance(cell, dict):
            return {member: self._cell(name, one) for member, one in cell.items()}
        if isinstance(cell, list):
            return [self._cell(name, one) for one in cell]
        return cell


def redaction_of(project: Project, source: str) -> Redaction:
    """What to hide of a source; everything, if the configuration no longer has it."""
    if source not in project.sources:
        return Redaction(frozenset(), frozenset())
    personal = _personal_cells(project, source)
    shown: set[str] = set()
    hidden: set[str] = set()
    identifiers: set[str] = set()
    for table, column, spec, cells in _origins(project, source):
        lookup = spec.lookup
        is_fetched = lookup and lookup.take in _declared_cells(project, lookup.source)
        if is_fetched or is_personal(table, column) or not personal.isdisjoint(cells):
            hidden.add(f"{table}.{column}")
        else:
            shown.update(cells)
            identifiers.update(cells if _is_identifier(table, column) else ())
    return Redaction(frozenset(shown - personal), frozenset(hidden), frozenset(identifiers))


def masked(text: str, *, is_identifier: bool = False) -> str:
    """The text without what looks like an e-mail address or a telephone number.

    Args:
        text: Any text.
        is_identifier: Whether digits without a + and without separators are an id.
    """
    without = _EMAIL.sub(HIDDEN, text)
    return _NUMBER.sub(lambda match: _masked_number(match, is_identifier), without)


def _masked_number(match: re.Match[str], is_identifier: bool) -> str:  # noqa: FBT001  as given
    if is_identifier and match.group().isdigit():
        return match.group()
    found = match.group()
    rest = _DATE.sub(" ", found)
    compact = _SEPARATORS.sub("", rest)
    groups = re.findall(r"\d+", rest)
    if any(_INTERNATIONAL.fullmatch(one) or _NATIONAL.fullmatch(one) for one in (compact, *groups)):
        return HIDDEN
    digits = sum(map(len, groups))
    return HIDDEN if len(groups) >= _GROUPS_OF_DIGITS and _SHORTEST <= digits <= _LONGEST else found


def _personal_cells(project: Project, source: str) -> set[str]:
    found = _declared_cells(project, source)
    for _, _, spec, cells in _origins(project, source):
        lookup = spec.lookup
        if lookup and lookup.match in _declared_cells(project, lookup.source):
            found.update(cells)
    return found


def _declared_cells(project: Project, source: str) -> set[str]:
    """Raw columns of a source that fill a column with a PII class."""
    found: set[str] = set()
    for table, column, _, cells in _origins(project, source):
        if is_personal(table, column):
            found.update(cells)
    for mapping in project.sources[source].tables.values():
        if mapping.unpivot:
            found.update(mapping.unpivot.texts)
    return found


def is_personal(table: str, column: str) -> bool:
    """Whether a canonical column has a PII class."""
    return any(one.name == column and one.pii for one in canonical(table).columns)


def _is_identifier(table: str, column: str) -> bool:
    contract = canonical(table)
    return column in contract.key or any(
        one.name == column and one.reference for one in contract.columns
    )


def _origins(
    project: Project, source: str
) -> Iterator[tuple[str, str, ColumnMap, tuple[str, ...]]]:
    """Table, column, its mapping, and the raw columns that fill it."""
    for table, mapping in project.sources[source].tables.items():
        for column, spec in _specs(mapping).items():
            cells = [raw for name in spec.raw_columns for raw in _raw_columns(mapping, name)]
            yield table, column, spec, tuple(cells)


def _specs(mapping: TableMap) -> dict[str, ColumnMap]:
    specs = {**mapping.columns, **{CUSTOM + name: one for name, one in mapping.custom.items()}}
    if mapping.unpivot:
        for column, cell in CELLS.items():
            specs.setdefault(column, ColumnMap.model_validate({"from": cell}))
    return specs


def _raw_columns(mapping: TableMap, name: str) -> tuple[str, ...]:
    """Columns of the extract behind a name in a mapping, which may be a cell of an unpivot."""
    if mapping.unpivot is None or name not in CELLS.values():
        return (name,)
    group = _GROUPS.get(name)
    return tuple(getattr(mapping.unpivot, group)) if group else ()
