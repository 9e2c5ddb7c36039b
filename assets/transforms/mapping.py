"""A raw table → rows of a canonical table, typed, each known to be acceptable or refused.

The plan is built lazily and used twice: once for all rows, where a single Boolean says whether a
row is refused, and once more for the few refused rows, where every reason is spelt out. Nothing
here reads or writes files.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from assets.gx_polars.conditions import unexpected_condition
from assets.transforms.lookups import looked_up, without
from assets.transforms.reading import read_as
from schemas.config.mapping import CELLS, ColumnMap, TableMap, Unpivot
from schemas.errors import MappingError
from schemas.table import POLARS_TYPES, Column, Table

LINEAGE = ("_source", "_source_file", "_row_number", "_logical_date")
REFUSED = "_refused"
QUESTION = CELLS["question_id"]
UNREADABLE = "expect_column_values_to_be_of_type"
NOT_IN_MAP = "expect_column_values_to_be_in_set"
OFF_SCALE = "expect_score_to_be_on_question_scale"

_Refusals = tuple[list["Reason"], list[pl.Expr]]
_GROUPS = {"scores": CELLS["score"], "choices": CELLS["choice"], "texts": CELLS["text"]}


@dataclass(frozen=True, slots=True)
class MappingContext:
    """What a mapping needs besides the raw rows.

    Attributes:
        source: Name of the source in barometer.yaml.
        time_zone: Company's zone, for local times without another.
        lookups: Source name → its raw rows as text, lineage included.
        scales: Question scales for `survey_answer`, columns `question_id`, `scale_min`,
            `scale_max`, `na_scores`, and `survey_id` where a question id has several scales.
        responses: `response_id` → `survey_id` (with `_logical_date`), where `scales` needs it.
        pseudonyms: Whether PII columns are kept for pseudonymising; otherwise blanked.
    """

    source: str
    time_zone: str
    lookups: Mapping[str, pl.LazyFrame] = field(default_factory=dict)
    scales: pl.LazyFrame | None = None
    responses: pl.LazyFrame | None = None
    pseudonyms: bool = True


@dataclass(frozen=True, slots=True)
class Reason:
    """One way in which a row can be refused.

    Attributes:
        flag: Name of the Boolean column that tells so in the detailed frame.
        expectation: Expectation in Great Expectations' vocabulary.
        column: Contract column concerned.
        found: Name of the column that holds what was found.
        allowed: Values allowed, where they are a set (for the nearest suggestion).
    """

    flag: str
    expectation: str
    column: str
    found: str
    allowed: tuple[str, ...] = ()


def required_columns(mapping: TableMap) -> dict[str, str]:
    """Raw column → key path in the mapping that asks for it."""
    asked: dict[str, str] = {}
    for group, specs in (("columns", mapping.columns), ("custom", mapping.custom)):
        for name, spec in specs.items():
            for raw in spec.raw_columns:
                asked.setdefault(raw, f"{group}.{name}")
    for raw in mapping.where:
        asked.setdefault(raw, "where")
    for raw in mapping.latest_by:
        asked.setdefault(raw, "latest_by")
    if mapping.unpivot:
        for group in _GROUPS:
            for raw in getattr(mapping.unpivot, group):
                asked.setdefault(raw, f"unpivot.{group}")
        asked = {raw: path for raw, path in asked.items() if raw not in CELLS.values()}
    return asked


def check_columns(mapping: TableMap, present: Iterable[str], *, where: str) -> None:
    """Refuse a mapping that asks for raw columns that are not there.

    Raises:
        MappingError: Names the missing columns, the keys that ask for them and what there is.
    """
    present = list(present)
    missing = {raw: key for raw, key in required_columns(mapping).items() if raw not in present}
    if missing:
        raise MappingError(
            "the extract lacks columns that the mapping asks for",
            where=where,
            found=", ".join(f"{key} asks for {raw!r}" for raw, key in missing.items()),
            allowed=", ".join(present),
            mend="change these keys of the mapping, or have the source send the columns again",
        )


def keep_wanted(raw: pl.LazyFrame, mapping: TableMap) -> pl.LazyFrame:
    """Rows that the mapping's `where` keeps; null stands for the empty text, too."""
    for column, wanted in mapping.where.items():
        values = [value for value in wanted if value is not None]
        keeps = pl.col(column).is_in(values)
        if None in wanted:
            keeps = keeps | pl.col(column).is_null() | (pl.col(column) == "")
        raw = raw.filter(keeps.fill_null(value=False))
    return raw


