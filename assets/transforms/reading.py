"""Text of an extract → typed values: numbers, booleans, dates and instants.

Every function takes and gives a Polars expression. Text that cannot be read becomes null; the
caller compares with the text to tell "unreadable" from "absent". Nothing here knows tables.
"""

from collections.abc import Sequence

import polars as pl

from schemas.config.mapping import ClockChange, ColumnMap
from schemas.table import POLARS_TYPES, Column

DATE_FORMATS = ("%Y-%m-%d",)
LOCAL_FORMATS = (
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d",
)
OFFSET_FORMATS = ("%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z")

_DAY_AND_TIME = r"^\d{{4}}-\d\d-\d\d{}\d\d:\d\d:\d\d{}$"
_COMMON_SHAPES = tuple(
    _DAY_AND_TIME.format(between, zone) for between, zone in (("T", "Z"), (" ", ""), ("T", ""))
)
"""ISO 8601 to the second in UTC, and local with a blank and with a `T`: texts of these shapes are
parsed once, by formats that Polars has a quick way for, where nearly all others are tried in vain.
"""

_TRUE = ("true", "t", "yes", "y", "1", "1.0")
_FALSE = ("false", "f", "no", "n", "0", "0.0")


def read_as(text: pl.Expr, column: Column, spec: ColumnMap, *, time_zone: str) -> pl.Expr:
    """Read text as a contract column's type.

    Args:
        text: String expression, null where there is no value.
        column: Contract column, which gives the type.
        spec: Formats and marks of the source.
        time_zone: Zone of local times when the mapping names none.

    Returns:
        Expression of the column's Polars type; null where the text cannot be read.
    """
    match column.type:
        case "text" | "map":
            return text
        case "boolean":
            return read_boolean(text)
        case "date":
            return read_date(text, spec.format)
        case "instant":
            return read_instant(
                text,
                spec.format,
                time_zone=spec.time_zone or time_zone,
                repeated=spec.repeated_hour,
                skipped=spec.skipped_hour,
            )
        case _:
            number = plain_number(text, decimal=spec.decimal, thousands=spec.thousands)
            return _number_as(number, column, spec)


def read_boolean(text: pl.Expr) -> pl.Expr:
    """true/false, t/f, yes/no, y/n, 1/0 in any case → Boolean."""
    folded = text.str.strip_chars().str.to_lowercase()
    return (
        pl.when(folded.is_in(_TRUE))
        .then(True)
        .when(folded.is_in(_FALSE))
        .then(False)
        .otherwise(None)
    )


def plain_number(text: pl.Expr, *, decimal: str, thousands: str | None) -> pl.Expr:
    """Strip blanks and rewrite a number with the given marks to one with a decimal point.

    A thousands mark must stand before groups of three digits: `12,3` with thousands mark `,` is
    unreadable (null), not 123.
    """
    number = text.str.strip_chars()
    if thousands is not None:
        # a narrow or ordinary no-break space stands where the configuration says " "
        mark = "[ \u00a0\u202f]" if thousands == " " else _escaped(thousands)
        grouped = rf"^[+-]?(\d+|\d{{1,3}}({mark}\d{{3}})+)({_escaped(decimal)}\d*)?$"
        number = pl.when(number.str.contains(grouped)).then(number.str.replace_all(mark, ""))
    if decimal != ".":
        # with another decimal mark, a point in the text is not a number of this source
        without_point = pl.when(~number.str.contains(".", literal=True)).then(number)
        number = without_point.str.replace(decimal, ".", literal=True)
    return number


def _number_as(number: pl.Expr, column: Column, spec: ColumnMap) -> pl.Expr:
    target = POLARS_TYPES[column.type]
    if column.type == "integer" and spec.multiply is None:
        number = number.str.replace(r"\.0+$", "")
        return number.cast(target, strict=False)
    if column.type == "number":
        value = number.cast(pl.Float64, strict=False)
        if spec.multiply is not None:
            value = value * float(spec.multiply)
        return pl.when(value.is_finite()).then(value)
    value = number.cast(POLARS_TYPES["decimal"], strict=False)
    if spec.multiply is not None:
        value = value * pl.lit(spec.multiply, dtype=POLARS_TYPES["decimal"])
    return value.cast(target, strict=False)


