"""Every example comes to its figures on the real extracts; the check tells mismatches."""

import os
from decimal import Decimal
from pathlib import Path

import pytest

from examples import verify
from examples.verify import VARIABLE, Figure, Result, example_names, load_figures, measure
from pipelines.config import load_project
from schemas.errors import ConfigError

ROOT = Path(__file__).parents[2]
NAMES = example_names()

MINI_CONFIGURATION = """\
version: 1
company: {name: Mini, time_zone: UTC, currency: EUR}
start_date: 2026-01-05
sources:
  tickets:
    system: crm
    files: {root: "${BAROMETER_REAL_DATA_DIR}/mini", path: tickets.csv, format: csv}
    mode: snapshot
    tables:
      crm_interaction:
        columns: {interaction_id: ticket, opened_at: opened}
"""

MINI_FIGURES = """\
logical_date: 2026-01-05
figures:
  - {name: tickets, sql: SELECT count(*) FROM history.crm_interaction, expected: 2}
  - name: rows in quarantine
    sql: SELECT sum(rows) FROM warehouse.quarantine_summary
    expected: 7
"""


@pytest.fixture(scope="session")
def real_data() -> Path:
    folder = Path(os.environ.get(VARIABLE) or ROOT.parent / "shared" / "data").absolute()
    if not folder.is_dir():
        pytest.skip(f"the real extracts are absent: set {VARIABLE} (looked for {folder})")
    return folder


@pytest.fixture
def mini(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An example of two sound rows and one without a time, of whose figures the second is off."""
    example = tmp_path / "examples" / "mini"
    example.mkdir(parents=True)
    (example / "barometer.yaml").write_text(MINI_CONFIGURATION, encoding="utf-8")
    (example / "figures.yaml").write_text(MINI_FIGURES, encoding="utf-8")
    data = tmp_path / "data" / "mini"
    data.mkdir(parents=True)
    (data / "tickets.csv").write_text(
        "ticket,opened\n1,2026-01-04\n2,2026-01-05\n3,\n", encoding="utf-8"
    )
    monkeypatch.setattr(verify, "EXAMPLES", tmp_path / "examples")
    monkeypatch.setenv(VARIABLE, str(data.parent))
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_the_example_comes_to_its_figures(name: str, real_data: Path, tmp_path: Path) -> None:
    verify.run_example(name, data=real_data, out=tmp_path)
    results = measure(name, data=real_data, out=tmp_path)
    off = [f"{one.figure.name}: {one.found}" for one in results if not one.is_met]
    assert off == []
    assert len(results) == len(load_figures(name).figures)


def test_the_three_examples_are_there() -> None:
    assert NAMES == ("incidents", "olist", "sfo_survey")


@pytest.mark.parametrize("name", NAMES)
def test_the_configuration_is_accepted_wherever_the_extracts_are(name: str, tmp_path: Path) -> None:
    file = ROOT / "examples" / name / "barometer.yaml"
    project = load_project(file, {VARIABLE: str(tmp_path)})
    roots = {source.files.root for source in project.sources.values()}
    assert roots == {f"{tmp_path}/{name}"}
    assert project.segment_sets
    assert project.start_date == load_figures(name).logical_date


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_stands_in_the_readme(name: str) -> None:
    readme = (ROOT / "examples" / name / "README.md").read_text(encoding="utf-8")
    for figure in load_figures(name).figures:
        assert f"| {figure.name} | {figure.expected:,} |" in readme


def test_it_tells_each_mismatch_and_fails(mini: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert verify.main(["mini", "--out", str(mini / "out")]) == 1
    printed = capfd.readouterr().out
    assert "1 of 2 figures as expected" in printed
    rows = [line.split() for line in printed.splitlines() if line.startswith(("tickets ", "rows "))]
    assert rows == [["tickets", "2", "2", "yes"], ["rows", "in", "quarantine", "7", "1", "no"]]


def test_a_failing_check_is_told_before_anything_runs(
    mini: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (mini / "data" / "mini" / "tickets.csv").write_text("number,opened\n", encoding="utf-8")
    assert verify.main(["mini", "--out", str(mini / "out")]) == 1
    printed = capfd.readouterr().err
    assert "has no column 'ticket'" in printed
    assert "`barometer check` failed for 2026-01-05" in printed
    assert not (mini / "out" / "lake").exists()


def test_without_the_variable_it_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert verify.main(["olist"]) == 1
    assert f"{VARIABLE}=../shared/data make olist" in capsys.readouterr().err


def test_the_beginning_of_a_name_is_enough(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert verify.main(["sfo"]) == 1
    assert VARIABLE in capsys.readouterr().err
    with pytest.raises(SystemExit):
        verify.main(["air"])
    assert "sfo_survey" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        verify.real_data_dir({VARIABLE: str(tmp_path / "nowhere")})


def test_a_relative_folder_counts_from_the_current_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    assert verify.real_data_dir({VARIABLE: "data"}) == tmp_path / "data"


@pytest.mark.parametrize(
    ("found", "is_met"),
    [("1.10", True), ("1.15", True), ("1.05", True), ("1.151", False), (None, False)],
)
def test_a_figure_is_met_within_its_tolerance(found: str | None, *, is_met: bool) -> None:
    figure = Figure(name="x", sql="", expected=Decimal("1.10"), tolerance=Decimal("0.05"))
    assert Result(figure, Decimal(found) if found else None).is_met is is_met


@pytest.mark.parametrize(
    ("sql", "said"),
    [("SELECT 1, 2", "must give one value"), ("SELECT nothing", "the query of a figure fails")],
)
def test_a_query_that_gives_no_single_value_is_refused(mini: Path, sql: str, said: str) -> None:
    import duckdb

    figure = Figure(name="odd one", sql=sql, expected=Decimal(1))
    with duckdb.connect() as connection, pytest.raises(ConfigError, match=said) as refusal:
        verify._value(connection, figure)  # noqa: SLF001  the refusal is the point
    assert "odd one" in str(refusal.value)


def test_figures_with_an_unknown_key_are_refused(mini: Path) -> None:
    path = mini / "examples" / "mini" / "figures.yaml"
    path.write_text(MINI_FIGURES.replace("expected: 7", "expect: 7"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"figures\.yaml"):
        load_figures("mini")