def unpivoted(raw: pl.LazyFrame, mapping: TableMap) -> pl.LazyFrame:
    """One row a filled cell: raw columns that the mapping needs, `_question` and the cells."""
    spec = mapping.unpivot
    if spec is None:
        return raw
    asked = required_columns(mapping.model_copy(update={"unpivot": None}))
    index = [name for name in asked if name not in CELLS.values()]
    parts = [
        _melt(raw, spec, group, index=[*index, *LINEAGE])
        for group in _GROUPS
        if getattr(spec, group)
    ]
    return pl.concat(parts, how="vertical")


def _melt(raw: pl.LazyFrame, spec: Unpivot, group: str, *, index: list[str]) -> pl.LazyFrame:
    questions: dict[str, str] = getattr(spec, group)
    long = raw.unpivot(on=list(questions), index=index, variable_name="_column", value_name="_cell")
    long = long.with_columns(without(pl.col("_cell").cast(pl.String), spec.null_values))
    long = long.filter(pl.col("_cell").is_not_null())
    if group == "choices" and spec.split_choices:
        long = long.with_columns(pl.col("_cell").str.split(spec.split_choices))
        long = long.explode("_cell").with_columns(pl.col("_cell").str.strip_chars())
        long = long.filter(pl.col("_cell") != "")
    others = [
        pl.lit(None, dtype=pl.String).alias(cell) for key, cell in _GROUPS.items() if key != group
    ]
    return long.select(
        *index,
        pl.col("_column").replace_strict(questions, return_dtype=pl.String).alias(QUESTION),
        *others,
        pl.col("_cell").alias(_GROUPS[group]),
    ).select(*index, QUESTION, *_GROUPS.values())


def map_rows(
    raw: pl.LazyFrame,
    mapping: TableMap,
    table: Table,
    context: MappingContext,
    *,
    detail: bool = False,
) -> tuple[pl.LazyFrame, tuple[Reason, ...]]:
    """Map kept (and unpivoted) raw rows to contract rows.

    Args:
        raw: Result of `keep_wanted` and `unpivoted`.
        mapping: The source's mapping for this table.
        table: Contract.
        context: Zone, lookups and scales.
        detail: Also keep the texts and one flag a reason, for the refused rows.

    Returns:
        Contract columns (lineage included), the sort keys of `latest_by` as `_by_…`, and
        Boolean `_refused`; and the reasons there are.
    """
    specs = _specs(mapping, table)
    order = [part for i, name in enumerate(mapping.latest_by) for part in _order(name, i)]
    custom = {f"custom.{name}": spec for name, spec in sorted(mapping.custom.items())}
    frame = _with_texts(raw, specs | custom, context).with_columns(order)
    typed, reasons, flags = [], [], []
    for column in table.columns:
        if column.name == "custom" and custom:
            typed.append(_custom(custom).alias("custom"))
            refusals = [_unmapped(name, spec) for name, spec in custom.items()]
        else:
            own = specs.get(column.name)
            typed.append(_typed(column, own, context).alias(column.name))
            refusals = [_unmapped(column.name, own), _unreadable(column, own, context)]
        for found, refused_for in refusals:
            reasons += found
            flags += refused_for
    frame = frame.with_columns(typed).with_columns(flags)
    frame, more = _contract_flags(frame, table, context)
    reasons += more
    refused = pl.any_horizontal([pl.col(reason.flag) for reason in reasons] or [pl.lit(False)])
    contract = [column.name for column in table.columns]
    extra = sorted({name for r in reasons for name in (r.flag, r.found)} - set(contract))
    frame = frame.select(
        *contract,
        pl.lit(context.source).alias("_source"),
        *LINEAGE[1:],
        *(part.meta.output_name() for part in order),
        refused.fill_null(value=False).alias(REFUSED),
        *(extra if detail else []),
    )
    return frame, tuple(reasons)


