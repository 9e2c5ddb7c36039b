"""Dimensions: account versions as of a day, age bands, na codes, who carries what."""

import datetime as dt

import polars as pl
import pytest

from assets.transforms.dimensions import (
    account_versions,
    join_account,
    origin_of,
    question_dimensions,
    with_age_band,
)
from schemas.registry import canonical
from tests.assets.kpi.histories import frame

D = dt.date


def accounts(*rows: dict[str, object]) -> pl.LazyFrame:
    return frame("crm_account", rows).lazy()


def test_an_event_finds_the_version_of_its_day() -> None:
    versions = account_versions(
        accounts(
            {"account_id": "a", "country": "DE", "_valid_from": D(2026, 1, 10)},
            {"account_id": "a", "country": "FR", "_valid_to": D(2026, 1, 10)},
            {"account_id": "b", "country": "IT", "_valid_to": D(2026, 1, 5)},
        ),
        ["country"],
    )
    events = pl.LazyFrame(
        {
            "account_id": ["a", "a", "a", "b", "c", None],
            "day": [D(2020, 1, 1), D(2026, 1, 9), D(2026, 1, 10), *[D(2026, 2, 1)] * 3],
        }
    )
    found = join_account(events, versions, "day").collect().sort("day", "account_id")
    assert found.select(pl.col("country").cast(pl.String))["country"].to_list() == [
        "FR", "FR", "DE", None, "IT", None,
    ]  # fmt: skip
    # b was closed before its event: its last version still tells its segment
    assert found.filter(pl.col("is_account_known").is_null()).height == 2


@pytest.mark.parametrize(
    ("birth_year", "band"),
    [
        (2009, "0-17"), (2008, "18-24"), (2001, "25-34"), (1991, "35-44"), (1980, "45-54"),
        (1970, "55-64"), (1961, "65+"), (1880, None), (2027, None), (None, None),
    ],
)  # fmt: skip
def test_age_bands_as_of_2026(birth_year: int | None, band: str | None) -> None:
    versions = account_versions(
        accounts({"account_id": "a", "birth_year": birth_year}), ["age_band"]
    )
    found = with_age_band(versions, 2026)
    assert found["age_band"].cast(pl.String).to_list() == [band]


def test_custom_attributes_come_out_of_the_map() -> None:
    versions = account_versions(
        accounts({"account_id": "a", "custom": '{"vip":"yes"}'}, {"account_id": "b"}),
        ["custom.vip"],
    )
    found = dict(versions.select("account_id", pl.col("custom_vip").cast(pl.String)).rows())
    assert found == {"a": "yes", "b": None}


def test_questions_have_scale_and_na_codes_ready() -> None:
    rows = [
        {"survey_id": "s", "question_id": "q", "metric": "ces", "scale_min": 1.0,
         "scale_max": 7.0, "higher_is_better": False, "na_codes": "9 | 99"},
        {"survey_id": "s", "question_id": "r", "metric": "nps"},
    ]  # fmt: skip
    found = question_dimensions(frame("survey_question", rows).lazy())
    columns = ["points", "is_higher_better", "scale", "na_0", "na_1"]
    assert found.select(columns).rows() == [
        (7.0, False, "1-7 lower", 9.0, 99.0),
        (None, True, None, None, None),
    ]


@pytest.mark.parametrize(
    ("dimension", "table", "origins", "found"),
    [
        ("plan", "crm_contract", ("account",), "event"),
        ("plan", "erp_order", ("account",), "account"),
        ("product_category", "crm_interaction", ("account", "product"), "product"),
        ("category", "crm_interaction", ("account",), "event"),
        ("touchpoint", "erp_order", ("account",), None),
        ("survey_kind", "erp_order", ("account", "product"), None),
        ("lead_source", "crm_lead", ("account",), "event"),
        ("custom.vip", "crm_lead", ("account",), "account"),
    ],
)
def test_the_event_s_own_column_comes_first(
    dimension: str, table: str, origins: tuple[str, ...], found: str | None
) -> None:
    assert origin_of(dimension, canonical(table), origins) == found  # type: ignore[arg-type]
