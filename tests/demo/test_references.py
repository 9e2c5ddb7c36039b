"""What points at something finds it, but for the orphans that are planted."""

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from demo.settings import Settings
from demo.simulate import simulate, sources_of
from schemas.registry import TABLES
from tests.demo.conftest import Run


def _tables(folder: Path, settings: Settings) -> dict[str, pl.DataFrame]:
    """Every row ever sent of every table, as text."""
    frames: dict[str, list[pl.DataFrame]] = defaultdict(list)
    for source in sources_of(settings):
        for path in sorted((folder / source.name).glob("*.csv")):
            frames[source.tables[0]].append(pl.read_csv(path, infer_schema=False))
    return {table: pl.concat(parts) for table, parts in frames.items()}


def _unresolved(tables: dict[str, pl.DataFrame]) -> dict[str, set[str]]:
    """`table.column` → values that point at nothing."""
    found = {}
    for name, rows in tables.items():
        for column in TABLES[name].columns:
            if column.reference is None:
                continue
            table, key = column.reference.split(".")
            values = rows.get_column(column.name).drop_nulls().unique()
            lost = set(values) - set(tables[table].get_column(key).drop_nulls())
            if lost:
                found[f"{name}.{column.name}"] = lost
    return found


def test_the_clean_company_has_no_dangling_references(tmp_path: Path) -> None:
    settings = Settings(customers=400, days=25, formats="csv", faults={})
    simulate(tmp_path, settings)
    assert _unresolved(_tables(tmp_path, settings)) == {}


@pytest.mark.parametrize("column", ["erp_order.account_id", "crm_interaction.account_id"])
def test_orphans_point_at_an_account_that_is_not_there(plain: Run, column: str) -> None:
    assert _unresolved(_tables(plain.folder, plain.settings))[column] == {"9999999"}


def test_orphans_of_parents_are_those_planted(tmp_path: Path) -> None:
    settings = Settings(
        customers=400, days=10, formats="csv", faults={"orphan_parent": 0.02}, seed=2
    )
    manifest = simulate(tmp_path, settings)
    planted: dict[str, set[str]] = defaultdict(set)
    for fault in manifest["faults"]:
        if fault["kind"] == "orphan_parent":
            key = next(iter(fault["key"]))
            planted[f"{fault['table']}.{key}"].add(fault["key"][key])
    assert set(planted) == {"erp_order_line.order_id", "survey_answer.response_id"}
    assert _unresolved(_tables(tmp_path, settings)) == planted
    assert _unresolved(_tables(tmp_path, settings)) != {}


def test_a_run_without_orphans_differs_in_nothing_else(tmp_path: Path) -> None:
    settings = Settings(customers=100, days=5, formats="csv", faults={"orphan_parent": 0.05})
    simulate(tmp_path / "with", settings)
    simulate(tmp_path / "without", replace(settings, faults={}))
    for path in (tmp_path / "without").rglob("*.csv"):
        clean = path.read_text(encoding="utf-8").splitlines()
        planted = (tmp_path / "with" / path.relative_to(tmp_path / "without")).read_text("utf-8")
        assert set(clean) <= set(planted.splitlines())
