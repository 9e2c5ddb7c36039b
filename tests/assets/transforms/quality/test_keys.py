import pytest

from assets.transforms.quality.keys import asked_columns, mapping_key
from schemas.config.mapping import TableMap
from tests.assets.transforms.quality.frames import MAPPING, project

WIDE = TableMap.model_validate(
    {
        "columns": {"response_id": "id", "question_id": {"value": "q"}},
        "unpivot": {"scores": {"Q1": "nps"}, "choices": {"Q2": "why"}},
    }
)


@pytest.mark.parametrize(
    ("mapping", "column", "key"),
    [
        (MAPPING, "name", "columns.name"),
        (MAPPING, "custom.tone", "custom.tone"),
        (WIDE, "score", "unpivot.scores"),
        (WIDE, "choice", "unpivot.choices"),
        (WIDE, "response_id", "columns.response_id"),
        (WIDE, "question_id", "columns.question_id"),
    ],
)
def test_key_of_a_column(mapping: TableMap, column: str, key: str) -> None:
    found = mapping_key(mapping, source="shop", table="t", column=column)
    assert found == f"sources.shop.tables.t.{key}"


def test_raw_columns_and_all_that_asks_for_them() -> None:
    company = project(
        {
            "shop": {
                "tables": {
                    "erp_product": {"columns": {"product_id": "id", "name": "Name"}},
                    "erp_order_line": {
                        "columns": {
                            "order_id": "o",
                            "line_number": "n",
                            "product_id": {
                                "from": "id",
                                "lookup": {"source": "codes", "match": "code", "take": "id"},
                            },
                        }
                    },
                }
            },
            "codes": {"tables": {}},
        }
    )
    prefix = "sources.shop.tables"
    assert asked_columns(company, "shop") == {
        "id": [
            f"{prefix}.erp_product.columns.product_id",
            f"{prefix}.erp_order_line.columns.product_id",
        ],
        "Name": [f"{prefix}.erp_product.columns.name"],
        "o": [f"{prefix}.erp_order_line.columns.order_id"],
        "n": [f"{prefix}.erp_order_line.columns.line_number"],
    }
    lookup = f"{prefix}.erp_order_line.columns.product_id.lookup"
    assert asked_columns(company, "codes") == {
        "code": [f"{lookup}.match"],
        "id": [f"{lookup}.take"],
    }
