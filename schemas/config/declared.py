"""KPIs that a company declares itself: a ratio of two measures with filters, and no code.

What is said and whether it makes sense; entries of the catalogue are made from it in
`schemas.kpis.declared`.
"""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.config.base import Model
from schemas.registry import TABLES
from schemas.table import Column

DeclaredTable = Literal["erp_order", "crm_lead", "crm_interaction", "survey_answer"]
"""Tables whose rows can be counted: those that KPIs are made of event by event."""

Text = Annotated[str, StringConstraints(min_length=1)]

_LISTED: Final = frozenset({"text", "boolean", "integer"})
_ORDERED: Final = frozenset({"integer", "number", "decimal"})
_SUMMED: Final = frozenset({"integer", "number", "decimal"})


class Bounds(Model):
    """Least and greatest value that a row may have, both allowed."""

    min: float | None = Field(default=None, description="Least value, inclusive.")
    max: float | None = Field(default=None, description="Greatest value, inclusive.")

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.min is None and self.max is None:
            msg = "give `min`, `max` or both"
            raise ValueError(msg)
        if self.min is not None and self.max is not None and self.min > self.max:
            msg = f"min is at most max; found {self.min} and {self.max}"
            raise ValueError(msg)
        return self


Scalar = bool | int | str
Filter = Bounds | tuple[Scalar, ...] | Scalar


def answer_columns() -> dict[str, Column]:
    """Columns of an answer that a filter can name: its own, and its question's."""
    own = {name: TABLES["survey_answer"].column(name) for name in ("score", "choice")}
    question = ("metric", "question_id", "survey_id")
    return own | {name: TABLES["survey_question"].column(name) for name in question}


def table_columns(table: str) -> dict[str, Column]:
    """Columns of a table that a declared measure can name; personal data is none of them."""
    if table == "survey_answer":
        return answer_columns()
    return {one.name: one for one in TABLES[table].columns if one.pii is None}


class DeclaredMeasure(Model):
    """Rows of a table that meet all filters, counted or summed."""

    of: DeclaredTable = Field(description="Table whose rows are meant.")
    sum: str | None = Field(
        default=None, description="Column that is added up; without it the rows are counted."
    )
    where: dict[str, Filter] = Field(
        default_factory=dict,
        description="Column → value, list of values, or `{min: …, max: …}`; rows that meet all "
        "count, and a row without a value meets none.",
    )

    @model_validator(mode="after")
    def _columns_are_of_the_table(self) -> Self:
        columns = table_columns(self.of)
        asked = [("sum", self.sum)] if self.sum else []
        asked += [(f"where.{name}", name) for name in self.where]
        for key, name in asked:
            if name not in columns:
                msg = f"{key}: {self.of} has no column {name!r} to use here; allowed: "
                raise ValueError(msg + ", ".join(columns))
        if self.sum and columns[self.sum].type not in _SUMMED:
            numbers = ", ".join(n for n, one in columns.items() if one.type in _SUMMED)
            msg = f"sum: {self.sum} is {columns[self.sum].type}, no number; allowed: {numbers}"
            raise ValueError(msg)
        for name, condition in self.where.items():
            _refuse_unfit(columns[name], condition)
        return self

    def values(self, column: str) -> tuple[Scalar, ...]:
        """Values that a filter allows; none where it gives bounds."""
        condition = self.where[column]
        if isinstance(condition, Bounds):
            return ()
        return condition if isinstance(condition, tuple) else (condition,)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that it reads, in name order."""
        return tuple(sorted({*self.where, *([self.sum] if self.sum else [])}))


def _refuse_unfit(column: Column, condition: Filter) -> None:
    """Refuse a filter that no value of the column's type can meet."""
    if isinstance(condition, Bounds):
        if column.type not in _ORDERED:
            msg = f"where.{column.name}: {column.type} has no min and max; list the values"
            raise ValueError(msg)
        return
    if column.type not in _LISTED:
        msg = f"where.{column.name}: of {column.type} give bounds, {{min: 10}} for instance"
        raise ValueError(msg)
    values: tuple[Any, ...] = condition if isinstance(condition, tuple) else (condition,)
    python = {"text": str, "boolean": bool, "integer": int}[column.type]
    for value in values:
        if type(value) is not python:
            msg = f"where.{column.name}: {value!r} is no {column.type}"
            if isinstance(value, bool) and column.type == "text":
                msg += '; in YAML yes, no, on and off are booleans: write "yes"'
            raise ValueError(msg)
        if column.allowed and value not in column.allowed:
            msg = f"where.{column.name}: no value {value!r}; allowed: {', '.join(column.allowed)}"
            raise ValueError(msg)


class DeclaredKpi(Model):
    """A KPI of the company's own: numerator over denominator."""

    name_en: Text = Field(description="English name.")
    name_fr: Text | None = Field(default=None, description="French name; the English one without.")
    family: Literal["experience", "loyalty", "value", "service", "people"] = Field(
        description="Family that it is shown in."
    )
    department: Text = Field(description="Department that owns it.")
    unit: Literal["percent", "per_hundred", "score", "currency", "minutes"] = Field(
        default="percent",
        description="Unit: percent and per_hundred multiply the ratio by 100, minutes are made "
        "of seconds.",
    )
    direction: Literal["higher_is_better", "lower_is_better"] = Field(
        default="higher_is_better", description="Which way is good."
    )
    numerator: DeclaredMeasure = Field(description="What is divided.")
    denominator: DeclaredMeasure = Field(description="What it is divided by.")
    version: int = Field(
        default=1, ge=1, description="Raise it when the definition changes; part of method_id."
    )

    @property
    def is_share(self) -> bool:
        """Whether it counts some rows among others: the numerator's filters go further."""
        above, below = self.numerator, self.denominator
        return (
            above.of == below.of
            and above.sum is None
            and below.sum is None
            and all(above.where.get(name) == one for name, one in below.where.items())
        )


class KpiNames(Model):
    """What a company calls a KPI of the catalogue."""

    en: Text | None = Field(default=None, description="English name.")
    fr: Text | None = Field(default=None, description="French name.")
