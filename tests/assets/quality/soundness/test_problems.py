"""What cannot hold is refused when definitions load: with the table, the expectation, the mend."""

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.gx_polars.expectation_kinds import SUPPORTED_EXPECTATIONS
from assets.quality.soundness.arguments import ARGUMENTS
from assets.quality.soundness.problems import contract_problems, refuse_unsound
from pipelines.config import load_project
from schemas.config.project import Project
from schemas.errors import ContractError
from schemas.operations import TABLES as OPERATIONS
from schemas.quality import TABLES as QUALITY
from schemas.registry import TABLES
from schemas.table import Column, Expectation, Table
from schemas.warehouse import warehouse_tables

ROOT = Path(__file__).parents[4]
CONFIGURATIONS = [ROOT / "barometer.yaml", *sorted((ROOT / "examples").glob("*/barometer.yaml"))]
COLUMNS = (
    Column("id", "text", "Key."),
    Column("state", "text", "State.", allowed=("open", "won", "lost")),
    Column("score", "integer", "Score.", minimum=0, maximum=10),
    Column("low", "number", "Low.", minimum=0, maximum=1),
    Column("high", "number", "High.", minimum=5, maximum=9),
    Column("share", "number", "Share."),
    Column("amount", "decimal", "Amount."),
    Column("is_ok", "boolean", "Flag."),
    Column("on", "date", "Day."),
    Column("at", "instant", "Instant."),
    Column("must", "text", "Mandatory.", nullable=False),
)


def project(quality: dict[str, Any] | None = None) -> Project:
    files = {"root": ".", "path": "a.csv", "format": "csv"}
    document = {
        "version": 1,
        "company": {"name": "Nord", "time_zone": "Europe/Oslo", "currency": "NOK"},
        "start_date": "2026-01-01",
        "sources": {"a": {"system": "crm", "files": files, "mode": "snapshot"}},
        "quality": quality or {},
    }
    return Project.model_validate(document)


COMPANY = project()


def table(**given: Any) -> Table:
    defaults: dict[str, Any] = {"name": "t", "domain": "crm", "description": "One row per t."}
    return Table(**defaults | {"columns": COLUMNS, "key": ("id",)} | given)


def rule(name: str, **kwargs: Any) -> Expectation:
    return Expectation(f"expect_{name}", kwargs)


def problems(*rules: Expectation) -> list[str]:
    return contract_problems([table(rules=rules)], COMPANY)


def column_problems(*columns: Column, **given: Any) -> list[str]:
    return contract_problems([table(columns=(COLUMNS[0], *columns), **given)], COMPANY)


@pytest.mark.parametrize(
    ("rules", "parts"),
    [
        ([rule("column_values_to_be_magic", column="id")], ["is not supported on Polars"]),
        (
            [rule("column_values_to_not_be_null", column="nope")],
            ["on 'nope'", "does not exist", "Correct the name"],
        ),
        (
            [rule("column_values_to_be_between", column="share", min_valeu=1)],
            ["takes no argument 'min_valeu'", "min_value", "Correct the name or drop it"],
        ),
        ([rule("column_mean_to_be_between", min_value=1)], ["lacks the argument 'column'"]),
        (
            [rule("column_mean_to_be_between", column="share")],
            ["neither min_value nor max_value", "Add a bound"],
        ),
        (
            [rule("column_mean_to_be_between", column="share", min_value="a")],
            ["min_value is 'a'", "allowed is a number"],
        ),
        (
            [rule("column_values_to_be_between", column="share", min_value=1, strict_min="no")],
            ["strict_min is 'no'", "allowed is true or false"],
        ),
        (
            [rule("column_values_to_be_in_set", column="id", value_set="open")],
            ["value_set is 'open'", "allowed is a list"],
        ),
        (
            [rule("column_values_to_be_between", column="share", min_value=2, max_value=1)],
            ["min_value 2 is greater than max_value 1", "Swap or correct"],
        ),
        (
            [rule("column_values_to_be_between", column="score", min_value=1.2, max_value=1.8)],
            ["score"],
        ),
        (
            [rule("column_values_to_be_between", column="id", min_value="a")],
            ["bound 'a' on a column of String", "Expect a set, a length or a pattern"],
        ),
        (
            [rule("column_values_to_be_between", column="id", min_value=1)],
            ["cannot be compared with 1"],
        ),
        ([rule("column_to_exist", column="nope")], ["there is no such column", "Correct the name"]),
        (
            [rule("column_values_to_be_of_type", column="id", type_="Int64")],
            ["the column is of String and never of Int64"],
        ),
        (
            [rule("column_values_to_match_regex", column="id", regex="(")],
            ["not understood"],
        ),
        (
            [rule("column_quantile_values_to_be_between", column="share", quantile_ranges={1: 2})],
            ["quantile_ranges"],
        ),
        (
            [rule("table_row_count_to_be_between", min_value=5, row_condition=3)],
            ["t: expect_table_row_count_to_be_between"],
        ),
    ],
)
def test_an_expectation_that_cannot_be_evaluated(
    rules: list[Expectation], parts: list[str]
) -> None:
    (problem,) = problems(*rules)
    assert problem.startswith(f"table t: {rules[0].type}")
    assert [part for part in parts if part not in problem] == [], problem


