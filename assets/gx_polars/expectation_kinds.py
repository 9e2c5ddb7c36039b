"""Which expectations there are, grouped by what must be checked of them.

Belongs here: the names of all supported expectations.
Does not belong here: the checks (``suite_check.py``) and the meanings (``conditions.py``).
"""

from typing import Final

from assets.gx_polars.conditions import ROW_LEVEL_EXPECTATIONS
from assets.gx_polars.type_expectations import TYPE_EXPECTATIONS

NUMERIC: Final = frozenset(
    {
        "expect_column_mean_to_be_between",
        "expect_column_median_to_be_between",
        "expect_column_quantile_values_to_be_between",
        "expect_column_stdev_to_be_between",
        "expect_column_sum_to_be_between",
        "expect_column_value_z_scores_to_be_less_than",
        "expect_multicolumn_sum_to_equal",
    }
)
BOUNDED: Final = frozenset(
    {
        "expect_column_max_to_be_between",
        "expect_column_mean_to_be_between",
        "expect_column_median_to_be_between",
        "expect_column_min_to_be_between",
        "expect_column_proportion_of_non_null_values_to_be_between",
        "expect_column_proportion_of_unique_values_to_be_between",
        "expect_column_stdev_to_be_between",
        "expect_column_sum_to_be_between",
        "expect_column_unique_value_count_to_be_between",
        "expect_table_column_count_to_be_between",
        "expect_table_row_count_to_be_between",
    }
)
# those whose bounds are values of the column itself
COMPARED: Final = frozenset(
    {
        "expect_column_max_to_be_between",
        "expect_column_min_to_be_between",
        "expect_column_values_to_be_between",
    }
)
TEXT: Final = frozenset(
    {
        "expect_column_value_lengths_to_be_between",
        "expect_column_value_lengths_to_equal",
        "expect_column_values_to_be_dateutil_parseable",
        "expect_column_values_to_be_json_parseable",
        "expect_column_values_to_match_regex",
        "expect_column_values_to_match_regex_list",
        "expect_column_values_to_match_strftime_format",
        "expect_column_values_to_not_match_regex",
        "expect_column_values_to_not_match_regex_list",
    }
)
OF_A_SET: Final = frozenset(
    {
        "expect_column_distinct_values_to_be_in_set",
        "expect_column_distinct_values_to_contain_set",
        "expect_column_distinct_values_to_equal_set",
        "expect_column_most_common_value_to_be_in_set",
    }
)
OF_A_TABLE: Final = frozenset(
    {
        "expect_column_to_exist",
        "expect_table_column_count_to_equal",
        "expect_table_columns_to_match_ordered_list",
        "expect_table_columns_to_match_set",
        "expect_table_row_count_to_equal",
        "expect_table_row_count_to_equal_other_table",
    }
)
SUPPORTED_EXPECTATIONS: Final = (
    ROW_LEVEL_EXPECTATIONS
    | TYPE_EXPECTATIONS
    | BOUNDED
    | OF_A_SET
    | OF_A_TABLE
    | {"expect_column_kl_divergence_to_be_less_than", "expect_column_quantile_values_to_be_between"}
)
"""The expectation types that can be validated on Polars."""
