"""A raw table → rows of a canonical table, typed, each known to be acceptable or refused.

The plan is built lazily and used twice: once for all rows, where a single Boolean says whether a
row is refused, and once more for the few refused rows, where every reason is spelt out. Nothing
here reads or writes files.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from assets.gx_polars.conditions import unexpected_condition
from assets.transforms.reading import read_as
from schemas.config.mapping import ColumnMap, TableMap, Unpivot
from schemas.errors import MappingError
from schemas.table import POLARS_TYPES, Column, Table

LINEAGE = ("_source", "_source_file", "_row_number", "_logical_date")
REFUSED = "_refused"
QUESTION = "_question"
UNREADABLE = "expect_column_values_to_be_of_type"
NOT_IN_MAP = "expect_column_values_to_be_in_set"
OFF_SCALE = "expect_score_to_be_on_question_scale"

_Typed = tuple[pl.Expr, list["Reason"], list[pl.Expr]]
_BRACES = re.compile(r"\{([^{}]+)\}")
_CELLS = {"scores": "_score", "choices": "_choice", "texts": "_text"}


@dataclass(frozen=True, slots=True)
class MappingContext:
    """What a mapping needs besides the raw rows.

    Attributes:
        source: Name of the source in barometer.yaml.
        time_zone: Company's zone, for local times without another.
        lookups: Source name → its raw rows, lineage included.
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
            for raw in _raw_names(spec):
                asked.setdefault(raw, f"{group}.{name}")
    for raw in mapping.where:
        asked.setdefault(raw, "where")
    for raw in mapping.latest_by:
        asked.setdefault(raw, "latest_by")
    if mapping.unpivot:
        for group in _CELLS:
            for raw in getattr(mapping.unpivot, group):
                asked.setdefault(raw, f"unpivot.{group}")
    return {raw: path for raw, path in asked.items() if raw != QUESTION}


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
    """Rows that the mapping's `where` keeps."""
    for column, wanted in mapping.where.items():
        values = [value for value in wanted if value is not None]
        keeps = pl.col(column).is_in(values)
        if None in wanted:
            keeps = keeps | pl.col(column).is_null()
        raw = raw.filter(keeps.fill_null(value=False))
    return raw


def unpivoted(raw: pl.LazyFrame, mapping: TableMap) -> pl.LazyFrame:
    """One row a filled cell: raw columns that the mapping needs, `_question` and the cells."""
    spec = mapping.unpivot
    if spec is None:
        return raw
    cells = {column for group in _CELLS for column in getattr(spec, group)}
    index = [name for name in required_columns(mapping) if name not in cells]
    parts = [
        _melt(raw, spec, group, index=[*index, *LINEAGE])
        for group in _CELLS
        if getattr(spec, group)
    ]
    return pl.concat(parts, how="vertical")


def _melt(raw: pl.LazyFrame, spec: Unpivot, group: str, *, index: list[str]) -> pl.LazyFrame:
    questions: dict[str, str] = getattr(spec, group)
    long = raw.unpivot(on=list(questions), index=index, variable_name="_column", value_name="_cell")
    long = long.with_columns(_without(pl.col("_cell").cast(pl.String), spec.null_values))
    long = long.filter(pl.col("_cell").is_not_null())
    if group == "choices" and spec.split_choices:
        long = long.with_columns(pl.col("_cell").str.split(spec.split_choices))
        long = long.explode("_cell").with_columns(pl.col("_cell").str.strip_chars())
        long = long.filter(pl.col("_cell") != "")
    others = [
        pl.lit(None, dtype=pl.String).alias(cell) for key, cell in _CELLS.items() if key != group
    ]
    return long.select(
        *index,
        pl.col("_column").replace_strict(questions, return_dtype=pl.String).alias(QUESTION),
        *others,
        pl.col("_cell").alias(_CELLS[group]),
    ).select(*index, QUESTION, *_CELLS.values())


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
    frame = _with_texts(raw, specs, context).with_columns(order)
    if mapping.custom:
        frame = frame.with_columns(_custom(mapping))
    typed, reasons, flags = [], [], []
    for column in table.columns:
        if column.name == "custom" and mapping.custom:
            typed.append(pl.col(_text_name("custom")).alias("custom"))
            continue
        values, found, refusals = _typed(column, specs.get(column.name), context)
        typed.append(values.alias(column.name))
        reasons += found
        flags += refusals
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
        cells = {"question_id": QUESTION, "score": "_score", "choice": "_choice", "text": "_text"}
        for name, cell in cells.items():
            extra = {"decimal": mapping.unpivot.decimal} if name == "score" else {}
            specs.setdefault(name, ColumnMap.model_validate({"from": cell, **extra}))
    return {column.name: specs[column.name] for column in table.columns if column.name in specs}


def _raw_names(spec: ColumnMap) -> list[str]:
    if isinstance(spec.source, str):
        return [spec.source]
    if spec.source is not None:
        return list(spec.source)
    return _BRACES.findall(spec.template) if spec.template else []


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
            frame = _looked_up(frame, name, spec, context)
    return frame


