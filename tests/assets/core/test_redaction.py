"""What is personal is hidden: by the contract, by the mapping, and by the look of it."""

from typing import Any

import pytest

from assets.core.redaction import HIDDEN, masked, redaction_of
from tests.assets.core.company import Company

ACCOUNTS: dict[str, Any] = {
    "columns": {
        "account_id": "id",
        "name": {"from": ["first", "last"]},
        "email": "mail",
        "city": "city",
    },
    "custom": {"initial": {"template": "{first}"}, "club": "club"},
}


@pytest.mark.parametrize(
    "text",
    [
        "jane.doe@example.org",
        "+33612345678",
        "0033 6 12 34 56 78",
        "0612345678",
        "06.12.34.56.78",
        "(555) 123-4567",
        "+49 171/1234567",
        "020 7946 0958",
    ],
)
def test_addresses_and_numbers_are_masked_in_any_text(text: str) -> None:
    assert masked(text) == HIDDEN
    assert masked(f"write to {text}, please") == f"write to {HIDDEN}, please"
    assert masked(f"2024-03-31 02:30:00 {text}").endswith(HIDDEN)


@pytest.mark.parametrize(
    "text",
    [
        "2025-01-30",
        "2025-01-30-10-001",
        "2024-03-31 02:30:00",
        "05/05/2026 22:10:58",
        "2025-01-30T10:00:00+01:00",
        "100000123",
        "2024-000123",
        "0001234567",
        "1 234 567,89",
        "3.14159265358979",
        "123e4567-e89b-12d3-a456-426614174000",
        "GTXPro",
        " ",
    ],
)
def test_dates_ids_and_amounts_are_not(text: str) -> None:
    assert masked(text) == text


def test_ids_of_digits_only_are_told_where_ids_stand() -> None:
    for text in ("0612345678", "00260509000038"):
        assert masked(text) == HIDDEN
        assert masked(text, is_identifier=True) == text
    assert masked("+33612345678", is_identifier=True) == HIDDEN


def test_only_cells_that_fill_a_column_without_pii_are_shown(company: Company) -> None:
    company.source("accounts", {"crm_account": ACCOUNTS})
    redaction = redaction_of(company.project, "accounts")
    raw = {"id": "1", "first": "Jane", "last": "Doe", "mail": "j", "city": "Lyon", "club": "a@b.fr"}
    assert redaction.row({**raw, "note": "not mapped", "empty": None}) == {
        "id": "1",
        "first": HIDDEN,
        "last": HIDDEN,
        "mail": HIDDEN,
        "city": "Lyon",
        "club": HIDDEN,
        "note": HIDDEN,
        "empty": HIDDEN,
    }


def test_what_was_found_is_hidden_where_it_comes_from_a_personal_cell(company: Company) -> None:
    company.source("accounts", {"crm_account": ACCOUNTS})
    redaction = redaction_of(company.project, "accounts")
    assert redaction.value("crm_account", "name", "Jane") == HIDDEN
    assert redaction.value("crm_account", "custom.initial", "Jane") == HIDDEN
    assert redaction.value("crm_account", "custom.club", "gold") == "gold"
    assert redaction.value("crm_account", "city", "jane@example.org") == HIDDEN
    assert redaction.value("crm_account", "name", None) is None


def test_a_cell_personal_in_one_table_is_hidden_in_all(company: Company) -> None:
    contract = {"contract_id": "no", "account_id": "mail", "starts_on": "on", "plan": "plan"}
    tables = {"crm_account": ACCOUNTS, "crm_contract": {"columns": contract}}
    company.source("accounts", tables)
    redaction = redaction_of(company.project, "accounts")
    row = redaction.row({"no": "7", "mail": "somebody", "plan": "basic"})
    assert row == {"no": "7", "mail": HIDDEN, "plan": "basic"}
    assert redaction.is_hidden("crm_contract", "account_id")


def test_what_is_matched_with_a_personal_column_is_personal(company: Company) -> None:
    lookup = {"source": "accounts", "match": "last", "take": "id"}
    fetched = {"source": "accounts", "match": "id", "take": "last"}
    order = {
        "order_id": "id",
        "ordered_at": "at",
        "account_id": {"from": "client", "lookup": lookup},
        "status": {"from": "account", "lookup": fetched},
    }
    company.source("accounts", {"crm_account": ACCOUNTS})
    company.source("orders", {"erp_order": {"columns": order}})
    redaction = redaction_of(company.project, "orders")
    assert redaction.row({"id": "1", "client": "Doe"}) == {"id": "1", "client": HIDDEN}
    assert redaction.value("erp_order", "status", "Doe") == HIDDEN


def test_free_texts_of_a_wide_survey_are_hidden(company: Company) -> None:
    unpivot = {"scores": {"q1": "nps"}, "choices": {"why": "reason"}, "texts": {"said": "comment"}}
    answers = {"columns": {"response_id": "id"}, "unpivot": unpivot}
    company.source("answers", {"survey_answer": answers})
    redaction = redaction_of(company.project, "answers")
    raw = {"id": "1", "q1": "9", "why": "price", "said": "I am Jane Doe"}
    assert redaction.row(raw) == {**raw, "said": HIDDEN}
    assert redaction.value("survey_answer", "text", "I am Jane Doe") == HIDDEN
    assert redaction.value("survey_answer", "score", "12") == "12"


def test_nothing_is_shown_of_a_source_that_is_no_longer_configured(company: Company) -> None:
    company.source("accounts", {"crm_account": ACCOUNTS})
    redaction = redaction_of(company.project, "former")
    assert redaction.row({"id": "1", "name": "Jane"}) == {"id": HIDDEN, "name": HIDDEN}
    assert redaction.value("crm_account", "name", "Jane") == HIDDEN


def test_members_of_nested_cells_are_masked(company: Company) -> None:
    company.source("accounts", {"crm_account": ACCOUNTS})
    redaction = redaction_of(company.project, "accounts")
    nested = {"city": {"all": ["Lyon", "a@b.fr"], "n": 3}}
    assert redaction.row(nested) == {"city": {"all": ["Lyon", HIDDEN], "n": 3}}
