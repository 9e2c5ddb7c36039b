"""Whether contracts and a company's own expectations can hold at all, found without data.

Belongs here: going through all tables and gathering every problem. Does not belong here: judging
data; importing Great Expectations, for this runs whenever definitions load.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from assets.gx_polars.expectation_kinds import COMPARED, SUPPORTED_EXPECTATIONS
from assets.gx_polars.suite_check import check_suite
from assets.gx_polars.type_expectations import TYPE_EXPECTATIONS, expected_types, is_of_type
from assets.quality.soundness.arguments import argument_problem
from assets.quality.soundness.contradictions import contradictions
from assets.quality.soundness.stated import Stated
from assets.quality.suites import history_schema
from schemas.config.project import Project
from schemas.errors import ContractError
from schemas.history_tables import TABLES as HISTORY
from schemas.operations import TABLES as OPERATIONS
from schemas.quality import TABLES as QUALITY
from schemas.registry import TABLES
from schemas.table import Expectation, Table
from schemas.warehouse import TABLES as WAREHOUSE

_IN_CONTRACT = "the Table is in schemas/"
_EVENT_TYPES = ("date", "instant")


def contract_problems(tables: Iterable[Table], project: Project) -> list[str]:
    """Everything wrong with contracts and with the company's own expectations.

    Args:
        tables: Contracts to look at.
        project: The company, whose `quality.tables.<table>.expectations` are looked at with the
            contracts of these tables.

    Returns:
        One text a problem, which names the table or the key path, the expectation, what was
        found, what is allowed and the mend; none if all is sound.
    """
    given = list(tables)
    published = (*WAREHOUSE, *HISTORY, *OPERATIONS, *QUALITY)
    known = {each.name: each for each in (*TABLES.values(), *published)}
    known |= {each.name: each for each in given}
    names = [each.name for each in given]
    problems = [
        f"table {name}: stated more than once; allowed is once. Drop one."
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    for table in given:
        problems += _structure_problems(table, known)
        problems += _expectation_problems(table, project)
    return problems


def refuse_unsound(tables: Iterable[Table], project: Project) -> None:
    """Refuse contracts and expectations that cannot hold.

    Raises:
        ContractError: There are problems; the message tells them all.
    """
    problems = contract_problems(tables, project)
    if problems:
        count = f"{len(problems)} problem" + ("s" if len(problems) > 1 else "")
        lines = "\n".join(f"  {problem}" for problem in problems)
        raise ContractError(f"contracts and expectations have {count}:\n{lines}")


def _structure_problems(table: Table, known: Mapping[str, Table]) -> Iterator[str]:
    """References, parents and events that lead nowhere."""
    for column in table.all_columns:
        where = f"table {table.name}: column {column.name!r}"
        if column.allowed and column.type == "map":
            yield f"{where}: allowed values on a map; allowed is a text. {_mend('Drop them')}"
        if column.reference:
            reason = _reference_problem(column.reference, column.type, known)
            if reason:
                yield f"{where}: reference {column.reference!r}: {reason}"
    if table.event and table.column(table.event).type not in _EVENT_TYPES:
        found = table.column(table.event).type
        mend = _mend("Name another event or correct its type")
        yield (
            f"table {table.name}: event {table.event!r} is of type {found}; allowed are "
            f"{', '.join(_EVENT_TYPES)}. {mend}"
        )
    if table.parent:
        for column_name in table.parent[1]:
            target = f"{table.parent[0]}.{column_name}"
            reason = _reference_problem(target, table.column(column_name).type, known)
            if reason:
                yield f"table {table.name}: parent {target!r}: {reason}"


def _reference_problem(reference: str, column_type: str, known: Mapping[str, Table]) -> str | None:
    name, _, target = reference.partition(".")
    if name not in known:
        mend = _mend("Correct the name")
        return f"there is no table {name!r}; allowed: {', '.join(known)}. {mend}"
    types = {column.name: column.type for column in known[name].columns}
    if target not in types:
        mend = _mend("Correct the name")
        return f"{name} has no column {target!r}; allowed: {', '.join(types)}. {mend}"
    if types[target] != column_type:
        mend = _mend("Correct one of the types")
        return (
            f"it is of type {types[target]}, the column of type {column_type}; allowed is one "
            f"type. {mend}"
        )
    return None


def _mend(what: str) -> str:
    return f"{what}: {_IN_CONTRACT}."


def _expectation_problems(table: Table, project: Project) -> Iterator[str]:
    """Expectations that cannot be evaluated, then those that cannot hold together."""
    is_published = table.domain == "warehouse"
    schema = table.polars_schema() if is_published else history_schema(table)
    sound = []
    for stated in _stated(table, project):
        problem = _problem_alone(stated, schema)
        if problem is None:
            sound.append(stated)
        else:
            yield f"{stated.where}: {problem}"
    yield from contradictions(sound, schema)


def _stated(table: Table, project: Project) -> Iterator[Stated]:
    own = project.quality.tables.get(table.name)
    of_contract = (*table.row_expectations(), *table.checks)
    for i, expectation in enumerate(of_contract):
        yield _at(f"table {table.name}", expectation, _IN_CONTRACT, position=i)
    for i, each in enumerate(own.expectations if own else ()):
        key = f"quality.tables.{table.name}.expectations[{i}]"
        expectation = Expectation(each.type, each.kwargs, each.severity)
        yield _at(key, expectation, "it is in barometer.yaml", position=len(of_contract) + i)


def _at(place: str, expectation: Expectation, mend: str, *, position: int) -> Stated:
    kwargs = expectation.kwargs
    named = [kwargs[key] for key in ("column", "column_A", "column_B") if key in kwargs]
    listed = kwargs.get("column_list")
    columns = [*named, *(listed if isinstance(listed, list | tuple) else ())]
    about = f" on {', '.join(repr(column) for column in columns)}" if columns else ""
    where = f"{place}: {expectation.type}{about}"
    return Stated(expectation.type, kwargs, where, mend, position)


def _problem_alone(stated: Stated, schema: pl.Schema) -> str | None:
    """What is wrong with one expectation, whatever the others are."""
    if stated.type in SUPPORTED_EXPECTATIONS:
        problem = argument_problem(stated.type, stated.kwargs)
        if problem is not None:
            return problem
    problem = _unevaluable(stated, schema)
    if problem is not None:
        return problem
    column = stated.kwargs.get("column")
    dtype = schema.get(column, None) if isinstance(column, str) else None
    if stated.type == "expect_column_to_exist" and dtype is None:
        return f"there is no such column; allowed: {', '.join(schema.names())}. Correct the name."
    if stated.type in COMPARED and dtype in {pl.String(), pl.Boolean()}:
        bound = next(stated.kwargs[key] for key in _bounds(stated.kwargs))
        return (
            f"bound {bound!r} on a column of {dtype}; allowed are columns of numbers, dates and "
            "instants. Expect a set, a length or a pattern instead."
        )
    if stated.type in TYPE_EXPECTATIONS and dtype is not None:
        return _type_problem(stated, dtype)
    return None


def _bounds(kwargs: Mapping[str, Any]) -> Sequence[str]:
    return [key for key in ("min_value", "max_value") if kwargs.get(key) is not None]


def _type_problem(stated: Stated, dtype: pl.DataType) -> str | None:
    names = expected_types(stated.type, stated.kwargs)
    if names is None or any(is_of_type(dtype, name) for name in names):
        return None
    return f"the column is of {dtype} and never of {', '.join(names)}. Name its type, or drop it."


def _unevaluable(stated: Stated, schema: pl.Schema) -> str | None:
    """What the engine says; arguments of any shape come from a file, and none of them raises."""
    try:
        found = check_suite([{"type": stated.type, "kwargs": stated.kwargs}], schema)
    except Exception as error:  # noqa: BLE001  a boundary: what is odd is a problem, not a crash
        reason = str(error).splitlines()[0] if str(error) else ""
        return (
            f"its arguments cannot be read ({type(error).__name__}: {reason}); found "
            f"{dict(stated.kwargs)!r}. Write them as Great Expectations documents them."
        )
    return found[0].message if found else None
