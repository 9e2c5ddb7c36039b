"""The quarantine, counted and told: every reason with the key that fills the column and a mend."""

import json
from typing import Any

import polars as pl
import pytest

from assets.core.redaction import HIDDEN
from assets.core.refusal_counts import Wanted, list_refusals
from assets.core.refusals import RefusedRow, read_refusals
from schemas.errors import ConfigError
from tests.assets.core.company import Company, day

IN_SET = "expect_column_values_to_be_in_set"
MISSING = "expect_column_values_to_not_be_null"
OF_TYPE = "expect_column_values_to_be_of_type"

CONTRACTS: dict[str, Any] = {
    "columns": {
        "contract_id": "id",
        "account_id": "client",
        "plan": {"from": "plan", "values": {"GTX Pro": "pro", "GTX Basic": "basic"}},
        "kind": {"from": "kind", "values": {"abo": "subscription", "x": "rental"}},
        "starts_on": "from",
        "value": {"from": "value", "decimal": ","},
    }
}
HEAD = "id,client,plan,kind,from,value,note\n"
DAYS = (
    "1,a,GTXPro,abo,2024-03-01,1,n\n2,a,GTX Pro,abo,soon,x,n\n3,a,GTX Pro,abo,2024-03-01,1,n\n",
    "4,a,GTXPro,abo,2024-03-01,1,n\n5,a,GTXBasic,x,2024-03-01, ,n\n,a,GTX Pro,abo,,1,n\n",
    "7,a,GTX Pro,abo,2024-03-01,1,n\n",
)


@pytest.fixture
def refusing(company: Company) -> Company:
    """A company with five refused contracts on two of three days."""
    company.source("contracts", {"crm_contract": CONTRACTS})
    company.source("products", {"erp_product": {"columns": {"product_id": "id"}}})
    for number, rows in enumerate(DAYS):
        company.deliver("contracts", number, HEAD + rows)
    company.build("crm_contract", "contracts", *range(len(DAYS)))
    return company


def told(company: Company, wanted: Wanted | None = None, **which: Any) -> list[RefusedRow]:
    return list(read_refusals(company.lake, company.project, wanted or Wanted(), **which))


# --- counted


def test_rows_are_counted_apart_from_reasons(refusing: Company) -> None:
    listing = list_refusals(refusing.lake, refusing.project, Wanted())
    assert (listing.rows, listing.reasons) == (5, 9)
    counted = listing.table.drop("table_name", "source")
    assert counted.rows() == [
        ("contract_id", MISSING, 1, day(1), day(1), None, None),
        ("kind", IN_SET, 1, day(1), day(1), None, None),
        ("plan", IN_SET, 3, day(0), day(1), "GTXPro", "GTX Pro"),
        ("starts_on", OF_TYPE, 1, day(0), day(0), None, None),
        ("starts_on", MISSING, 1, day(1), day(1), None, None),
        ("value", OF_TYPE, 2, day(0), day(1), None, None),
    ]


def test_by_day(refusing: Company) -> None:
    listing = list_refusals(refusing.lake, refusing.project, Wanted(column="plan"), by_day=True)
    found = listing.table.select("rows", "first_on", "last_on", "found", "suggestion")
    assert found.rows() == [
        (1, day(0), day(0), "GTXPro", "GTX Pro"),
        (2, day(1), day(1), "GTXBasic", "GTX Basic"),
    ]
    assert (listing.rows, listing.reasons) == (3, 3)


@pytest.mark.parametrize(
    ("wanted", "rows", "reasons"),
    [
        (Wanted(table="crm_contract", source="contracts"), 5, 9),
        (Wanted(table="erp_product"), 0, 0),
        (Wanted(source="products"), 0, 0),
        (Wanted(first=day(1)), 3, 6),
        (Wanted(last=day(0)), 2, 3),
        (Wanted(first=day(2)), 0, 0),
        (Wanted(column="starts_on"), 2, 2),
        (Wanted(column="account_id"), 0, 0),
    ],
)
def test_part_of_the_quarantine(refusing: Company, wanted: Wanted, rows: int, reasons: int) -> None:
    listing = list_refusals(refusing.lake, refusing.project, wanted)
    assert (listing.rows, listing.reasons) == (rows, reasons)
    assert listing.table["rows"].sum() == reasons
    assert len(told(refusing, wanted)) == rows


