"""An expectation and the place that states it, for messages about it.

Belongs here: `Stated` and the wording that several checks share. Does not belong here: the checks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False)
class Stated:
    """An expectation with the place that states it.

    Attributes:
        type: Its type.
        kwargs: Its arguments.
        where: Where it stands, as a message begins.
        mend: Where to change it.
        position: Its place among the expectations of the table.
    """

    type: str
    kwargs: Mapping[str, Any]
    where: str
    mend: str
    position: int = 0

    @property
    def is_firm(self) -> bool:
        """Whether every record must meet it."""
        return not self.kwargs.get("row_condition") and self.kwargs.get("mostly", 1) == 1


def against(first: Stated, second: Stated, one: str, other: str, allowed: str) -> str:
    """The message that two expectations contradict each other; the later is to give way."""
    if first.position > second.position:
        first, second, one, other = second, first, other, one
    return (
        f"{second.where}: {other} contradicts {first.where}: {one}; allowed are {allowed}. "
        f"Change one of them: {second.mend}."
    )