@pytest.mark.parametrize(
    ("rules", "parts"),
    [
        (
            [rule("column_values_to_match_regex", column="state", regex="^[A-Z]+$")],
            ["none of the allowed values meets it", "open, won, lost", "allow a value that does"],
        ),
        (
            [
                rule("column_values_to_not_be_in_set", column="state", value_set=["open"]),
                rule("column_value_lengths_to_equal", column="state", value=4),
                rule("column_values_to_not_match_regex", column="state", regex="^l"),
            ],
            ["no allowed value of 'state' meets all of", "not_be_in_set", "lengths_to_equal"],
        ),
        (
            [rule("column_values_to_be_in_set", column="state", value_set=["Won"])],
            ["value_set ['Won'] contradicts", "['open', 'won', 'lost']", "a value in common"],
        ),
        (
            [rule("column_values_to_be_in_set", column="score", value_set=[1.5])],
            ["of which a column of Int64 can hold nothing"],
        ),
        (
            [rule("column_values_to_be_in_set", column="id", value_set=[])],
            ["value_set is []", "can hold nothing"],
        ),
        (
            [rule("column_values_to_be_in_set", column="score", value_set=[11, 12])],
            ["none of the allowed values meets it", "11, 12"],
        ),
        (
            [
                rule("column_values_to_be_in_set", column="on", value_set=["2026-01-01"]),
                rule("column_values_to_be_between", column="on", min_value="2026-02-01"),
            ],
            ["none of the allowed values meets it", "2026-01-01"],
        ),
        (
            [rule("column_distinct_values_to_contain_set", column="state", value_set=["Won"])],
            ["asks for 'Won', which is not allowed"],
        ),
        (
            [rule("column_most_common_value_to_be_in_set", column="state", value_set=["Won"])],
            ["holds no allowed value"],
        ),
        (
            [rule("column_unique_value_count_to_be_between", column="state", min_value=4)],
            ["asks for 4 different values, and 3 are allowed"],
        ),
        (
            [rule("column_values_to_be_between", column="score", min_value=11)],
            ["≥ 11", "contradicts", "≤ 10", "ranges that overlap"],
        ),
        (
            [
                rule("column_values_to_be_between", column="share", min_value=1, strict_min=True),
                rule("column_values_to_be_between", column="share", max_value=1),
            ],
            ["≤ 1 contradicts", "> 1"],
        ),
        (
            [rule("column_max_to_be_between", column="score", min_value=20)],
            ["column_max", "contradicts", "column_values_to_be_between", "≥ 20"],
        ),
        (
            [
                rule("column_min_to_be_between", column="share", min_value=5),
                rule("column_max_to_be_between", column="share", max_value=4),
            ],
            ["column_max_to_be_between on 'share': ≤ 4 contradicts", "≥ 5"],
        ),
        (
            [
                rule("column_value_lengths_to_equal", column="id", value=3),
                rule("column_value_lengths_to_be_between", column="id", min_value=4),
            ],
            ["lengths_to_be_between", "≥ 4 contradicts"],
        ),
        (
            [rule("column_value_lengths_to_equal", column="id", value=-1)],
            ["nothing is ≥ -1 and ≤ -1; possible is ≥ 0"],
        ),
        (
            [rule("table_row_count_to_be_between", max_value=-5)],
            ["nothing is ≤ -5; possible is ≥ 0"],
        ),
        (
            [rule("column_proportion_of_non_null_values_to_be_between", column="id", min_value=2)],
            ["possible is ≥ 0 and ≤ 1"],
        ),
        (
            [rule("column_values_to_be_null", column="must")],
            ["column_values_to_be_null", "contradicts", "column_values_to_not_be_null"],
        ),
        (
            [
                rule("column_values_to_match_regex", column="id", regex="a"),
                rule("column_values_to_not_match_regex", column="id", regex="a"),
            ],
            ["regex 'a' contradicts", "different patterns"],
        ),
        (
            [
                rule("column_pair_values_a_to_be_greater_than_b", column_A="on", column_B="at"),
                rule("column_pair_values_a_to_be_greater_than_b", column_A="at", column_B="on"),
            ],
            ["at > on contradicts", "on > at"],
        ),
        (
            [
                rule("column_pair_values_a_to_be_greater_than_b", column_A="on", column_B="at"),
                rule("column_pair_values_to_be_equal", column_A="on", column_B="at"),
            ],
            ["on = at contradicts", "on > at"],
        ),
        (
            [rule("column_pair_values_a_to_be_greater_than_b", column_A="low", column_B="high")],
            ["'high' is never below 5 and 'low' never above 1", "no record meets it"],
        ),
    ],
)
def test_expectations_that_no_record_can_meet(rules: list[Expectation], parts: list[str]) -> None:
    (problem,) = [each for each in problems(*rules) if not each.startswith("table t: column")]
    assert problem.startswith("table t: expect_")
    assert problem.endswith(": the Table is in schemas/.")
    assert [part for part in parts if part not in problem] == [], problem


