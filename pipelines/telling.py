"""Printing for the terminal what may hold anything: texts of extracts, names of categories."""

from rich.console import Console


def say(console: Console, text: str) -> None:
    """Print as it is: no markup, no line broken within a path, no control characters."""
    console.print(printable(text), markup=False, highlight=False, soft_wrap=True)


def printable(text: str) -> str:
    """The text with line breaks and control characters spelt out: an extract may hold any."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
