"""Row conditions (``row_condition``, ``condition_parser``) as Polars expressions.

Belongs here: reading the three forms that Great Expectations 1.24 accepts: its condition objects
(also as the dictionaries that a stored suite holds), its own short grammar
(``col("x") > 3``), and pandas query strings.
Does not belong here: what is expected of the rows that the condition keeps; importing GX.

A row whose condition is null is left out, as a comparison with a missing value is false in pandas.
"""

import ast
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import polars as pl

from assets.gx_polars.errors import InvalidRowConditionError
from assets.gx_polars.values import SuiteValue, is_member, is_within, named

_GX_PARSERS: Final = frozenset({"great_expectations", "great_expectations__experimental__"})
_GX_GRAMMAR: Final = re.compile(
    r"""^\s*col\("(?P<column>[^"]+)"\)\s*
    (?: (?P<notnull>\.notnull\(\))
      | (?P<op>==|!=|<=|>=|<|>)\s*
        (?: (?P<number>[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)
          | (?:date\(\s*)?(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)')\s*\)? ) )\s*$""",
    re.VERBOSE,
)
_BACKTICKED: Final = re.compile(r"`([^`]+)`")
_AST_OPERATORS: Final[Mapping[type[ast.cmpop], str]] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "IN",
    ast.NotIn: "NOT_IN",
}
_FLIPPED: Final[Mapping[str, str]] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_BETWEEN_COLUMNS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def rows_selected(kwargs: Mapping[str, Any]) -> pl.Expr | None:
    """The rows that an expectation is about, or ``None`` where it is about all of them.

    Args:
        kwargs: The expectation's arguments; ``row_condition`` and ``condition_parser`` are read.

    Returns:
        A boolean expression, never null.

    Raises:
        InvalidRowConditionError: If the condition cannot be read.
    """
    condition = kwargs.get("row_condition")
    if condition is None or condition == "":
        return None
    if isinstance(condition, str):
        return _from_text(condition, kwargs.get("condition_parser"))
    if hasattr(condition, "dict"):
        condition = condition.dict()
    if not isinstance(condition, Mapping):
        raise InvalidRowConditionError(
            f"row_condition is a {type(condition).__name__}; allowed are a condition object, its"
            " dictionary or a string. Write for instance"
            ' {"type": "nullity", "column": {"name": "x"}, "is_null": false}.'
        )
    return _from_mapping(condition)


def _from_text(condition: str, parser: object) -> pl.Expr:
    if parser in _GX_PARSERS:
        return _from_gx_grammar(condition)
    if parser == "pandas":
        return _from_query(condition)
    raise InvalidRowConditionError(
        f"row_condition {condition!r} has condition_parser {parser!r}; allowed are"
        " 'great_expectations' and 'pandas'. Name one of them or use a condition object."
    )


def _from_mapping(condition: Mapping[str, Any]) -> pl.Expr:
    match condition.get("type"):
        case "comparison":
            return compare(
                _column_name(condition),
                str(getattr(condition["operator"], "value", condition["operator"])),
                condition["parameter"],
            )
        case "nullity":
            is_null = named(_column_name(condition)).is_null()
            return is_null if condition["is_null"] else ~is_null
        case "and":
            return pl.all_horizontal([_from_mapping(_plain(c)) for c in condition["conditions"]])
        case "or":
            return pl.any_horizontal([_from_mapping(_plain(c)) for c in condition["conditions"]])
        case "pass_through":
            text = str(condition["pass_through_filter"])
            return _from_gx_grammar(text) if _GX_GRAMMAR.match(text) else _from_query(text)
        case other:
            raise InvalidRowConditionError(
                f"row_condition has type {other!r}; allowed are comparison, nullity, and, or,"
                " pass_through. Build it from great_expectations' Column."
            )


def _plain(condition: Any) -> Mapping[str, Any]:
    plain: Mapping[str, Any] = condition.dict() if hasattr(condition, "dict") else condition
    return plain


def _column_name(condition: Mapping[str, Any]) -> str:
    column = condition["column"]
    return str(column["name"] if isinstance(column, Mapping) else column.name)


def compare(column: str, op: str, value: SuiteValue) -> pl.Expr:
    """Whether the column compares so with the value: ``==``, ``<``, ``IN``, … ; never null.

    Raises:
        InvalidRowConditionError: If the operator is unknown.
    """
    match op:
        case "==":
            return is_member(column, [value])
        # a missing value differs from every value, as in pandas
        case "!=":
            return ~is_member(column, [value])
        case "IN":
            return is_member(column, value)
        case "NOT_IN":
            return ~is_member(column, value)
        case ">" | ">=":
            return is_within(column, value, None, is_low_strict=op == ">")
        case "<" | "<=":
            return is_within(column, None, value, is_high_strict=op == "<")
    raise InvalidRowConditionError(
        f"row_condition on column {column!r} has operator {op!r}; allowed are"
        " ==, !=, <, <=, >, >=, IN, NOT_IN."
    )


