"""How a raw table becomes canonical ones: the `tables:` part of a source in barometer.yaml.

Only the description; the arithmetic is in `assets.transforms.mapping`.
"""

import re
from decimal import Decimal
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from schemas.config.base import Model, Zone

CELLS = {"question_id": "_question", "score": "_score", "choice": "_choice", "text": "_text"}
"""Column of `survey_answer` → name under which an unpivot gives it, as if it were a raw column."""

_BRACES = re.compile(r"\{([^{}]+)\}")

ClockChange = Literal["earliest", "latest", "quarantine"]
Aggregate = Literal["first", "last", "sum", "min", "max", "count"]


class Lookup(Model):
    """Fetch a value from another source's extract of the same logical date."""

    source: str = Field(description="Name of the other source.")
    match: str = Field(description="Its raw column that equals `from` of this column.")
    take: str = Field(description="Its raw column that is taken.")
    aggregate: Aggregate = Field(
        default="first",
        description="What to do with several matches. `sum` is exact decimal; `min` and `max` go "
        "by number, or by text where some value is none; all read `decimal` and `thousands`.",
    )


class ColumnMap(Model):
    """Where one canonical column comes from and how its text is read.

    Steps in order: `from` / `template` / `value` → `null_values` → `lookup` → `values` →
    `if_present` / `if_null` → reading as the column's type with the formats below.
    """

    source: str | tuple[str, ...] | None = Field(
        default=None, alias="from", description="Raw column, or several joined by `separator`."
    )
    separator: str = Field(default="", description="Text between several joined columns.")
    template: str | None = Field(
        default=None, description="Text with raw columns in braces: `2017-05-{INTDATE}`."
    )
    value: str | int | float | bool | None = Field(default=None, description="A constant.")
    null_values: tuple[str, ...] = Field(
        default=(), description="Texts that mean no value, besides the empty one."
    )
    lookup: Lookup | None = Field(default=None, description="Fetch the value from elsewhere.")
    values: dict[str, str | None] = Field(
        default_factory=dict, description="Raw value → canonical value."
    )
    otherwise: Literal["quarantine", "keep", "null"] = Field(
        default="quarantine", description="What to do with a value that `values` does not have."
    )
    if_present: str | None = Field(default=None, description="Constant where there is a value.")
    if_null: str | None = Field(default=None, description="Constant where there is none.")
    format: tuple[str, ...] = Field(
        default=(), description="strptime formats of dates and instants, tried in order."
    )
    time_zone: Zone | None = Field(
        default=None, description="Zone of local times without offset; the company's by default."
    )
    repeated_hour: ClockChange = Field(
        default="earliest", description="Local times that a clock change repeats."
    )
    skipped_hour: ClockChange = Field(
        default="quarantine", description="Local times that a clock change skips."
    )
    decimal: str = Field(default=".", min_length=1, max_length=1, description="Decimal mark.")
    thousands: str | None = Field(
        default=None, min_length=1, max_length=1, description="Thousands mark to remove."
    )
    multiply: Decimal | None = Field(
        default=None, decimal_places=12, description="Factor, 0.01 for cents."
    )

    @field_validator("format", "null_values", mode="before")
    @classmethod
    def _one_or_many(cls, given: Any) -> Any:
        return (given,) if isinstance(given, str) else given

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        origins = [self.source is not None, self.template is not None, self.value is not None]
        if sum(origins) != 1:
            msg = "exactly one of `from`, `template` and `value` says where the column comes from"
            raise ValueError(msg)
        if self.lookup and self.source is None:
            msg = "a `lookup` needs `from`: the raw column to match"
            raise ValueError(msg)
        if self.thousands == self.decimal:
            msg = f"`thousands` and `decimal` must differ; both are {self.decimal!r}"
            raise ValueError(msg)
        return self

    @property
    def raw_columns(self) -> tuple[str, ...]:
        """Raw columns that it is made from; none for a constant."""
        if isinstance(self.source, str):
            return (self.source,)
        return self.source or tuple(_BRACES.findall(self.template or ""))

    @property
    def template_form(self) -> str:
        """The template with `{}` in place of each of `raw_columns`."""
        return _BRACES.sub("{}", self.template or "")


class Unpivot(Model):
    """One wide row per respondent → one answer per question (table `survey_answer`).

    Empty cells make no answer; they are counted as blank.
    """

    scores: dict[str, str] = Field(
        default_factory=dict, description="Raw column → question_id, value read as score."
    )
    choices: dict[str, str] = Field(
        default_factory=dict, description="Raw column → question_id, value read as choice."
    )
    texts: dict[str, str] = Field(
        default_factory=dict, description="Raw column → question_id, value kept as text."
    )
    null_values: tuple[str, ...] = Field(
        default=(), description="Texts that mean no answer, besides the empty one."
    )
    decimal: str = Field(default=".", min_length=1, max_length=1, description="Decimal mark.")
    split_choices: str | None = Field(
        default=None, description="Separator of several choices in one cell: one row a choice."
    )

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not (self.scores or self.choices or self.texts):
            msg = "an unpivot needs at least one column under scores, choices or texts"
            raise ValueError(msg)
        return self


class TableMap(Model):
    """One canonical table made from a source."""

    columns: dict[str, ColumnMap] = Field(description="Canonical column → where it comes from.")
    custom: dict[str, ColumnMap] = Field(
        default_factory=dict, description="Company's own attributes (crm_account only)."
    )
    where: dict[str, tuple[str | None, ...]] = Field(
        default_factory=dict,
        description="Raw column → values kept; other rows are counted as filtered.",
    )
    unpivot: Unpivot | None = Field(default=None, description="Wide survey → long answers.")
    latest_by: tuple[str, ...] = Field(
        default=(),
        description="Raw columns that decide which row of a key in one extract is the later; "
        "the row number decides ties and is the default.",
    )

    @field_validator("columns", "custom", mode="before")
    @classmethod
    def _short_form(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return {k: {"from": v} if isinstance(v, str) else v for k, v in given.items()}

    @field_validator("where", mode="before")
    @classmethod
    def _where_one_or_many(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return {k: v if isinstance(v, list | tuple) else (v,) for k, v in given.items()}
