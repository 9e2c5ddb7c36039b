"""Text of an extract → typed values: numbers, booleans, dates and instants.

Every function takes and gives a Polars expression. Text that cannot be read becomes null; the
caller compares with the text to tell "unreadable" from "absent". Nothing here knows tables.
"""

import datetime as dt
import functools
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

_QUICK_FORMATS = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")
"""ISO 8601 to the second, in UTC and local, which Polars parses several times as fast as formats
with a fraction or an offset. No text fits two of them."""

_INSTANT = pl.Datetime("us", "UTC")

EXACT = pl.Decimal(38, 12)
"""Decimals on the way: sums and products are taken in it before they are rounded once."""

EARLIEST = dt.date(1000, 1, 1)
"""A four-digit year (`%Y`) reads `24` as the year 24: what lies before this is unreadable."""

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
        mark = "[ \u00a0\u202f]" if thousands == " " else pl.escape_regex(thousands)
        grouped = rf"^[+-]?(\d*|\d{{1,3}}({mark}\d{{3}})+)({pl.escape_regex(decimal)}\d*)?$"
        number = pl.when(number.str.contains(grouped)).then(number.str.replace_all(mark, ""))
    if decimal != ".":
        # with another decimal mark, a point in the text is not a number of this source
        without_point = pl.when(~number.str.contains(".", literal=True)).then(number)
        number = without_point.str.replace(decimal, ".", literal=True)
    return number


def _number_as(number: pl.Expr, column: Column, spec: ColumnMap) -> pl.Expr:
    """Plain number text → the column's type; null where it is none.

    Extracts carry unit costs such as 0.12345, so decimals beyond the column's are no fault:
    they are rounded half to even, once and after `multiply`, which is exact to 12 decimals. A
    whole number with a factor is rounded the same way; without one it must be whole. NaN and
    infinity are no numbers of any column.
    """
    target = POLARS_TYPES[column.type]
    if column.type == "integer" and spec.multiply is None:
        number = number.str.replace(r"\.0+$", "")
        return number.cast(target, strict=False)
    if column.type == "number":
        value = number.cast(pl.Float64, strict=False)
        if spec.multiply is not None:
            value = value * float(spec.multiply)
        return pl.when(value.is_finite()).then(value)
    if spec.multiply is None:
        return number.cast(target, strict=False)
    value = number.cast(EXACT, strict=False) * pl.lit(spec.multiply, dtype=EXACT)
    if column.type == "integer":
        value = value.round(0, mode="half_to_even")
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
    # as an expression the tries would be evaluated twice, for the comparison and for the value
    return pl.coalesce(tries).map_batches(_plausible, return_dtype=pl.Date(), is_elementwise=True)


def _plausible(dates: pl.Series) -> pl.Series:
    return dates.set(dates < EARLIEST, None)


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
    read = functools.partial(
        _instants, formats=formats, time_zone=time_zone, repeated=repeated, skipped=skipped
    )
    return text.map_batches(read, return_dtype=_INSTANT, is_elementwise=True)


def _instants(
    text: pl.Series,
    *,
    formats: Sequence[str],
    time_zone: str,
    repeated: ClockChange,
    skipped: ClockChange,
) -> pl.Series:
    """Try the formats on what is unread, until nothing is.

    One format after the other instead of one expression: as an expression each try would hold all
    the tries before it, and nearly all of them would be evaluated in vain.
    """
    unread = text.str.strip_chars()
    found = pl.Series(text.name, [None], dtype=_INSTANT).new_from_index(0, len(text))
    for form in formats or _iso_formats(unread):
        if unread.null_count() == len(unread):
            break
        instant = _as_instant(form, time_zone=time_zone, repeated=repeated, skipped=skipped)
        parsed = unread.to_frame("text").select(instant).to_series()
        is_read = parsed.is_not_null()
        found = parsed.zip_with(is_read, found)
        unread = unread.set(is_read, None)
    return found.set(found.dt.year() < EARLIEST.year, None).alias(text.name)


def _as_instant(
    form: str, *, time_zone: str, repeated: ClockChange, skipped: ClockChange
) -> pl.Expr:
    """Column `text` read by one format."""
    text = pl.col("text")
    if _has_offset(form):
        return text.str.to_datetime(form, strict=False, time_unit="us", time_zone="UTC")
    local = text.str.to_datetime(form, strict=False, time_unit="us")
    return local_to_utc(local, time_zone=time_zone, repeated=repeated, skipped=skipped)


def _iso_formats(text: pl.Series) -> list[str]:
    """ISO 8601 in the forms that are read without being told, beginning with the likeliest."""
    first = text.drop_nulls().head(1)
    likely = [f for f in _QUICK_FORMATS if not first.str.to_datetime(f, strict=False).has_nulls()]
    others = [form for form in _QUICK_FORMATS if form not in likely]
    return [*likely, *others, *LOCAL_FORMATS, *OFFSET_FORMATS]


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
    # a Z as it stands is ISO 8601's mark of UTC; %Z is the name of a zone, which nothing reads
    is_zulu = form.endswith("Z") and not form.endswith("%Z")
    return is_zulu or any(mark in form for mark in ("%z", "%:z", "%#z", "%+"))
