"""Reasons of the quarantine in words: what was expected, which key fills it, what to do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assets.core.redaction import CUSTOM, HIDDEN
from assets.transforms.mapping import NOT_IN_MAP, OFF_SCALE, UNREADABLE
from assets.transforms.reading import DATE_FORMATS
from schemas.config.mapping import ColumnMap, TableMap
from schemas.config.project import Project
from schemas.registry import canonical
from schemas.table import Column, Table

MISSING = "expect_column_values_to_not_be_null"
BETWEEN = "expect_column_values_to_be_between"

MAX_VALUES = 12
"""Allowed values that are told one by one."""

_AGAIN = "have the source deliver it again and `resubmit --pull`"
_CELLS = {"score": "scores", "choice": "choices", "text": "texts"}
_KINDS = {
    "integer": "a whole number",
    "number": "a number",
    "decimal": "a number",
    "boolean": "true or false",
    "date": "a date",
    "instant": "a date and time",
}
_EXPECTED = {
    MISSING: "a value: the column is mandatory",
    NOT_IN_MAP: "one of the values of the contract",
    BETWEEN: "a value within the range of the contract",
    OFF_SCALE: "a score on the scale of the question",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One reason of one refused row, or of many that have it in common.

    Attributes:
        table: Canonical table.
        source: Source of the row.
        column: Contract column, or `custom.<name>`.
        expectation: Expectation that was not met.
        found: What was found, redacted; None for nothing, or where it is not one value.
        question: Question of an answer, if it is one.
    """

    table: str
    source: str
    column: str
    expectation: str
    found: str | None = None
    question: str | None = None


def mapping_of(project: Project, table: str, source: str) -> TableMap | None:
    """The mapping that fills a table from a source; None if there no longer is one."""
    return project.feeds(table).get(source)


def expected(project: Project, fault: Fault) -> str:
    """What was expected, in words that go on "expected …"."""
    if _is_unmapped(project, fault):
        return "a value that `values` of the mapping has"
    if fault.expectation == UNREADABLE:
        column = _column(fault)
        return _KINDS.get(column.type, column.type) if column else "a readable value"
    in_words = fault.expectation.removeprefix("expect_").replace("_", " ")
    return _EXPECTED.get(fault.expectation, in_words)


def allowed(
    project: Project, fault: Fault, scales: Iterable[tuple[float | None, float | None]] = ()
) -> str | None:
    """What would have been accepted; None where that is not a matter of values.

    Args:
        project: The company's configuration.
        fault: The reason.
        scales: Least and greatest score of the question.
    """
    spec, column = _spec(project, fault), _column(fault)
    if fault.expectation == OFF_SCALE:
        return " or ".join(_range(low, high) for low, high in scales) or None
    if fault.expectation == UNREADABLE and column is not None:
        return _formats(column, spec)
    if _is_unmapped(project, fault) and spec is not None:
        return _listed(tuple(spec.values))
    if fault.expectation == NOT_IN_MAP and column is not None and column.allowed:
        return _listed(column.allowed)
    if fault.expectation == BETWEEN and column is not None:
        return _range(column.minimum, column.maximum)
    return None


def config_key(project: Project, fault: Fault) -> str:
    """Key path of barometer.yaml that fills the column."""
    table = f"sources.{fault.source}.tables.{fault.table}"
    mapping = mapping_of(project, fault.table, fault.source)
    if fault.column.startswith(CUSTOM):
        return f"{table}.{fault.column}"
    unpivot = mapping.unpivot if mapping else None
    if mapping is None or unpivot is None or fault.column in mapping.columns:
        return f"{table}.columns.{fault.column}"
    group = _CELLS.get(fault.column)
    if group is None:
        return f"{table}.unpivot"
    questions: dict[str, str] = getattr(unpivot, group)
    cells = [raw for raw, question in questions.items() if question == fault.question]
    return ".".join([table, "unpivot", group, *cells[:1]])


