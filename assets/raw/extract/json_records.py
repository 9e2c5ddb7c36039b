"""Records of JSON documents and JSON lines, one by one, each with where it stands."""

import io
import json
from collections.abc import Iterator
from typing import Any

from assets.raw.extract.json_values import decoder, invalid_json
from schemas.config.files import FileOptions
from schemas.errors import ExtractError

MAX_RECORD_CHARACTERS = 64 * 1024**2
MAX_DOCUMENT_CHARACTERS = 512 * 1024**2
"""Of a document with `records_path`, which has to be held in memory as a whole."""

_READ_CHARACTERS = 1024**2
_SPACE = " \t\r\n"
_NEAR_END = 16
_MOST_KEYS_SHOWN = 10

JsonRecord = tuple[str, dict[str, Any]]
"""Where the record stands, for messages, and its members."""


def records_of(text: io.TextIOBase, options: FileOptions, name: str) -> Iterator[JsonRecord]:
    """Give a file's records in order.

    Args:
        text: The file.
        options: The format, and where in the document the records are.
        name: For messages.

    Raises:
        ExtractError: It is not valid JSON, or a record is no object.
    """
    if options.format == "jsonl":
        found = _of_lines(text, name)
    elif options.records_path is None:
        found = _ArrayScanner(text, name).elements()
    else:
        found = _below(text, options.records_path, name)
    for where, value in found:
        if not isinstance(value, dict):
            raise ExtractError(
                "a record is not an object",
                where=where,
                found=_kind(value),
                allowed="{…}",
                mend="check `format` and `records_path`",
            )
        yield where, value


def _of_lines(text: io.TextIOBase, name: str) -> Iterator[tuple[str, Any]]:
    decode = decoder().decode
    number = 0
    while line := text.readline(MAX_RECORD_CHARACTERS + 1):
        number += 1
        where = f"{name}, line {number}"
        if len(line) > MAX_RECORD_CHARACTERS:
            raise _too_long(where)
        if not line.strip():
            continue
        try:
            yield where, decode(line)
        except (ValueError, RecursionError) as error:
            raise invalid_json(error, where) from _without_document(error)


def _below(text: io.TextIOBase, path: str, name: str) -> Iterator[tuple[str, Any]]:
    document = text.read(MAX_DOCUMENT_CHARACTERS + 1)
    if len(document) > MAX_DOCUMENT_CHARACTERS:
        raise ExtractError(
            "the document is too large for `records_path`",
            where=name,
            allowed=f"{MAX_DOCUMENT_CHARACTERS:,} characters",
            mend="have it exported as an array of records, or as `jsonl`",
        )
    try:
        value = decoder().decode(document)
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        raise invalid_json(error, f"{name}, line {line}") from _without_document(error)
    walked: list[str] = []
    for key in path.split("."):
        if not isinstance(value, dict) or key not in value:
            raise ExtractError(
                f"there is no {key!r} in the document",
                where=f"{name}, {'.'.join(walked) or 'top'}",
                found=_kind(value),
                mend="correct `records_path`",
            )
        value = value[key]
        walked.append(key)
    if not isinstance(value, list):
        raise _no_array(f"{name}, {path}", value)
    for number, record in enumerate(value, 1):
        yield f"{name}, record {number}", record


class _ArrayScanner:
    """Decodes the elements of one long array without holding more than one of them."""

    def __init__(self, text: io.TextIOBase, name: str) -> None:
        self._text = text
        self._name = name
        self._decode = decoder().raw_decode
        self._buffer = ""
        self._place = 0
        self._line = 1

    def elements(self) -> Iterator[tuple[str, Any]]:
        """Each element, with the line it begins on."""
        if self._next_mark() != "[":
            raise _no_array(self._where(), self._element())
        self._place += 1
        if self._next_mark() != "]":
            while True:
                self._next_mark()
                where = self._where()
                yield where, self._element()
                if self._next_mark() != ",":
                    break
                self._place += 1
        if self._next_mark() != "]":
            raise self._unexpected("`,` or `]`")
        self._place += 1
        if self._next_mark():
            raise self._unexpected("the end of the file")

    def _next_mark(self) -> str:
        """Go past white space; the character there, empty at the end of the file."""
        while True:
            while self._place < len(self._buffer):
                mark = self._buffer[self._place]
                if mark not in _SPACE:
                    return mark
                self._line += mark == "\n"
                self._place += 1
            if not self._fill():
                return ""

    def _element(self) -> object:
        while True:
            try:
                value, end = self._decode(self._buffer, self._place)
            except json.JSONDecodeError as error:
                if self._may_go_on(error) and self._fill():
                    continue
                line = self._line + self._buffer.count("\n", self._place, error.pos)
                where = f"{self._name}, line {line}"
                raise invalid_json(error, where) from _without_document(error)
            except (ValueError, RecursionError) as error:
                raise invalid_json(error, self._where()) from error
            self._line += self._buffer.count("\n", self._place, end)
            self._place = end
            return value

    def _may_go_on(self, error: json.JSONDecodeError) -> bool:
        """Whether more text could mend the error: it is an open text, or at the very end."""
        if len(self._buffer) - self._place > MAX_RECORD_CHARACTERS:
            raise _too_long(self._where())
        is_open_text = error.msg.startswith("Unterminated string")
        return is_open_text or error.pos >= len(self._buffer) - _NEAR_END

    def _fill(self) -> bool:
        """Read on, twice as much as there is, so that a long element is not tried too often."""
        rest = self._buffer[self._place :]
        more = self._text.read(max(_READ_CHARACTERS, len(rest)))
        self._buffer, self._place = rest + more, 0
        return bool(more)

    def _where(self) -> str:
        return f"{self._name}, line {self._line}"

    def _unexpected(self, wanted: str) -> ExtractError:
        mark = self._next_mark()
        return ExtractError(
            "this is not valid JSON",
            where=self._where(),
            found=repr(mark) if mark else "the end of the file (half-written?)",
            allowed=wanted,
            mend="have the file exported again; set `format: jsonl` if each line is a record",
        )


def _no_array(where: str, value: object) -> ExtractError:
    return ExtractError(
        "the records are not in an array",
        where=where,
        found=_kind(value),
        allowed="[…]",
        mend="set `records_path` to where the array is; set `format: jsonl` if each line is a "
        "record",
    )


def _too_long(where: str) -> ExtractError:
    return ExtractError(
        "a record is longer than any sound one",
        where=where,
        allowed=f"{MAX_RECORD_CHARACTERS:,} characters",
        mend="check `format`: a document on one line is `json`, not `jsonl`",
    )


def _kind(value: object) -> str:
    """What a value is, without what it says: that may be personal data."""
    if isinstance(value, dict):
        shown = list(value)[:_MOST_KEYS_SHOWN]
        return f"an object with the keys {', '.join(shown)}" if shown else "an empty object"
    kinds = {list: "an array", str: "a text", bool: "true or false"}
    return "null" if value is None else kinds.get(type(value), "a number")


def _without_document(error: Exception) -> Exception:
    """The error without the text it carries, which would reach logs that print causes."""
    if isinstance(error, json.JSONDecodeError):
        error.doc = ""
    return error
