"""Pieces of HTML that every part of the report is made of; all text goes through `text`."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

_NOT_OF_IDS = re.compile(r"[^A-Za-z0-9_-]+")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
"""Characters that HTML forbids, and those that turn round the letters that follow them."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table.

    Attributes:
        html: Its content, escaped.
        is_number: Whether it is set to the right.
        is_strong: Whether it stands out.
        is_short: Whether it stays on one line.
        is_long: Whether a figure may go over several lines, for it holds words.
    """

    html: str
    is_number: bool = False
    is_strong: bool = False
    is_short: bool = False
    is_long: bool = False


def text(content: object) -> str:
    """Text of the data or the catalogue, safe within an element or an attribute.

    Characters that would break the page or reorder what stands beside them are left out.
    """
    return html.escape(_UNSEEN.sub("", str(content)))


def cell(content: object) -> Cell:
    """A cell of text."""
    return Cell(text(content))


def number(content: str, *, is_strong: bool = False) -> Cell:
    """A cell of a figure."""
    return Cell(text(content), is_number=True, is_strong=is_strong)


def table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """A table with a caption; the first cell of each row heads it.

    It stands in a region that scrolls sideways where the screen is narrow, by keyboard too.

    Args:
        caption: What it holds.
        heads: Heads of the columns.
        rows: Cells of each row, as many as heads.
    """
    label = text(caption)
    first = rows[0] if rows else ()
    shown = "".join(
        f'<th scope="col"{_class(first[place]) if first else ""}>{text(head)}</th>'
        for place, head in enumerate(heads)
    )
    body = "".join(f"<tr>{_first(row[0])}{''.join(map(_td, row[1:]))}</tr>" for row in rows)
    return (
        f'<div class="scroll" role="region" aria-label="{label}" tabindex="0"><table>'
        f"<caption>{label}</caption><thead><tr>{shown}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def details(summary: str, content: str, *, is_open: bool = False, name: str = "fold") -> str:
    """A part that opens and closes by itself, without script."""
    opened = " open" if is_open else ""
    return f'<details class="{name}"{opened}><summary>{text(summary)}</summary>{content}</details>'


def section(name: str, title: str, content: str) -> str:
    """A section with its heading, and a name that links lead to."""
    return (
        f'<section id="{name}" aria-labelledby="{name}-title"><h2 id="{name}-title">{text(title)}'
        f"</h2>{content}</section>"
    )


def anchor(*parts: str) -> str:
    """A name that links lead to, of codes of the data."""
    return _NOT_OF_IDS.sub("-", "-".join(parts))


def _first(one: Cell) -> str:
    return f'<th scope="row"{_class(one)}>{one.html}</th>'


def _td(one: Cell) -> str:
    content = f"<strong>{one.html}</strong>" if one.is_strong else one.html
    return f"<td{_class(one)}>{content}</td>"


def _class(one: Cell) -> str:
    if one.is_number:
        return ' class="num long"' if one.is_long else ' class="num"'
    return ' class="short"' if one.is_short else ""