def test_two_reasons_for_one_column_make_one_row(refusing: Company) -> None:
    path = refusing.lake.core("crm_contract", "contracts", day(0)).path("quarantined.parquet")
    assert path is not None
    rows = pl.read_parquet(path)
    again = pl.concat_list("reasons", "reasons").list.eval(
        pl.struct(
            pl.when(pl.int_range(pl.len()) % 2 == 0)
            .then(pl.element().struct.field("expectation"))
            .otherwise(pl.lit("expect_another"))
            .alias("expectation"),
            *(pl.element().struct.field(name) for name in ("column", "found", "suggestion")),
        )
    )
    slot = refusing.lake.core("crm_contract", "contracts", day(0))
    facts = refusing.receipt("crm_contract", "contracts").facts
    twice = {f"plan: {IN_SET}": 1, "plan: expect_another": 1}
    with slot.replace("changed") as draft:
        rows.with_columns(reasons=again).write_parquet(draft.path("quarantined.parquet"))
        draft.facts.update(facts | {"reasons": twice})
    wanted = Wanted(column="plan", last=day(0))
    listing = list_refusals(refusing.lake, refusing.project, wanted)
    assert (listing.rows, listing.reasons) == (1, 2)


def test_an_empty_quarantine(company: Company) -> None:
    company.source("products", {"erp_product": {"columns": {"product_id": "id"}}})
    listing = list_refusals(company.lake, company.project, Wanted())
    assert (listing.rows, listing.reasons, listing.table.height) == (0, 0, 0)
    assert told(company) == []


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Wanted(table="crm_contrat"), "crm_contract, erp_product"),
        (Wanted(source="nobody"), "contracts, products"),
        (Wanted(table="erp_product", source="contracts"), "products"),
        (Wanted(table="erp_product", column="plan"), "category, family, name, product_id"),
    ],
)
def test_unknown_names_are_told_with_those_there_are(
    refusing: Company, wanted: Wanted, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        list_refusals(refusing.lake, refusing.project, wanted)
    assert f"allowed: {message}" in str(caught.value)


# --- told


def test_a_row_with_its_place_its_key_and_what_may_be_shown(refusing: Company) -> None:
    [row] = told(refusing, Wanted(), key="1")
    assert (row.table, row.source, row.date) == ("crm_contract", "contracts", day(0))
    assert (row.source_file, row.row_number) == ("contracts_2024-03-01.csv", 1)
    assert row.key == {"contract_id": "1"}
    cells = {"id": "1", "client": "a", "plan": "GTXPro", "kind": "abo", "from": "2024-03-01"}
    assert row.raw == {**cells, "value": "1", "note": HIDDEN}
    stored = pl.read_parquet(row.stored)
    assert json.loads(stored["raw"][0])["note"] == "n"


def test_every_reason_with_its_key_and_what_to_do(refusing: Company) -> None:
    [row] = told(refusing, key="5")
    reasons = {reason.column: reason for reason in row.reasons}
    assert set(reasons) == {"plan", "kind", "value"}
    plan, kind, value = (reasons[name] for name in ("plan", "kind", "value"))
    at = "sources.contracts.tables.crm_contract.columns"
    assert (plan.found, plan.suggestion) == ("GTXBasic", "GTX Basic")
    assert plan.allowed == "GTX Pro, GTX Basic"
    assert plan.config_key == f"{at}.plan"
    assert plan.remedy.startswith("add 'GTXBasic' under `values`")
    assert kind.found == "rental"  # the map knows x, but the contract does not know what it gives
    assert kind.expected == "one of the values of the contract"
    assert kind.allowed == "subscription, contract"
    assert value.found == " "
    assert value.expected == "a number"
    assert value.allowed == "decimal mark ','"
    assert value.remedy.startswith("the cell holds blanks only: add them to `null_values`")


def test_one_row_by_its_number_and_rows_by_their_key(refusing: Company) -> None:
    wanted = Wanted(table="crm_contract")
    assert [row.date for row in told(refusing, wanted, row=2)] == [day(0), day(1)]
    assert [row.row_number for row in told(refusing, wanted, key='{"contract_id":"4"}')] == [1]
    assert told(refusing, wanted, key="nobody's") == []
    [missing] = told(refusing, wanted, row=3)
    assert missing.key == {"contract_id": None}
    assert {reason.expected for reason in missing.reasons} == {"a value: the column is mandatory"}


def test_only_the_partitions_asked_for_are_read(refusing: Company) -> None:
    path = refusing.lake.core("crm_contract", "contracts", day(0)).path("quarantined.parquet")
    assert path is not None
    path.write_bytes(b"damaged")
    assert len(told(refusing, Wanted(first=day(1)))) == 3
    rows = read_refusals(refusing.lake, refusing.project, Wanted(first=day(1)))
    assert next(rows).date == day(1)


def test_counting_opens_no_partition_where_receipts_suffice(refusing: Company) -> None:
    path = refusing.lake.core("crm_contract", "contracts", day(0)).path("quarantined.parquet")
    assert path is not None
    path.write_bytes(b"damaged")
    listing = list_refusals(refusing.lake, refusing.project, Wanted(column="starts_on"))
    assert (listing.rows, listing.reasons) == (2, 2)


def test_a_score_off_its_scale_names_scale_and_cell(company: Company) -> None:
    company.document["surveys"] = {
        "REL": {"kind": "relational", "questions": {"nps": {"metric": "nps", "scale": [0, 10]}}}
    }
    unpivot = {"scores": {"Q1": "nps"}, "texts": {"said": "comment"}}
    answers = {"columns": {"response_id": "id"}, "unpivot": unpivot}
    company.source("answers", {"survey_answer": answers})
    company.deliver("answers", 0, "id,Q1,said\n7,12,I am Jane Doe\n,3,\n")
    company.build("survey_question", "configuration", 0)
    company.build("survey_answer", "answers", 0)
    off, nobody = told(company)
    assert off.key == {"response_id": "7", "question_id": "nps", "choice": None}
    assert off.raw == {"id": "7", "Q1": "12", "said": HIDDEN}
    [reason] = off.reasons
    assert (reason.found, reason.allowed) == ("12.0", "0 … 10")
    assert reason.config_key == "sources.answers.tables.survey_answer.unpivot.scores.Q1"
    assert reason.remedy.startswith("mend `scale` or `na_codes` under surveys.REL.questions.nps")
    assert nobody.reasons[0].config_key.endswith("survey_answer.columns.response_id")


def test_a_custom_attribute_off_its_map(company: Company) -> None:
    mapping = {
        "columns": {"account_id": "id", "name": "name", "birth_year": "born"},
        "custom": {"club": {"from": "club", "values": {"Gold": "g"}}},
    }
    company.source("accounts", {"crm_account": mapping})
    company.deliver("accounts", 0, "id,name,born,club\n1,Jane,1066,gold\n")
    company.build("crm_account", "accounts", 0)
    [row] = told(company, Wanted(column="custom.club"))
    reasons = {reason.column: reason for reason in row.reasons}
    assert reasons["custom.club"].suggestion == "Gold"
    key = "sources.accounts.tables.crm_account.custom.club"
    assert reasons["custom.club"].config_key == key
    assert reasons["birth_year"].allowed == "1880 … 2100"
    assert row.raw["name"] == HIDDEN


def test_rows_of_a_source_that_is_no_longer_configured(refusing: Company) -> None:
    del refusing.document["sources"]["contracts"]["tables"]["crm_contract"]
    other = {"columns": {"contract_id": "id", "account_id": "a", "starts_on": "b"}}
    refusing.source("others", {"crm_contract": other})
    rows = told(refusing, Wanted(table="crm_contract", source="contracts"))
    assert len(rows) == 5
    assert set(rows[0].raw.values()) == {HIDDEN}
    assert "no longer fills this table" in rows[0].reasons[0].remedy


# --- kept whole


def test_what_is_hidden_is_whole_in_the_lake(company: Company) -> None:
    files = {"path": "orders_{date}.csv", "duplicate_headers": "number"}
    mapping = {
        "columns": {
            "order_id": "id",
            "ordered_at": "at",
            "account_id": {"from": "mail", "lookup": {"source": "people", "match": "mail",
                                                      "take": "id"}},
        },
        "where": {"state": ["x"]},
    }  # fmt: skip
    company.source("people", {}, files={"path": "people_{date}.csv"})
    company.source("orders", {"erp_order": mapping}, files=files)
    company.deliver("people", 0, "id,mail\nA1,a@b.fr\n")
    text = 'id,at,mail,state,cat,cat\n1,soon,a@b.fr,x,"é ""1""\n2",\n2,soon,a@b.fr,y,,\n'
    company.deliver("orders", 0, text)
    company.build("erp_order", "orders", 0)
    assert company.counts("erp_order", "orders") == (2, 1, 1, 0, 1, 0)
    refused = company.quarantined("erp_order", "orders")
    assert refused is not None
    cells = {"id": "1", "at": "soon", "mail": "a@b.fr", "state": "x", "cat": 'é "1"\n2'}
    assert json.loads(refused["raw"][0]) == {**cells, "cat_2": None}
    [row] = told(company)
    shown = {"id": "1", "at": "soon", "mail": HIDDEN}
    assert row.raw == {**shown, "state": HIDDEN, "cat": HIDDEN, "cat_2": HIDDEN}


def test_typed_cells_are_whole_in_the_lake(company: Company) -> None:
    files = {"path": "orders_{date}.parquet", "format": "parquet"}
    mapping = {"columns": {"order_id": "id", "ordered_at": "at", "net_amount": "amount"}}
    company.source("orders", {"erp_order": mapping}, files=files)
    frame = pl.DataFrame(
        {"id": [7], "at": ["2024-03-01"], "amount": [float("nan")], "photo": [b"\xff"]}
    )
    frame.write_parquet(company.files / f"orders_{day(0)}.parquet")
    company.pull("orders", 0)
    company.build("erp_order", "orders", 0)
    refused = company.quarantined("erp_order", "orders")
    assert refused is not None
    raw = {"id": 7, "at": "2024-03-01", "amount": "nan", "photo": "/w=="}
    assert json.loads(refused["raw"][0]) == raw
    [row] = told(company)
    assert [reason.found for reason in row.reasons] == ["NaN"]
    assert row.raw == {**raw, "photo": HIDDEN}