def remedy(project: Project, fault: Fault) -> str:  # noqa: PLR0911  one a kind of fault
    """What to do about it."""
    if mapping_of(project, fault.table, fault.source) is None:
        return "the configuration no longer fills this table from this source; nothing to mend"
    spec = _spec(project, fault)
    found = "the value" if fault.found in {None, HIDDEN} else repr(fault.found)
    if _is_unmapped(project, fault):
        return f"add {found} under `values`, or say `otherwise: keep` or `otherwise: null`"
    if fault.expectation == MISSING:
        looked_up = "see why the other extract lacks it, " if spec and spec.lookup else ""
        return f"{looked_up}{_AGAIN}, or say `if_null`, or map another column"
    if fault.expectation == NOT_IN_MAP:
        return f"map {found} to an allowed value under `values`, or {_AGAIN}"
    if fault.expectation == UNREADABLE:
        return f"{_reading(fault)}, or {_AGAIN}"
    if fault.expectation == OFF_SCALE:
        return _scale_remedy(project, fault)
    return f"{_AGAIN}; if the contract is wrong, mend it in schemas/"


def _scale_remedy(project: Project, fault: Fault) -> str:
    surveys = [name for name, one in project.surveys.items() if fault.question in one.questions]
    keys = [f"surveys.{name}.questions.{fault.question}" for name in surveys]
    if keys:
        return f"mend `scale` or `na_codes` under {' or '.join(keys)}, or {_AGAIN}"
    return f"have the question's scale or na_codes mended where it is defined, or {_AGAIN}"


def _reading(fault: Fault) -> str:
    """Which keys say how a text of the column's type is read."""
    if fault.found is not None and not fault.found.strip():
        return "the cell holds blanks only: add them to `null_values`"
    column = _column(fault)
    kind = column.type if column else ""
    if kind in {"date", "instant"}:
        keys = "`format` (and `skipped_hour`, where the clock changes)"
    elif kind == "boolean":
        keys = "`values`"
    else:
        keys = "`decimal` and `thousands`"
    return f"say how it is written by {keys}, or add it to `null_values` if it means nothing"


def _formats(column: Column, spec: ColumnMap | None) -> str:
    """How texts of the column are read."""
    given = spec.format if spec else ()
    if column.type in {"date", "instant"}:
        if given:
            return " or ".join(given)
        return DATE_FORMATS[0] if column.type == "date" else "ISO 8601, with or without offset"
    if column.type == "boolean":
        return "true/false, yes/no, t/f, y/n, 1/0"
    mark = spec.decimal if spec else "."
    thousands = f", thousands mark {spec.thousands!r}" if spec and spec.thousands else ""
    is_whole = column.type == "integer" and not (spec and spec.multiply)
    return "digits only" + thousands if is_whole else f"decimal mark {mark!r}{thousands}"


def _is_unmapped(project: Project, fault: Fault) -> bool:
    """Whether `values` of the mapping lacks the value, rather than the contract."""
    spec, column = _spec(project, fault), _column(fault)
    if fault.expectation != NOT_IN_MAP or spec is None or not spec.values:
        return False
    in_contract = column is None or not column.allowed or fault.found in column.allowed
    is_given = fault.found in spec.values.values() or spec.otherwise != "quarantine"
    return in_contract or not is_given


def _spec(project: Project, fault: Fault) -> ColumnMap | None:
    mapping = mapping_of(project, fault.table, fault.source)
    if mapping is None:
        return None
    if fault.column.startswith(CUSTOM):
        return mapping.custom.get(fault.column.removeprefix(CUSTOM))
    return mapping.columns.get(fault.column)


def _column(fault: Fault) -> Column | None:
    table: Table = canonical(fault.table)
    return next((one for one in table.columns if one.name == fault.column), None)


def _listed(values: Sequence[str]) -> str:
    told = ", ".join(values[:MAX_VALUES])
    return told if len(values) <= MAX_VALUES else f"{told}, … ({len(values)} in all)"


def _range(low: float | None, high: float | None) -> str:
    if high is None:
        return "any" if low is None else f"{low:g} or more"
    return f"{high:g} or less" if low is None else f"{low:g} … {high:g}"