@pytest.mark.parametrize(
    "rules",
    [
        [rule("column_values_to_match_regex", column="state", regex="^[a-z]+$")],
        [rule("column_values_to_match_regex", column="state", regex="^[A-Z]+$", mostly=0.5)],
        [
            rule("column_values_to_be_between", column="share", min_value=1, mostly=0.9),
            rule("column_values_to_be_between", column="share", max_value=0),
        ],
        [
            rule(
                "column_values_to_be_null", column="must", row_condition='col("state") == "open"',
                condition_parser="great_expectations",
            ),
        ],
        [
            rule("column_pair_values_a_to_be_greater_than_b", column_A=a, column_B=b, or_equal=True)
            for a, b in (("on", "at"), ("at", "on"))
        ],
        [
            rule("column_values_to_be_between", column="at", min_value="2026-01-01"),
            rule("column_values_to_be_between", column="at", max_value="2026-01-01T00:00:00+00:00"),
        ],
        [rule("column_values_to_be_in_set", column="is_ok", value_set=[True])],
        [rule("column_mean_to_be_between", column="score", min_value=9, max_value=20)],
        [rule("column_values_to_be_of_type", column="at", type_="Datetime")],
        [rule("table_row_count_to_be_between", min_value=0)],
    ],
)  # fmt: skip
def test_what_can_hold_is_let_be(rules: list[Expectation]) -> None:
    assert problems(*rules) == []


@pytest.mark.parametrize(
    ("columns", "given", "parts"),
    [
        (
            [Column("n", "integer", "N.", allowed=("a",))],
            {},
            ["expect_column_values_to_be_in_set on 'n'", "cannot be compared with 'a'"],
        ),
        (
            [Column("n", "map", "N.", allowed=("a",))],
            {},
            ["column 'n'", "allowed values on a map"],
        ),
        ([Column("n", "text", "N.", minimum=0)], {}, ["on 'n'", "cannot be compared with 0"]),
        (
            [Column("n", "number", "N.", minimum=2, maximum=1)],
            {},
            ["min_value 2 is greater than max_value 1"],
        ),
        (
            [Column("n", "text", "N.", reference="crm_acount.account_id")],
            {},
            ["reference 'crm_acount.account_id'", "no table 'crm_acount'", "crm_account"],
        ),
        (
            [Column("n", "text", "N.", reference="crm_account.acount_id")],
            {},
            ["crm_account has no column 'acount_id'", "account_id"],
        ),
        (
            [Column("n", "integer", "N.", reference="crm_account.account_id")],
            {},
            ["of type text, the column of type integer"],
        ),
        (
            [Column("n", "text", "N.")],
            {"event": "n"},
            ["event 'n' is of type text", "date, instant"],
        ),
        (
            [Column("n", "text", "N.")],
            {"parent": ("erp_orders", ("n",))},
            ["parent 'erp_orders.n'", "there is no table 'erp_orders'"],
        ),
        (
            [Column("n", "text", "N.")],
            {"parent": ("erp_order", ("n",))},
            ["erp_order has no column 'n'"],
        ),
    ],
)
def test_a_contract_that_contradicts_itself(
    columns: list[Column], given: dict[str, Any], parts: list[str]
) -> None:
    (problem,) = column_problems(*columns, **given)
    assert problem.startswith("table t: ")
    assert [part for part in parts if part not in problem] == [], problem


def test_a_table_stated_twice_is_told() -> None:
    (problem,) = contract_problems([table(), table(description="One row.")], COMPANY)
    assert problem == "table t: stated more than once; allowed is once. Drop one."


