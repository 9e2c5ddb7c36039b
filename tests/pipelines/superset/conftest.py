"""The company whose bundle the tests read, published once."""

import pytest

from tests.pipelines.company import Company
from tests.pipelines.superset.warehouses import published_company


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A company after two publishes; read it, change nothing."""
    return published_company(tmp_path_factory.mktemp("superset") / "company")