def _specs(mapping: TableMap, table: Table) -> dict[str, ColumnMap]:
    """The column mappings, with those that an unpivot implies."""
    specs = dict(mapping.columns)
    if mapping.unpivot:
        for name, cell in CELLS.items():
            extra = {"decimal": mapping.unpivot.decimal} if name == "score" else {}
            specs.setdefault(name, ColumnMap.model_validate({"from": cell, **extra}))
    return {column.name: specs[column.name] for column in table.columns if column.name in specs}


def _text_name(column: str) -> str:
    return f"_text_{column}"


def _with_texts(
    raw: pl.LazyFrame, specs: Mapping[str, ColumnMap], context: MappingContext
) -> pl.LazyFrame:
    """Add the text of every mapped column as `_text_<column>`, lookups joined."""
    frame = raw.with_columns(
        _origin_text(spec).alias(_text_name(name)) for name, spec in specs.items()
    )
    for name, spec in specs.items():
        if spec.lookup:
            frame = looked_up(frame, _text_name(name), spec, context.lookups)
    return frame


def _origin_text(spec: ColumnMap) -> pl.Expr:
    if spec.value is not None:
        constant = str(spec.value).lower() if isinstance(spec.value, bool) else str(spec.value)
        return pl.lit(constant)
    parts = [without(pl.col(name).cast(pl.String), spec.null_values) for name in spec.raw_columns]
    if spec.template is not None:
        return pl.format(spec.template_form, *parts)
    return parts[0] if len(parts) == 1 else pl.concat_str(parts, separator=spec.separator)


def _custom(custom: Mapping[str, ColumnMap]) -> pl.Expr:
    """The company's own attributes as one JSON object, names sorted."""
    fields = [
        _mapped_values(pl.col(_text_name(name)), spec).alias(name.removeprefix("custom."))
        for name, spec in custom.items()
    ]
    return pl.struct(fields).struct.json_encode()


def _mapped_values(text: pl.Expr, spec: ColumnMap) -> pl.Expr:
    if spec.values:
        keep = pl.lit(None, dtype=pl.String) if spec.otherwise != "keep" else text
        keys, targets = list(spec.values), list(spec.values.values())
        text = text.replace_strict(
            pl.Series(keys, dtype=pl.String),
            pl.Series(targets, dtype=pl.String),
            default=keep,
            return_dtype=pl.String,
        )
    if spec.if_present is not None:
        text = pl.when(text.is_not_null()).then(pl.lit(spec.if_present))
    if spec.if_null is not None:
        text = text.fill_null(spec.if_null)
    return text


def _order(name: str, rank: int) -> list[pl.Expr]:
    """Sort keys of a `latest_by` column: as a number where it is one, then as text."""
    text = pl.col(name).cast(pl.String)
    number = text.cast(pl.Float64, strict=False)
    number = pl.when(number.is_finite()).then(number)
    return [number.alias(f"_by_{rank}_number"), text.alias(f"_by_{rank}_text")]


def _typed(column: Column, spec: ColumnMap | None, context: MappingContext) -> pl.Expr:
    """Typed expression of one contract column."""
    if spec is None or _is_blanked(column, context):
        return pl.lit(None, dtype=POLARS_TYPES[column.type])
    text = _mapped_values(pl.col(_text_name(column.name)), spec)
    return read_as(text, column, spec, time_zone=context.time_zone)


def _is_blanked(column: Column, context: MappingContext) -> bool:
    return column.pii in {"identity", "contact"} and not context.pseudonyms


