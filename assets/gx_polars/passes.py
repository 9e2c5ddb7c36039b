"""Making passes over a frame until all metrics that were asked are answered.

Belongs here: :func:`answer`, which computes what all metrics need next in one query, again and
again; counting passes.
Does not belong here: what a metric needs (``metrics/``), Great Expectations.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Final, TypeAlias

import polars as pl

from assets.gx_polars.metrics.metric import (
    Extent,
    Found,
    Metric,
    Raw,
    Request,
    Step,
    Steps,
    in_one_step,
)

Asked: TypeAlias = tuple[Metric, Request]

_ENGINE: Final = "streaming"


def answer(frame: pl.LazyFrame, asked: Sequence[Asked], extent: Extent) -> tuple[list[Found], int]:
    """Compute metrics in as few queries as their memory allows.

    What several metrics ask alike is computed once.

    Args:
        frame: The data.
        asked: The metrics and what is asked of them.
        extent: The size of the data, beside what may be held of them.

    Returns:
        The value of each metric, in the order asked, and the number of queries made.
    """
    keys = [metric.key(request) for metric, request in asked]
    places: dict[Hashable, list[int]] = defaultdict(list)
    for index, key in enumerate(keys):
        places[key].append(index)
    begun = {
        key: asked[indexes[0]][0].begin(asked[indexes[0]][1], frame, extent)
        for key, indexes in places.items()
    }
    running = {key: (steps, next(steps)) for key, steps in begun.items()}
    apart = set() if extent.is_held else {k for k in begun if asked[places[k][0]][0].stands_apart}
    raw: dict[Hashable, Raw] = {}
    query_count = 0
    while running:
        found, count = _one_pass(frame, {key: step for key, (_, step) in running.items()}, apart)
        query_count += count
        running, done = _advanced(running, found)
        raw |= done
        for index in (index for key in done for index in places.get(key, ())):
            metric, request = asked[index]
            plan = metric.follow_up and metric.follow_up(raw[keys[index]], request, frame)
            if plan is not None:
                # keys of follow-ups are the places of their metrics, which no other key is
                steps = in_one_step(plan)
                running[index] = steps, next(steps)
    values = [
        metric.finish(raw.get(index, raw[key]), request)
        for index, (key, (metric, request)) in enumerate(zip(keys, asked, strict=True))
    ]
    return values, query_count


def _advanced(
    running: Mapping[Hashable, tuple[Steps, Step]], found: Mapping[Hashable, Raw]
) -> tuple[dict[Hashable, tuple[Steps, Step]], dict[Hashable, Raw]]:
    """The metrics that need another pass with what it must compute, and those that are done."""
    further: dict[Hashable, tuple[Steps, Step]] = {}
    done: dict[Hashable, Raw] = {}
    for key, (steps, _) in running.items():
        try:
            further[key] = steps, steps.send(found[key])
        except StopIteration as stop:
            done[key] = stop.value
    return further, done


def _one_pass(
    frame: pl.LazyFrame, wanted: Mapping[Hashable, Step], apart: Collection[Hashable]
) -> tuple[dict[Hashable, Raw], int]:
    """What is found for each step (a value, or the list of a plan's), and by how many queries."""
    together = {k: step for k, step in wanted.items() if k not in apart}
    groups = [together] if together else []
    groups += [{key: step} for key, step in wanted.items() if key in apart]
    found: dict[Hashable, Raw] = {}
    for group in groups:
        found |= _one_query(frame, group)
    return found, len(groups)


def _one_query(frame: pl.LazyFrame, wanted: Mapping[Hashable, Step]) -> dict[Hashable, Raw]:
    expressions = {key: step for key, step in wanted.items() if isinstance(step, pl.Expr)}
    plans = {key: step for key, step in wanted.items() if isinstance(step, pl.LazyFrame)}
    queries = list(plans.values())
    if expressions:
        named = (step.alias(str(index)) for index, step in enumerate(expressions.values()))
        queries.append(frame.select(named))
    if len(queries) == 1:
        frames = [queries[0].collect(engine=_ENGINE)]
    else:
        # each plan reads only the columns it needs and stops once its sample is full
        frames = pl.collect_all(queries, engine=_ENGINE)
    found: dict[Hashable, Raw] = {}
    if expressions:
        found = dict(zip(expressions, frames.pop().row(0), strict=True))
    return found | {key: f.to_series().to_list() for key, f in zip(plans, frames, strict=True)}