def _origin_text(spec: ColumnMap) -> pl.Expr:
    if spec.value is not None:
        constant = str(spec.value).lower() if isinstance(spec.value, bool) else str(spec.value)
        return pl.lit(constant)
    if spec.template is not None:
        literal = _BRACES.sub("{}", spec.template)
        names = [pl.col(name).cast(pl.String) for name in _BRACES.findall(spec.template)]
        return pl.format(literal, *names)
    parts = [_without(pl.col(name).cast(pl.String), spec.null_values) for name in _raw_names(spec)]
    return parts[0] if len(parts) == 1 else pl.concat_str(parts, separator=spec.separator)


def _without(text: pl.Expr, null_values: Iterable[str]) -> pl.Expr:
    nulls = ["", *null_values]
    return pl.when(~text.is_in(nulls)).then(text)


def _looked_up(
    frame: pl.LazyFrame, name: str, spec: ColumnMap, context: MappingContext
) -> pl.LazyFrame:
    lookup = spec.lookup
    if lookup is None:
        return frame
    taken = pl.col(lookup.take)
    if lookup.aggregate in {"sum", "min", "max"}:
        taken = taken.cast(POLARS_TYPES["decimal"], strict=False)
    taken = getattr(_without_text(taken, spec, lookup.aggregate), lookup.aggregate)()
    other = (
        context.lookups[lookup.source]
        .sort("_source_file", "_row_number")
        .group_by("_logical_date", pl.col(lookup.match).alias("_match"), maintain_order=True)
        .agg(taken.cast(pl.String).alias("_taken"))
    )
    text = _text_name(name)
    return (
        frame.join(
            other,
            left_on=["_logical_date", text],
            right_on=["_logical_date", "_match"],
            how="left",
        )
        .with_columns(pl.col("_taken").alias(text))
        .drop("_taken")
    )


def _without_text(taken: pl.Expr, spec: ColumnMap, aggregate: str) -> pl.Expr:
    return taken if aggregate in {"sum", "min", "max"} else _without(taken, spec.null_values)


def _custom(mapping: TableMap) -> pl.Expr:
    """The company's own attributes as one JSON object, names sorted."""
    fields = [
        _mapped_values(_origin_text(spec), spec).alias(name)
        for name, spec in sorted(mapping.custom.items())
    ]
    return pl.struct(fields).struct.json_encode().alias(_text_name("custom"))


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
    return [number.alias(f"_by_{rank}_number"), text.alias(f"_by_{rank}_text")]


def _typed(column: Column, spec: ColumnMap | None, context: MappingContext) -> _Typed:
    """Typed expression of one contract column, the reasons it can give, and their flags."""
    target = POLARS_TYPES[column.type]
    if spec is None:
        return pl.lit(None, dtype=target), [], []
    text_name = _text_name(column.name)
    text = pl.col(text_name)
    reasons, flags = [], []
    if spec.values and spec.otherwise == "quarantine":
        flag = f"_unmapped_{column.name}"
        allowed = tuple(spec.values)
        flags.append((text.is_not_null() & ~text.is_in(allowed)).alias(flag))
        reasons.append(Reason(flag, NOT_IN_MAP, column.name, text_name, allowed))
    mapped = _mapped_values(text, spec)
    if column.pii in {"identity", "contact"} and not context.pseudonyms:
        return pl.lit(None, dtype=target), reasons, flags
    values = read_as(mapped, column, spec, time_zone=context.time_zone)
    if column.type not in {"text", "map"}:
        flag = f"_unreadable_{column.name}"
        # reads the typed column: its expression, which may be long, is not to be evaluated twice
        flags.append((mapped.is_not_null() & pl.col(column.name).is_null()).alias(flag))
        reasons.append(Reason(flag, UNREADABLE, column.name, text_name))
    return values, reasons, flags


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
        unreadable = f"_unreadable_{column}"
        if unreadable in present:  # one fault, one reason: what cannot be read is not missing
            refused = refused & ~pl.col(unreadable)
        flags.append(refused.alias(flag))
        allowed = tuple(str(value) for value in rule.kwargs.get("value_set", ()))
        reasons.append(Reason(flag, rule.type, column, column, allowed))
    frame = frame.with_columns(flags)
    if context.scales is None:
        return frame, reasons
    on = ["question_id"]
    if context.responses is not None:
        keys = ["_logical_date", "response_id"]
        frame = frame.join(context.responses, on=keys, how="left")
        on = ["survey_id", "question_id"]
    frame = frame.join(context.scales, on=on, how="left")
    score = pl.col("score")
    outside = (score < pl.col("scale_min")) | (score > pl.col("scale_max"))
    is_code = pl.col("na_scores").list.contains(score).fill_null(value=False)
    off_scale = (outside.fill_null(value=False) & ~is_code).alias("_off_scale")
    return frame.with_columns(off_scale), [
        *reasons,
        Reason("_off_scale", OFF_SCALE, "score", "score"),
    ]
