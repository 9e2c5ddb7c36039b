"""The suite of a table: everything its records are expected to meet, for Great Expectations.

Belongs here: gathering a table's expectations from its contract and from barometer.yaml, and
naming them. Does not belong here: evaluating them (`assets.quality.contracts`).
"""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from assets.transforms.timelines import VALID_FROM, VALID_TO
from assets.transforms.versions import CLOSED_ON
from schemas.config.project import Project
from schemas.config.quality import Severity
from schemas.table import Expectation, Table

Suite = tuple[dict[str, Any], ...]

SEVERITIES: Mapping[Severity, str] = {"error": "critical", "warn": "warning"}
"""Severity here → severity in Great Expectations."""

_AUDIT_MEND = (
    "the records passed under another contract, or were changed behind the pipeline's back: load "
    "their dates again with `barometer run --from … --to …`"
)
_KEY_MEND = (
    "the history is damaged: report it; `barometer run` over the dates of the month mends it"
)


def suite(table: Table, project: Project) -> Suite:
    """All expectations of a table's records, each as `type`, `kwargs`, `severity` and `meta`.

    First those of the contract (by row, the key, of the month as a whole), then the company's own.

    Args:
        table: Canonical table.
        project: The company's configuration.

    Returns:
        Expectations in the form that Great Expectations stores them. `meta` has the `subject`, by
        which the expectation is known in results, its `origin` (`contract` or `company`) and
        `mend`, what to do where it is not met.
    """
    own = project.quality.tables.get(table.name)
    given = [(rule, "contract") for rule in _of_contract(table)]
    given += [
        (Expectation(rule.type, rule.kwargs, rule.severity, rule.mend or ""), "company")
        for rule in (own.expectations if own else ())
    ]
    found: list[dict[str, Any]] = []
    times: dict[str, int] = {}
    for rule, origin in given:
        subject = _subject(rule)
        times[subject] = times.get(subject, 0) + 1
        if times[subject] > 1:
            subject = f"{subject} #{times[subject]}"
        meta = {"subject": subject, "origin": origin, "mend": rule.mend}
        severity = SEVERITIES[rule.severity]
        kwargs = dict(rule.kwargs)
        found.append({"type": rule.type, "kwargs": kwargs, "severity": severity, "meta": meta})
    return tuple(found)


def history_schema(table: Table) -> pl.Schema:
    """Columns of the records that a suite is evaluated on."""
    extra = {CLOSED_ON: pl.Date()}
    if table.history == "versions":
        extra |= {VALID_FROM: pl.Date(), VALID_TO: pl.Date()}
    return pl.Schema({**table.polars_schema(), **extra})


def _of_contract(table: Table) -> Iterator[Expectation]:
    for rule in table.row_expectations():
        yield Expectation(rule.type, rule.kwargs, rule.severity, rule.mend or _AUDIT_MEND)
    yield _unique_key(table)
    yield from table.checks


def _unique_key(table: Table) -> Expectation:
    """A key occurs once in a month; of versions, the key with the day from which each holds."""
    key = [*table.key, *([VALID_FROM] if table.history == "versions" else [])]
    if len(key) == 1:
        return Expectation("expect_column_values_to_be_unique", {"column": key[0]}, mend=_KEY_MEND)
    # null is a value of a key like any other
    kwargs = {"column_list": key, "ignore_row_if": "never"}
    return Expectation("expect_compound_columns_to_be_unique", kwargs, mend=_KEY_MEND)


def _subject(rule: Expectation) -> str:
    kwargs = rule.kwargs
    named = [kwargs[name] for name in ("column", "column_A", "column_B") if kwargs.get(name)]
    columns = ", ".join(map(str, [*named, *kwargs.get("column_list", ())]))
    return f"{rule.type} {columns}".strip()
