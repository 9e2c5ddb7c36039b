"""The canonical tables hang together."""

import re

import pytest

from schemas import operations, registry, warehouse
from schemas.dimensions import DIMENSIONS
from schemas.errors import ContractError
from schemas.registry import TABLES, canonical, children_of
from schemas.table import POLARS_TYPES, Table

EVERY = [*TABLES.values(), *warehouse.TABLES, *operations.TABLES]


def test_a_table_by_its_name() -> None:
    assert canonical("erp_order") is TABLES["erp_order"]
    with pytest.raises(ContractError, match="no canonical table 'orders'") as caught:
        canonical("orders")
    assert "erp_order" in str(caught.value)


def test_parents_come_before_their_children() -> None:
    names = list(TABLES)
    for table in TABLES.values():
        if table.parent:
            parent, on = table.parent
            assert names.index(parent) < names.index(table.name)
            assert on == TABLES[parent].key
            assert TABLES[parent].event
            assert table in children_of(parent)
    assert children_of("crm_lead") == ()


def test_events_are_dates_or_instants_that_every_row_has() -> None:
    for table in TABLES.values():
        if table.event:
            column = table.column(table.event)
            assert column.type in {"date", "instant"}, table.name
            assert not column.nullable, table.name


def test_references_point_at_single_keys() -> None:
    for table in EVERY:
        for column in table.columns:
            if column.reference:
                name, _, key = column.reference.partition(".")
                other = next(each for each in EVERY if each.name == name)
                assert key in other.key, (table.name, column.name)
                assert other.column(key).type == column.type


@pytest.mark.parametrize("table", EVERY, ids=lambda table: table.name)
def test_names_and_descriptions_keep_the_conventions(table: Table) -> None:
    assert table.description.startswith("One row per ")
    assert table.description.endswith(".")
    for column in table.columns:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", column.name)
        assert column.description.endswith((".", "…")), column.name
        assert column.type in POLARS_TYPES
        assert column.type != "instant" or column.name.endswith("_at"), column.name
        assert not column.name.endswith("_on") or column.type == "date", column.name
        assert not column.name.startswith(("is_", "has_")) or column.type == "boolean"
        assert not column.allowed or column.type == "text"


def test_segments_come_from_columns_that_may_be_cut_by() -> None:
    segments = {
        (table.domain, column.name)
        for table in TABLES.values()
        for column in table.columns
        if column.is_segment
    }
    names = {name for _, name in segments}
    derived = {"age_band", "survey_id", "attribute"}
    assert {column for _, column in DIMENSIONS.values()} <= names | derived


def test_personal_data_is_classed() -> None:
    classed = {
        f"{table.name}.{column.name}": column.pii
        for table in registry.TABLES.values()
        for column in table.columns
        if column.pii
    }
    assert classed == {
        "crm_account.name": "identity",
        "crm_account.email": "contact",
        "crm_account.phone": "contact",
        "crm_lead.owner": "identity",
        "crm_interaction.reason": "free_text",
        "survey_answer.text": "free_text",
    }
