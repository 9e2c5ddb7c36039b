"""Segments of the test companies add up to the total, unknown ones included."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from assets.kpi.states import build_states
from assets.kpi.tables import scan_exclusions, scan_values
from assets.kpi.values import build_values
from assets.lake.layout import Lake
from schemas.dimensions import UNKNOWN
from schemas.kpis.catalogue import CATALOGUE
from tests.assets.kpi import staffed, support_company, test_reference
from tests.assets.kpi.company import company
from tests.assets.kpi.proof.sums import NOT_A_SUM, check_sums

Built = tuple[pl.DataFrame, pl.DataFrame]


def _buyers(lake: Lake) -> None:
    company(7).write(lake)
    build_states(lake, test_reference.PROJECT, as_of=test_reference.AS_OF)
    build_values(lake, test_reference.PROJECT, as_of=test_reference.AS_OF)


def _supported(lake: Lake) -> None:
    asked = support_company.support_project("orders")
    support_company.write_support(lake, support_company.support_company(11))
    build_states(lake, asked, as_of=support_company.AS_OF)
    build_values(lake, asked, as_of=support_company.AS_OF)


def _employers(lake: Lake) -> None:
    sets = {"region": ["region"], "plan": ["plan"], "staff": ["department", "region"]}
    asked = staffed.staffed_project(segment_sets=sets)
    staffed.write(staffed.staffed(11), lake)
    build_states(lake, asked, as_of=staffed.LAST)
    build_values(lake, asked, as_of=staffed.LAST)


@pytest.fixture(scope="module", params=[_buyers, _supported, _employers])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    lake = Lake(Path(tmp_path_factory.mktemp("lake")))
    build: Callable[[Lake], None] = request.param
    build(lake)
    return scan_values(lake).collect(), scan_exclusions(lake).collect()


def test_segments_add_up_to_the_total(built: Built) -> None:
    values, exclusions = built
    cut = values.filter(pl.col("segment_set") != "total")
    assert (cut["segment_key"].str.contains(UNKNOWN, literal=True)).any()
    codes = set(cut["kpi_code"]) - NOT_A_SUM
    assert len(codes) > 5
    for code in sorted(codes):
        check_sums(values, exclusions, code)
    assert codes <= {*CATALOGUE, "nps_weighted", "csat_mean_weighted"}
