"""Processes that tests start and kill."""

import multiprocessing
from multiprocessing.context import ForkServerContext

_PRELOADED = [
    "pipelines.run",
    "pipelines.cli",
    "tests.assets.publish.duckdb_readers",
    "tests.assets.publish.postgres.killed",
]
"""All that any of them needs: the first test that asks starts the one server there is."""


def processes() -> ForkServerContext:
    """Processes that begin with Dagster, Polars and drivers imported, and so begin quickly.

    They are forked from a server that has not used any: what is preloaded computes nothing.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context
