import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from demo.settings import Settings
from demo.simulate import simulate, sources_of
from schemas.registry import TABLES
from tests.demo.conftest import Run

SMALL = Settings(customers=120, days=5, seed=3)


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_equal_settings_give_equal_bytes(tmp_path: Path) -> None:
    simulate(tmp_path / "a", SMALL)
    simulate(tmp_path / "b", SMALL)
    first = _digests(tmp_path / "a")
    assert first == _digests(tmp_path / "b")
    assert len(first) > 50


def test_another_seed_gives_another_company(tmp_path: Path) -> None:
    simulate(tmp_path / "a", SMALL)
    simulate(tmp_path / "b", replace(SMALL, seed=4))
    first, second = _digests(tmp_path / "a"), _digests(tmp_path / "b")
    assert first["crm/accounts/clients_20260626.csv"] != second["crm/accounts/clients_20260626.csv"]
    assert first["manifest.json"] != second["manifest.json"]


def test_a_subset_of_tables_has_the_same_bytes(tmp_path: Path) -> None:
    wanted = frozenset({"survey_response", "survey_answer", "erp_order_line"})
    simulate(tmp_path / "all", SMALL)
    simulate(tmp_path / "some", replace(SMALL, tables=wanted))
    every, some = _digests(tmp_path / "all"), _digests(tmp_path / "some")
    some.pop("manifest.json")
    assert some.items() <= every.items()
    assert {name.split("/")[1] for name in some} == {
        "order_lines", "relational", "transactional", "web", "kano",
    }  # fmt: skip


def test_faults_leave_the_clean_company_alone(tmp_path: Path) -> None:
    faulty = simulate(tmp_path / "faulty", SMALL)
    clean = simulate(tmp_path / "clean", replace(SMALL, faults={}))
    assert clean["faults"] == []
    for name in ("order_net_amount_by_month", "lead_outcomes_by_month"):
        assert clean["truths"]["exact"][name] == faulty["truths"]["exact"][name]
    for sources in clean["tables"].values():
        for counts in sources.values():
            assert counts["quarantined"] == counts["superseded"] == counts["filtered"] == 0


def test_every_canonical_table_is_written(varied: Run, plain: Run) -> None:
    assert set(varied.manifest["tables"]) == set(TABLES)
    assert set(plain.manifest["tables"]) == set(TABLES)


def test_nothing_is_written_but_what_the_manifest_names(varied: Run) -> None:
    named = {
        file["file"]
        for days in varied.manifest["files"].values()
        for files in days.values()
        for file in files
    }
    written = set(_digests(varied.folder))
    assert written - named == {"manifest.json"}
    assert not named - written


@pytest.mark.parametrize("customers", [1, 7])
def test_a_tiny_company_works(tmp_path: Path, customers: int) -> None:
    manifest = simulate(tmp_path, Settings(customers=customers, days=3))
    counts = manifest["tables"]["crm_account"]["crm_accounts"]
    assert counts["accepted"] <= customers * 3


def test_a_larger_company_grows_in_proportion(tmp_path: Path) -> None:
    rows = []
    for customers in (2_000, 20_000):
        settings = Settings(
            customers=customers, days=3, faults={}, formats="csv",
            tables=frozenset({"erp_order", "erp_order_line"}),
        )  # fmt: skip
        manifest = simulate(tmp_path / str(customers), settings)
        rows.append(manifest["tables"]["erp_order_line"]["erp_order_lines"]["rows_raw"])
    assert rows[1] == pytest.approx(10 * rows[0], rel=0.25)


def test_the_wanted_volume_comes_about(tmp_path: Path) -> None:
    settings = Settings.sized(
        5_000, 12, order_lines_per_day=1_000, answers_per_day=3_000,
        formats="csv", faults={}, tables=frozenset({"erp_order_line", "survey_answer"}),
    )  # fmt: skip
    tables = simulate(tmp_path, settings)["tables"]
    lines = tables["erp_order_line"]["erp_order_lines"]["rows_raw"]
    answers = tables["survey_answer"]["survey_relational_answers"]["rows_raw"]
    assert lines / 12 == pytest.approx(1_000, rel=0.25)
    # the first days have fewer, for invitations are answered later
    assert answers / 12 == pytest.approx(3_000, rel=0.3)


def test_progress_is_told_day_by_day(tmp_path: Path) -> None:
    told: list[int] = []
    simulate(tmp_path, replace(SMALL, days=3), progress=told.append)
    assert told == [1, 2, 3]


def test_sources_have_names_and_paths_of_their_own() -> None:
    for settings in (SMALL, replace(SMALL, formats="csv")):
        sources = sources_of(settings)
        assert len({source.name for source in sources}) == len(sources)
        assert len({source.path for source in sources}) == len(sources)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"customers": 0}, "customers must be at least 1; found 0"),
        ({"days": 0}, "days must be at least 1; found 0"),
        ({"seed": -1}, "seed must not be negative; found -1"),
        ({"tables": frozenset({"crm_acount"})}, "no canonical table crm_acount; allowed: crm_acc"),
        ({"faults": {"typo": 0.1}}, "no kind of fault typo; allowed: exact_duplicate"),
    ],
)
def test_impossible_settings_are_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Settings(**wrong)
