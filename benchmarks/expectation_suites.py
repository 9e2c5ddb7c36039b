"""The suites that ``bench_expectations.py`` times, and the three ways of checking them.

Belongs here: the data, the suites, and each way as a function of a file and a suite.
Does not belong here: measuring.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

CHANNELS = ["email", "phone", "store", "web"]
EMAIL = r"^[^@]+@[^@]+$"
QUANTILES = [0.1, 0.5, 0.9]
Check = Callable[[Path, str], bool]

COMMON: list[dict[str, Any]] = [
    {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}},
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "interaction_id"}},
    {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "interaction_id"}},
    {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "score", "min_value": 0, "max_value": 10},
    },
    {
        "type": "expect_column_values_to_be_in_set",
        "kwargs": {"column": "channel", "value_set": CHANNELS},
    },
    {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "email", "regex": EMAIL}},
    {
        "type": "expect_column_value_lengths_to_be_between",
        "kwargs": {"column": "channel", "min_value": 3, "max_value": 5},
    },
    {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "amount", "min_value": 0.0, "mostly": 0.9},
    },
    {
        "type": "expect_column_mean_to_be_between",
        "kwargs": {"column": "amount", "min_value": 90, "max_value": 110},
    },
    {"type": "expect_column_values_to_be_increasing", "kwargs": {"column": "interaction_id"}},
]
"""Ten ordinary expectations, the key of the table in order."""
HOLDING: list[dict[str, Any]] = [
    {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "reference"}},
    {
        "type": "expect_compound_columns_to_be_unique",
        "kwargs": {"column_list": ["reference", "channel"]},
    },
    {
        "type": "expect_column_unique_value_count_to_be_between",
        "kwargs": {"column": "channel", "min_value": 4, "max_value": 4},
    },
    {
        "type": "expect_column_median_to_be_between",
        "kwargs": {"column": "amount", "min_value": 90, "max_value": 110},
    },
    {
        "type": "expect_column_quantile_values_to_be_between",
        "kwargs": {
            "column": "amount",
            "quantile_ranges": {
                "quantiles": QUANTILES,
                "value_ranges": [[70, 80], [90, 110], [120, 130]],
            },
        },
    },
    {
        "type": "expect_column_value_z_scores_to_be_less_than",
        "kwargs": {"column": "amount", "threshold": 4, "double_sided": True, "mostly": 0.99},
    },
]
"""Expectations that must see all values of a column together; the key is in no order."""
SUITES = {"common": COMMON, "holding": HOLDING}


def write_interactions(path: Path, row_count: int) -> None:
    """Write a file of interactions, in row groups, never holding more than a million rows."""
    import numpy as np
    import polars as pl
    import pyarrow.parquet as pq

    random = np.random.default_rng(20240105)
    writer = None
    for start in range(0, row_count, 1_000_000):
        count = min(1_000_000, row_count - start)
        ids = pl.Series(np.arange(start, start + count))
        # an odd factor permutes the numbers below a power of two
        references = pl.Series((np.arange(start, start + count) * 2_654_435_761) % 2**32)
        table = pl.DataFrame(
            {
                "interaction_id": ids,
                "score": random.integers(0, 11, count),
                "channel": random.choice(CHANNELS, count),
                "amount": random.normal(100, 20, count).round(2),
                "email": ids.cast(pl.String).str.zfill(9) + "@example.org",
                "reference": "R" + references.cast(pl.String).str.zfill(10),
            }
        ).with_columns(amount=pl.when(ids % 97 != 0).then(pl.col("amount")))
        arrow = table.to_arrow()
        writer = writer or pq.ParquetWriter(path, arrow.schema, compression="zstd")
        writer.write_table(arrow, row_group_size=250_000)
    if writer is not None:
        writer.close()


def by_hand() -> Check:
    """The checks of the suite as one Polars query."""
    import polars as pl

    key, amount, reference = pl.col("interaction_id"), pl.col("amount"), pl.col("reference")
    common = {
        "rows": pl.len(),
        "null_ids": key.is_null().sum(),
        "distinct": key.n_unique(),
        "null_scores": pl.col("score").is_null().sum(),
        "bad_scores": (~pl.col("score").is_between(0, 10)).sum(),
        "null_channels": pl.col("channel").is_null().sum(),
        "bad_channels": (~pl.col("channel").is_in(CHANNELS)).sum(),
        "null_emails": pl.col("email").is_null().sum(),
        "bad_emails": (~pl.col("email").str.contains(EMAIL)).sum(),
        "bad_lengths": (~pl.col("channel").str.len_chars().is_between(3, 5)).sum(),
        "null_amounts": amount.is_null().sum(),
        "bad_amounts": (amount < 0).sum(),
        "mean_amount": amount.mean(),
        "out_of_order": (key < key.shift(1)).sum(),
    }
    holding = {
        "rows": pl.len(),
        "null_references": reference.is_null().sum(),
        "distinct": reference.n_unique(),
        "distinct_pairs": pl.struct("reference", "channel").n_unique(),
        "channels": pl.col("channel").n_unique(),
        "median": amount.median(),
        **{f"quantile_{q}": amount.quantile(q, interpolation="nearest") for q in QUANTILES},
        "null_amounts": amount.is_null().sum(),
        "far": (((amount - amount.mean()) / amount.std()).abs() >= 4).sum(),  # noqa: PLR2004 - the threshold of the suite
    }

    def check(path: Path, suite: str) -> bool:
        query = pl.scan_parquet(path).select(**(common if suite == "common" else holding))
        found = query.collect(engine="streaming").row(0, named=True)
        return bool(found["distinct"] == found["rows"])

    return check


def by_polars() -> Check:
    """The suite by Great Expectations on Polars."""
    import polars as pl

    from assets.gx_polars.validation import validate

    def check(path: Path, suite: str) -> bool:
        return all(bool(r.success) for r in validate(pl.scan_parquet(path), SUITES[suite]))

    return check


def by_pandas() -> Check:
    """The suite by Great Expectations' own pandas engine."""
    import pandas as pd
    from great_expectations.execution_engine import PandasExecutionEngine
    from great_expectations.expectations import core  # noqa: F401 - registers expectations
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.validator.validator import Validator

    class QuietValidator(Validator):  # type: ignore[misc] # GX is untyped to mypy
        def _determine_progress_bars(self) -> bool:
            return False

    def columns_of(suite: str) -> list[str]:
        kwargs = [expectation["kwargs"] for expectation in SUITES[suite]]
        named = [k["column"] for k in kwargs if "column" in k]
        listed = [column for k in kwargs for column in k.get("column_list", ())]
        return list(dict.fromkeys([*named, *listed]))

    def check(path: Path, suite: str) -> bool:
        data = pd.read_parquet(path, columns=columns_of(suite))
        engine = PandasExecutionEngine(batch_data_dict={"batch": data})
        results = QuietValidator(execution_engine=engine).graph_validate(
            configurations=[
                ExpectationConfiguration(type=e["type"], kwargs=e["kwargs"]) for e in SUITES[suite]
            ],
            runtime_configuration={"result_format": "BASIC"},
        )
        return all(bool(result.success) for result in results)

    return check


WAYS: dict[str, Callable[[], Check]] = {
    "by hand": by_hand,
    "GX on Polars": by_polars,
    "GX on pandas": by_pandas,
}
"""Each way, as a function that imports what it needs and returns the check."""
