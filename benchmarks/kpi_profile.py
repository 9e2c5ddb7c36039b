"""Where the time of states and values goes: by fact, extract, population, grain and step.

Wraps a few functions of the pipeline while it runs; what a part spends in another one that is
wrapped counts in both, so the parts are told apart by their first word.
"""

import functools
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Label = Callable[..., str]


@contextmanager
def timed() -> Iterator[dict[str, float]]:
    """Time the parts while the context lasts; their seconds by name."""
    from assets.kpi import additive, extracts, populations, states, values

    parts: dict[str, float] = defaultdict(float)
    kept: list[tuple[Any, str, Any]] = []

    def wrap(module: Any, name: str, label: Label) -> None:
        inner = getattr(module, name)

        @functools.wraps(inner)
        def wrapped(*given: Any, **named: Any) -> Any:
            start = time.perf_counter()
            try:
                return inner(*given, **named)
            finally:
                parts[label(*given, **named)] += time.perf_counter() - start

        kept.append((module, name, inner))
        setattr(module, name, wrapped)

    wrap(states, "_refresh_month", lambda _, fact, *__, **___: f"fact {fact}")
    wrap(states, "compute_states", lambda *_, **__: "step sum and roll up")
    wrap(states, "merge_states", lambda *_, **__: "step merge the views of a fact")
    wrap(values, "computed", lambda _, __, part: f"grain {part.grain}")
    wrap(populations, "_refresh", lambda _, stale: f"population {stale[0][0].population.name}")
    wrap(populations, "_unresolved", lambda *_: "step keys that do not resolve")
    wrap(populations, "_stale", lambda *_: "step is a population current")
    wrap(populations, "tables_of", lambda *_, **__: "step settle populations")
    wrap(extracts, "_refresh", lambda _, __, extract, *___, **____: f"extract {extract.name}")
    wrap(additive, "rolled_up", lambda *_: "step roll up days to periods")
    wrap(additive, "settle", lambda *_, **__: "step settle")
    wrap(additive, "value_rows", lambda *_, **__: "step rows of kpi_value")
    wrap(additive, "_compared", lambda *_, **__: "step compare periods")
    try:
        yield parts
    finally:
        for module, name, inner in reversed(kept):
            setattr(module, name, inner)


def table(parts: dict[str, float]) -> list[str]:
    """The parts as rows of Markdown, the longest of each kind first."""
    rows = sorted(parts.items(), key=lambda part: (part[0].split()[0], -part[1]))
    return ["| part | s |", "|---|---:|", *[f"| {name} | {took:.1f} |" for name, took in rows]]
