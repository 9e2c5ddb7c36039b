"""How least numbers are given, and what is refused."""

import pytest
from pydantic import ValidationError

from schemas.config.kpis import KpiConfig
from schemas.config.publication import LeastN
from tests.assets.kpi.histories import project


def test_nothing_is_withheld_by_default() -> None:
    assert KpiConfig().min_n == LeastN(default=1, kpis={}, segment_sets={})


def test_a_bare_number_is_the_default() -> None:
    assert KpiConfig.model_validate({"min_n": 5}).min_n == LeastN(default=5)


@pytest.mark.parametrize("given", [0, {"kpis": {"nps": 0}}, {"segment_sets": {"total": 1001}}])
def test_a_least_number_is_from_one_to_a_thousand(given: object) -> None:
    with pytest.raises(ValidationError):
        KpiConfig.model_validate({"min_n": given})


def test_a_set_that_is_not_configured_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"min_n.segment_sets: no segment set 'team'"):
        project(kpis={"min_n": {"segment_sets": {"team": 5}}})
