"""The law of the package: results equal those of Great Expectations' own pandas engine."""

from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, settings

from assets.gx_polars.expectation_kinds import SUPPORTED_EXPECTATIONS
from assets.gx_polars.type_expectations import TYPE_EXPECTATIONS
from tests.assets.gx_polars.aggregate_strategies import AGGREGATE
from tests.assets.gx_polars.pandas_reference import (
    comparable,
    pandas_results,
    polars_results,
    raised,
)
from tests.assets.gx_polars.strategies import ROW_LEVEL, frames, suites

MODEST = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def differences(frame: pl.DataFrame, suite: list[dict[str, Any]]) -> list[str]:
    """What the engines disagree about, and whatever raises on Polars."""
    ours, theirs = polars_results(frame, suite), pandas_results(frame, suite)
    found = []
    for expectation, one, other in zip(suite, ours, theirs, strict=True):
        if raised(one) is not None:
            found.append(f"{expectation} raised {raised(one)}")
        elif raised(other) is None and comparable(one) != comparable(other):
            found.append(f"{expectation}: {comparable(one)} against {comparable(other)}")
    return found


@MODEST
@given(frames(), suites(ROW_LEVEL))
def test_row_level_results_equal_those_of_pandas(
    frame: pl.DataFrame, suite: list[dict[str, Any]]
) -> None:
    assert differences(frame, suite) == []


@MODEST
@given(frames(), suites(AGGREGATE))
def test_aggregate_results_equal_those_of_pandas(
    frame: pl.DataFrame, suite: list[dict[str, Any]]
) -> None:
    assert differences(frame, suite) == []


def test_every_supported_expectation_is_compared() -> None:
    # those on types are decided by the schema here and by each value in pandas, and the pandas
    # engine knows no other tables: they have tests of their own
    elsewhere = TYPE_EXPECTATIONS | {"expect_table_row_count_to_equal_other_table"}
    assert set(ROW_LEVEL) | set(AGGREGATE) | elsewhere == SUPPORTED_EXPECTATIONS