def test_own_expectations_are_told_by_their_key_and_give_way_to_the_contract() -> None:
    own = [
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "plan"}},
        {"type": "expect_column_values_to_be_null", "kwargs": {"column": "account_id"}},
        {"type": "expect_column_values_to_be_good", "kwargs": {"column": "plan"}},
        {
            "type": "expect_column_values_to_be_in_set",
            "kwargs": {"column": "kind", "value_set": ["person"]},
        },
    ]
    company = project({"tables": {"crm_account": {"expectations": own}}})
    found = contract_problems(TABLES.values(), company)
    assert len(found) == 3
    key = "quality.tables.crm_account.expectations"
    assert found[0].startswith(f"{key}[2]: expect_column_values_to_be_good on 'plan': is not supp")
    assert found[1].startswith(f"{key}[1]: expect_column_values_to_be_null on 'account_id'")
    assert "contradicts table crm_account: expect_column_values_to_not_be_null" in found[1]
    assert found[2].startswith(f"{key}[3]")
    assert "['consumer', 'business']" in found[2]
    assert found[2].endswith("Change one of them: it is in barometer.yaml.")


def test_own_expectations_may_speak_of_what_the_history_adds() -> None:
    own = [{"type": "expect_column_to_exist", "kwargs": {"column": "_valid_from"}}]
    company = project({"tables": {"crm_account": {"expectations": own}}})
    assert contract_problems(TABLES.values(), company) == []


def test_unsound_contracts_are_refused_with_all_problems_at_once() -> None:
    with pytest.raises(ContractError) as caught:
        refuse_unsound(
            [
                table(
                    rules=(
                        rule("column_values_to_be_magic", column="id"),
                        rule("column_values_to_not_be_null", column="nope"),
                    )
                )
            ],
            COMPANY,
        )
    assert "2 problems" in str(caught.value)
    assert "be_magic" in str(caught.value)
    assert "'nope'" in str(caught.value)
    refuse_unsound([table()], COMPANY)


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: path.parent.name)
def test_the_contracts_that_are_shipped_are_sound(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAROMETER_REAL_DATA_DIR", "/nowhere")
    company = load_project(path)
    tables = (*TABLES.values(), *warehouse_tables(company), *OPERATIONS, *QUALITY)
    assert contract_problems(tables, company) == []


def test_great_expectations_is_not_imported() -> None:
    script = (
        "import sys\n"
        "from tests.assets.quality.soundness import test_problems as own\n"
        "assert own.contract_problems(own.TABLES.values(), own.COMPANY) == []\n"
        "sys.exit('great_expectations' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)


NAMES = st.sampled_from([column.name for column in COLUMNS] + ["nope", ""])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**400, -(2**70)]),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["2026-01-01", "2026-01-01T10:00:00+02:00", "open", "^a", "(", 'col("id")']),
    st.dates(),
    st.datetimes(),
)
VALUES = st.one_of(
    SCALARS,
    NAMES,
    st.lists(st.one_of(SCALARS, NAMES), max_size=4),
    st.dictionaries(st.sampled_from(["quantiles", "value_ranges", "values", "bins"]), SCALARS),
)
PROPER = {
    "column": NAMES,
    "column_A": NAMES,
    "column_B": NAMES,
    "column_list": st.lists(NAMES, max_size=3),
    "mostly": st.sampled_from([0, 0.5, 1, 2]),
    "row_condition": st.sampled_from([None, "score > 3", 'col("score") > 3', "("]),
    "value_set": st.lists(SCALARS, max_size=4),
}


@st.composite
def expectations(draw: st.DrawFn) -> Expectation:
    """Of all kinds, with arguments that are right, odd, missing or unknown."""
    name = draw(st.sampled_from([*sorted(SUPPORTED_EXPECTATIONS), "expect_the_best"]))
    must, may = ARGUMENTS.get(name, (frozenset({"column"}), frozenset({"value"})))
    chosen = [*sorted(must), *draw(st.lists(st.sampled_from([*sorted(may), "odd"]), unique=True))]
    kwargs = {
        key: draw(PROPER.get(key, VALUES) if draw(st.integers(0, 4)) else VALUES)
        for key in chosen
        if draw(st.integers(0, 19))
    }
    return Expectation(name, kwargs)


@settings(max_examples=60, deadline=None)
@given(st.lists(expectations(), min_size=3, max_size=8))
def test_no_suite_raises_whatever_it_holds(suite: list[Expectation]) -> None:
    own = [{"type": each.type, "kwargs": dict(each.kwargs)} for each in suite[:2]]
    company = project({"tables": {"crm_account": {"expectations": own}}})
    found = contract_problems([table(checks=tuple(suite)), TABLES["crm_account"]], company)
    assert all(each.startswith(("table t: ", "quality.tables.crm_account.")) for each in found)


@settings(max_examples=60, deadline=None)
@given(st.lists(expectations(), min_size=1, max_size=6))
def test_dropping_what_is_told_alone_leaves_what_is_sound_alone(suite: list[Expectation]) -> None:
    alone = [each for each in suite if not contract_problems([table(checks=(each,))], COMPANY)]
    bare = dataclasses.replace(table(), checks=tuple(alone))
    for problem in contract_problems([bare], COMPANY):
        assert any(word in problem for word in ("contradicts", "allowed", "meets"))
