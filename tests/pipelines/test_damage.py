"""Damaged files of the lake are found and named, and what is told about them mends them."""

import shutil
from pathlib import Path

import pytest

from tests.pipelines.company import DAYS, Company, hash_tree
from tests.pipelines.conftest import Barometer


def _file(company: Company, pattern: str) -> Path:
    return next(company.lake.root.glob(pattern))


def test_a_lake_that_is_whole(loaded_once: Company, invoke: Barometer) -> None:
    before = hash_tree(loaded_once.folder)
    result = invoke(loaded_once, "check", "--lake")
    assert result.exit_code == 0
    assert result.output == f"{loaded_once.lake.root}: every file is as it was written\n"
    assert hash_tree(loaded_once.folder) == before


def test_every_damage_is_told_with_its_folder(loaded: Company, invoke: Barometer) -> None:
    short = _file(loaded, "core/erp_order/orders/*/accepted*")
    short.write_bytes(short.read_bytes()[:100])
    gone = _file(loaded, "history/erp_order/2025-01/data*")
    gone.unlink()
    receipt = _file(loaded, "raw/orders/*/receipt.json")
    receipt.write_text("{", encoding="utf-8")
    state = _file(loaded, "published/state/current*")
    state.write_bytes(b"")
    result = invoke(loaded, "check", "--lake")
    assert result.exit_code == 1
    for folder, found, mend in (
        (short.parent, f"{short.name}: its content is not what was written", "--from … --to …"),
        (gone.parent, f"{gone.name}: No such file or directory", "--from … --to …"),
        (receipt.parent, "receipt.json cannot be read", "pulls it again"),
        (state.parent, f"{state.name}: its content is not what was written", "from a backup"),
    ):
        told = result.stderr.partition(f"{folder}: damaged\n  found:   {found}\n  mend: ")[2]
        assert mend in told.splitlines()[0]
    assert result.stderr.count("damaged") == 4


@pytest.mark.parametrize(
    "pattern",
    [
        "core/erp_order/orders/*/accepted*",
        "history/erp_order/2025-01/data*",
        "kpi/value/month/*/v*",
    ],
)
def test_the_mend_mends(loaded: Company, invoke: Barometer, pattern: str) -> None:
    before = loaded.values()
    damaged = _file(loaded, pattern)
    damaged.write_bytes(damaged.read_bytes()[:100])
    shutil.rmtree(damaged.parent)
    result = invoke(loaded, "run", "--from", DAYS[0], "--to", DAYS[-1])
    assert result.exit_code == 0, result.output
    assert damaged.parent.is_dir()
    assert invoke(loaded, "check", "--lake").exit_code == 0
    assert loaded.values().equals(before)


def test_a_run_that_meets_a_damaged_file_says_how_to_find_it(
    loaded: Company, invoke: Barometer
) -> None:
    damaged = _file(loaded, f"core/erp_order/orders/{DAYS[0]}/accepted*")
    damaged.write_bytes(damaged.read_bytes()[:100])
    loaded.deliver_orders(DAYS[1], amount="12.00")
    result = invoke(loaded, "run")
    assert result.exit_code == 1
    assert "`barometer check --lake` names it" in result.output


def test_a_file_that_cannot_be_opened_is_named_without_a_trace(
    loaded: Company, invoke: Barometer
) -> None:
    receipt = _file(loaded, "core/erp_order/orders/*/receipt.json")
    receipt.unlink()
    receipt.mkdir()  # as unreadable as one of somebody else, whoever runs the tests
    result = invoke(loaded, "status")
    assert result.exit_code == 1
    assert f"{receipt}: Is a directory\n  mend:    see who may read" in result.stderr