def read_date(text: pl.Expr, formats: Sequence[str]) -> pl.Expr:
    """Text → Date by the first format that fits; times of day in a format are cut off."""
    stripped = text.str.strip_chars()
    tries = []
    for form in formats or DATE_FORMATS:
        if any(mark in form for mark in ("%H", "%I", "%T", "%R")):
            tries.append(stripped.str.to_datetime(form, strict=False).dt.date())
        else:
            tries.append(stripped.str.to_date(form, strict=False))
    return pl.coalesce(tries)


def read_instant(
    text: pl.Expr,
    formats: Sequence[str],
    *,
    time_zone: str,
    repeated: ClockChange,
    skipped: ClockChange,
) -> pl.Expr:
    """Text → instant in UTC.

    Args:
        text: String expression.
        formats: strptime formats, tried in order; one with an offset (`%z`) needs no zone. ISO
            8601 with and without offset when empty.
        time_zone: Zone of texts without offset.
        repeated: Which of the two instants a local time means that a clock change repeats;
            `quarantine` reads it as null.
        skipped: What a local time means that a clock change skips: `earliest` counts with the
            offset after the change, `latest` with the one before; `quarantine` reads null.
    """
    # No try may be built on the one before it: an expression that holds the one before it twice
    # doubles with every format.
    rest = text.str.strip_chars()
    tries: list[pl.Expr] = []
    locals_: list[pl.Expr] = []
    if not formats:
        is_utc, is_spaced, is_joined = (rest.str.contains(shape) for shape in _COMMON_SHAPES)
        tries.append(
            pl.when(is_utc)
            .then(rest)
            .str.to_datetime("%Y-%m-%dT%H:%M:%SZ", strict=False, time_unit="us")
            .dt.replace_time_zone("UTC")
        )
        for is_shape, form in ((is_spaced, "%Y-%m-%d %H:%M:%S"), (is_joined, "%Y-%m-%dT%H:%M:%S")):
            shaped = pl.when(is_shape).then(rest)
            locals_.append(shaped.str.to_datetime(form, strict=False, time_unit="us"))
        rest = pl.when(~(is_utc | is_spaced | is_joined)).then(rest)

    def in_utc() -> pl.Expr:
        local = pl.coalesce(locals_)
        return local_to_utc(local, time_zone=time_zone, repeated=repeated, skipped=skipped)

    for form in formats or (*LOCAL_FORMATS, *OFFSET_FORMATS):
        if not _has_offset(form):
            locals_.append(rest.str.to_datetime(form, strict=False, time_unit="us"))
            continue
        if locals_:
            tries.append(in_utc())
            locals_.clear()
        tries.append(rest.str.to_datetime(form, strict=False, time_unit="us", time_zone="UTC"))
    if locals_:
        tries.append(in_utc())
    return pl.coalesce(tries)


def local_to_utc(
    local: pl.Expr, *, time_zone: str, repeated: ClockChange, skipped: ClockChange
) -> pl.Expr:
    """Naive local datetime → instant in UTC; see `read_instant` for the clock changes."""
    ambiguous = "null" if repeated == "quarantine" else repeated

    def in_utc(expr: pl.Expr) -> pl.Expr:
        zoned = expr.dt.replace_time_zone(time_zone, ambiguous=ambiguous, non_existent="null")
        return zoned.dt.convert_time_zone("UTC")

    instant = in_utc(local)
    if skipped == "quarantine":
        return instant
    # a day away the clock does not skip, and the offset there is the one before or after
    day = pl.duration(days=1 if skipped == "earliest" else -1)
    beside = in_utc(local + day) - day
    exists = local.dt.replace_time_zone(
        time_zone, ambiguous="earliest", non_existent="null"
    ).is_not_null()
    return pl.when(exists).then(instant).otherwise(beside)


def _has_offset(form: str) -> bool:
    return any(mark in form for mark in ("%z", "%:z", "%#z", "%+"))


def _escaped(mark: str) -> str:
    return f"\\{mark}" if not mark.isalnum() and mark != " " else mark
