"""JSON values as text, exactly as they stand in the document.

Python would read 1.10 as 1.1 and round long decimals; here numbers stay the text they are.
"""

import json
from typing import Any

from schemas.errors import ExtractError

_OPAQUE = json.JSONEncoder(ensure_ascii=False).encode


class Literal(str):
    """A number, as written."""

    __slots__ = ()


class DuplicateKeyError(ValueError):
    """An object has a key twice, of which Python would keep the last without a word."""


def decoder() -> json.JSONDecoder:
    """A decoder that keeps numbers as `Literal` and refuses a key that is there twice."""
    return json.JSONDecoder(
        parse_float=Literal,
        parse_int=Literal,
        parse_constant=Literal,
        object_pairs_hook=_object,
    )


def text_of(value: object) -> str | None:
    """A value as raw text: a nested one as compact JSON, `true` and `false` in words."""
    if value is None:
        return None
    if isinstance(value, str):
        return str(value)
    return compact(value)


def compact(value: object) -> str:
    """A value as JSON without white space, its numbers as they were written."""
    if isinstance(value, Literal):
        return str(value)
    if isinstance(value, dict):
        members = (f"{_OPAQUE(key)}:{compact(member)}" for key, member in value.items())
        return f"{{{','.join(members)}}}"
    if isinstance(value, list):
        return f"[{','.join(map(compact, value))}]"
    return _OPAQUE(value)


def invalid_json(error: ValueError | RecursionError, where: str) -> ExtractError:
    """The error for a document that is not JSON."""
    if isinstance(error, DuplicateKeyError):
        return ExtractError(
            "an object has the same key twice",
            where=where,
            found=str(error),
            mend="have the export repaired: which of the two counts cannot be known",
        )
    if isinstance(error, RecursionError):
        return ExtractError(
            "the JSON is nested too deep", where=where, mend="have the export flattened"
        )
    found = f"{error.msg}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
    return ExtractError(
        "this is not valid JSON",
        where=where,
        found=found or None,
        mend="have the file exported again (half-written?)",
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise DuplicateKeyError(repr(key))
            seen.add(key)
    return members
