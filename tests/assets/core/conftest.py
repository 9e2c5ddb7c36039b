"""The company that the tests of the core layer build."""

from pathlib import Path

import pytest

from tests.assets.core.company import Company


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)