def _from_gx_grammar(condition: str) -> pl.Expr:
    found = _GX_GRAMMAR.match(condition)
    if found is None:
        raise InvalidRowConditionError(
            f"row_condition {condition!r} cannot be read; the grammar is"
            ' col("x") > 3, col("x") == "text" or col("x").notnull().'
        )
    if found["notnull"]:
        return named(found["column"]).is_not_null()
    value: Any = found["double"] if found["double"] is not None else found["single"]
    if found["number"] is not None:
        number = found["number"]
        value = int(number) if re.fullmatch(r"[+-]?\d+", number) else float(number)
    return compare(found["column"], found["op"], value)


def _from_query(query: str) -> pl.Expr:
    """A pandas query: comparisons of columns and constants, and/or/not, in, isnull, notnull."""
    names: dict[str, str] = {}

    def placeholder(found: re.Match[str]) -> str:
        key = f"_backticked_{len(names)}"
        names[key] = found[1]
        return key

    try:
        tree = ast.parse(_BACKTICKED.sub(placeholder, query).strip(), mode="eval").body
    except SyntaxError as error:
        raise InvalidRowConditionError(
            f"row_condition {query!r} is not a pandas query: {error.msg}."
        ) from error
    return _QueryReader(query, names).read(tree)


class _QueryReader:
    """Reads the syntax tree of one pandas query."""

    def __init__(self, query: str, names: Mapping[str, str]) -> None:
        self._query = query
        self._names = names

    def read(self, node: ast.expr) -> pl.Expr:  # noqa: C901, PLR0911 - one case a kind of node
        match node:
            case ast.BoolOp(op=ast.And(), values=values):
                return pl.all_horizontal([self.read(value) for value in values])
            case ast.BoolOp(op=ast.Or(), values=values):
                return pl.any_horizontal([self.read(value) for value in values])
            case ast.BinOp(left=left, op=ast.BitAnd(), right=right):
                return self.read(left) & self.read(right)
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return self.read(left) | self.read(right)
            case ast.UnaryOp(op=ast.Not() | ast.Invert(), operand=operand):
                return ~self.read(operand)
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                sides = [left, *comparators]
                return pl.all_horizontal(
                    [
                        self._comparison(sides[i], _AST_OPERATORS.get(type(op)), sides[i + 1])
                        for i, op in enumerate(ops)
                    ]
                )
            case ast.Call(func=ast.Attribute(value=ast.Name() as column, attr=attr), args=[]):
                if attr in {"isnull", "isna"}:
                    return named(self._column(column)).is_null()
                if attr in {"notnull", "notna"}:
                    return named(self._column(column)).is_not_null()
            case ast.Name():
                return is_member(self._column(node), [True])
        raise self._unreadable(node)

    def _comparison(self, left: ast.expr, op: str | None, right: ast.expr) -> pl.Expr:
        if op is None:
            raise self._unreadable(left)
        if isinstance(left, ast.Name) and isinstance(right, ast.Name) and op in _BETWEEN_COLUMNS:
            sides = named(self._column(left)), named(self._column(right))
            compared: pl.Expr = _BETWEEN_COLUMNS[op](*sides)
            return compared.fill_null(op == "!=")
        if isinstance(left, ast.Name):
            return compare(self._column(left), op, self._constant(right))
        if isinstance(right, ast.Name) and op not in {"IN", "NOT_IN"}:
            return compare(self._column(right), _FLIPPED.get(op, op), self._constant(left))
        raise self._unreadable(left)

    def _column(self, node: ast.Name) -> str:
        return self._names.get(node.id, node.id)

    def _constant(self, node: ast.expr) -> SuiteValue:
        try:
            return ast.literal_eval(node)
        except ValueError as error:
            raise self._unreadable(node) from error

    def _unreadable(self, node: ast.expr) -> InvalidRowConditionError:
        return InvalidRowConditionError(
            f"row_condition {self._query!r} uses {ast.unparse(node)!r}, which has no Polars form;"
            " allowed are comparisons of columns and constants, and, or, not, in, .isnull() and"
            " .notnull(). Use condition objects for the rest."
        )
