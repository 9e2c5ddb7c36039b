"""Random arguments for every expectation on a column or a table as a whole.

Belongs here: Hypothesis strategies.
Does not belong here: tests; strategies for expectations on rows (``strategies.py``).
"""

from hypothesis import strategies as st

from tests.assets.gx_polars.strategies import (
    CONDITIONS,
    NAMES,
    SCHEMA,
    STRICTNESS,
    Arguments,
    bounds,
    fixed,
    merged,
    value_sets,
)

SUMMARISED = {
    "min": "i f d",
    "max": "i f d",
    "mean": "i f",
    "median": "i f",
    "sum": "i f",
    "stdev": "i f",
}
AGGREGATE: dict[str, Arguments] = {
    **{
        f"expect_column_{name}_to_be_between": st.sampled_from(columns.split()).flatmap(
            lambda column: merged(fixed(column=column), bounds(column), STRICTNESS, CONDITIONS)
        )
        for name, columns in SUMMARISED.items()
    },
    "expect_column_proportion_of_unique_values_to_be_between": st.sampled_from(
        NAMES.split()
    ).flatmap(
        lambda c: merged(fixed(column=c, min_value=0.4, max_value=0.9), STRICTNESS, CONDITIONS)
    ),
    "expect_column_proportion_of_non_null_values_to_be_between": st.sampled_from(
        NAMES.split()
    ).flatmap(
        lambda c: merged(fixed(column=c, min_value=0.4, max_value=0.9), STRICTNESS, CONDITIONS)
    ),
    "expect_column_unique_value_count_to_be_between": st.sampled_from(NAMES.split()).flatmap(
        lambda c: merged(fixed(column=c, min_value=1, max_value=3), STRICTNESS, CONDITIONS)
    ),
    **{
        f"expect_column_distinct_values_to_{name}_set": st.sampled_from(["i", "s", "d"]).flatmap(
            lambda c: merged(fixed(column=c), value_sets(c), CONDITIONS)
        )
        for name in ("be_in", "equal", "contain")
    },
    "expect_column_most_common_value_to_be_in_set": st.sampled_from(["i", "s"]).flatmap(
        lambda c: merged(
            fixed(column=c),
            value_sets(c),
            CONDITIONS,
            st.booleans().map(lambda b: {"ties_okay": b}),
        )
    ),
    "expect_column_quantile_values_to_be_between": merged(
        st.sampled_from([{"column": "i"}, {"column": "f"}]),
        CONDITIONS,
        st.sampled_from(
            [{}, *({"allow_relative_error": m} for m in ("lower", "higher", "midpoint", "linear"))]
        ),
        fixed(
            quantile_ranges={
                "quantiles": [0.0, 0.1, 0.25, 0.5, 0.75, 1.0],
                "value_ranges": [[None, 2], [-1, 1], [0, 3], [0, 2], [-5, 5], [1, None]],
            }
        ),
    ),
    "expect_column_kl_divergence_to_be_less_than": st.one_of(
        fixed(
            column="s",
            partition_object={"values": ["a", "ab", ""], "weights": [0.5, 0.25, 0.25]},
            threshold=0.5,
            tail_weight_holdout=0.1,
        ),
        fixed(
            column="f",
            partition_object={"bins": [-3.0, 0.0, 1.0, 3.0], "weights": [0.25, 0.25, 0.5]},
            threshold=0.5,
            tail_weight_holdout=0.1,
            internal_weight_holdout=0.1,
        ),
    ),
    "expect_table_row_count_to_equal": merged(st.integers(0, 4).map(lambda n: {"value": n})),
    "expect_table_row_count_to_be_between": merged(fixed(min_value=1, max_value=4), STRICTNESS),
    "expect_table_column_count_to_equal": st.sampled_from([{"value": 10}, {"value": 9}]),
    "expect_table_column_count_to_be_between": fixed(min_value=3, max_value=10),
    "expect_column_to_exist": st.sampled_from(
        [{"column": "i"}, {"column": "nope"}, {"column": "j", "column_index": 1}]
    ),
    "expect_table_columns_to_match_ordered_list": st.sampled_from(
        [{"column_list": list(SCHEMA)}, {"column_list": ["i"]}]
    ),
    "expect_table_columns_to_match_set": st.sampled_from(
        [{"column_set": list(SCHEMA)[::-1]}, {"column_set": ["i"], "exact_match": False}]
    ),
}
