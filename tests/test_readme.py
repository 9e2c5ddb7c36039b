"""What the README shows is what the code says."""

from pathlib import Path

import pytest
import yaml

from schemas.config.kpis import KpiConfig

ROOT = Path(__file__).parent.parent


def _blocks(language: str) -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return [part.split("```")[0] for part in text.split(f"```{language}\n")[1:]]


@pytest.mark.parametrize(
    ("number", "module"),
    [(0, "schemas/kpis/service.py"), (1, "assets/transforms/measures_service.py")],
)
def test_the_example_of_a_kpi_is_in_the_code(number: int, module: str) -> None:
    assert _blocks("python")[number] in (ROOT / module).read_text(encoding="utf-8")


def test_the_example_of_a_declared_kpi_is_valid() -> None:
    config = KpiConfig.model_validate(yaml.safe_load(_blocks("yaml")[0])["kpis"])
    assert config.declared["web_share"].is_share
    assert config.targets == {"web_share": 40}