def _unmapped(name: str, spec: ColumnMap | None) -> _Refusals:
    """Refusal of the texts that `values` does not have."""
    if spec is None or not spec.values or spec.otherwise != "quarantine":
        return [], []
    text, flag = _text_name(name), f"_unmapped_{name}"
    allowed = tuple(spec.values)
    refused = pl.col(text).is_not_null() & ~pl.col(text).is_in(allowed)
    return [Reason(flag, NOT_IN_MAP, name, text, allowed)], [refused.alias(flag)]


def _unreadable(column: Column, spec: ColumnMap | None, context: MappingContext) -> _Refusals:
    """Refusal of the texts that cannot be read as the column's type."""
    if spec is None or column.type in {"text", "map"} or _is_blanked(column, context):
        return [], []
    text, flag = _text_name(column.name), f"_unreadable_{column.name}"
    # reads the typed column: its expression, which may be long, is not to be evaluated twice
    is_null = pl.col(column.name).is_null()
    refused = _mapped_values(pl.col(text), spec).is_not_null() & is_null
    return [Reason(flag, UNREADABLE, column.name, text)], [refused.alias(flag)]


def _contract_flags(
    frame: pl.LazyFrame, table: Table, context: MappingContext
) -> tuple[pl.LazyFrame, list[Reason]]:
    """Flags of the contract's row expectations, and of the question's scale for answers."""
    reasons, flags = [], []
    present = set(frame.collect_schema())
    for i, rule in enumerate(table.row_expectations()):
        column = str(rule.kwargs.get("column", rule.kwargs.get("column_A", "")))
        flag = f"_rule_{i}"
        refused = unexpected_condition(rule.type, rule.kwargs)
        # one fault, one reason: what cannot be read or is not in the map is not missing
        for fault in (f"_unreadable_{column}", f"_unmapped_{column}"):
            if fault in present:
                refused = refused & ~pl.col(fault)
        flags.append(refused.alias(flag))
        allowed = tuple(str(value) for value in rule.kwargs.get("value_set", ()))
        reasons.append(Reason(flag, rule.type, column, column, allowed))
    frame = frame.with_columns(flags)
    if context.scales is None:
        return frame, reasons
    off_scale = Reason("_off_scale", OFF_SCALE, "score", "score")
    return _with_off_scale(frame, context.scales, context.responses), [*reasons, off_scale]


def _with_off_scale(
    frame: pl.LazyFrame, scales: pl.LazyFrame, responses: pl.LazyFrame | None
) -> pl.LazyFrame:
    """Add `_off_scale`. Joined columns get a `_` each: extracts, too, may have a `survey_id`."""
    on = ["question_id"]
    if responses is not None:
        surveys = responses.rename({"survey_id": "_survey_id"})
        frame = frame.join(surveys, on=["_logical_date", "response_id"], how="left")
        on = ["_survey_id", "question_id"]
        scales = pl.concat([scales, _widest(scales)])
    named = {name: f"_{name}" for name in ("survey_id", "scale_min", "scale_max", "na_scores")}
    frame = frame.join(scales.rename(named, strict=False), on=on, how="left", nulls_equal=True)
    score = pl.col("score")
    outside = (score < pl.col("_scale_min")) | (score > pl.col("_scale_max"))
    is_code = pl.col("_na_scores").list.contains(score).fill_null(value=False)
    off_scale = outside.fill_null(value=False) & ~is_code
    return frame.with_columns(off_scale.alias("_off_scale"))


def _widest(scales: pl.LazyFrame) -> pl.LazyFrame:
    """Scale of a question whatever the survey, for answers that came before their response."""
    low, high = pl.col("scale_min"), pl.col("scale_max")
    codes = pl.col("na_scores").list.explode(empty_as_null=False)
    return (
        scales.group_by("question_id")
        .agg(
            survey_id=pl.lit(None, pl.String).first(),
            scale_min=pl.when(low.null_count() == 0).then(low.min()),
            scale_max=pl.when(high.null_count() == 0).then(high.max()),
            na_scores=codes,
        )
        .select(scales.collect_schema().names())
    )
