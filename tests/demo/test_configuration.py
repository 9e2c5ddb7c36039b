"""barometer.yaml, the configuration of the demo company, and the demo's sources agree."""

import datetime as dt
from pathlib import Path

import pytest
import yaml

from assets.raw.extract.resolve import resolve_files
from assets.transforms.mapping import required_columns
from demo.plain import plain_configuration
from demo.questionnaire import QUESTIONS, SURVEYS
from demo.settings import Settings
from demo.simulate import sources_of
from demo.sources import SOURCES
from pipelines.config import load_project
from schemas.config.project import Project
from schemas.registry import TABLES
from tests.demo.conftest import Run

FILE = Path(__file__).parents[2] / "barometer.yaml"


@pytest.fixture
def project(varied: Run) -> Project:
    return load_project(FILE, {"BAROMETER_DEMO_DIR": str(varied.folder)})


def test_the_configuration_stands_without_any_environment() -> None:
    project = load_project(FILE, {})
    assert project.fed_tables() == tuple(TABLES)
    assert project.start_date == Settings().start
    roots = {source.files.root for source in project.sources.values()}
    assert roots == {str(FILE.parent / "var/demo/extracts")}


def test_the_key_of_pseudonyms_comes_from_the_environment() -> None:
    project = load_project(FILE, {"BAROMETER_PII_KEY": "a-key-of-its-own"})
    assert project.privacy.pii_key is not None
    assert project.privacy.pii_key.get_secret_value() == "a-key-of-its-own"
    assert "a-key-of-its-own" not in repr(project)


def test_the_sources_are_those_of_the_demo(project: Project) -> None:
    assert list(project.sources) == [source.name for source in SOURCES]
    for source in SOURCES:
        assert tuple(project.sources[source.name].tables) == source.tables


def test_every_mapped_column_is_in_the_extract(project: Project) -> None:
    for source in SOURCES:
        raw = {field.raw for field in source.fields}
        for mapping in project.sources[source.name].tables.values():
            assert set(required_columns(mapping)) <= raw, source.name


def test_every_raw_column_is_used(project: Project) -> None:
    for source in SOURCES:
        used: set[str] = set()
        for mapping in project.sources[source.name].tables.values():
            used |= set(required_columns(mapping))
        assert used == {field.raw for field in source.fields}, source.name


def test_files_are_laid_out_as_configured(project: Project) -> None:
    for source in SOURCES:
        files, layout = project.sources[source.name].files, source.layout
        form = "tsv" if layout.delimiter == "\t" else layout.format
        assert files.format == form
        if form in {"csv", "tsv"}:
            assert files.delimiter_or_default == layout.delimiter
            assert files.encoding == layout.encoding.replace("-", "-")
            assert files.has_header == layout.has_header
            if not layout.has_header:
                assert files.header == tuple(field.raw for field in source.fields)
        if form == "excel":
            assert (files.sheet, files.skip_rows) == (layout.sheet, layout.title_rows)
        assert files.records_path == layout.records_path


def test_the_configured_paths_find_the_written_files(project: Project, varied: Run) -> None:
    for name, source in project.sources.items():
        written = varied.manifest["files"][name]
        for day in range(varied.settings.days):
            date = varied.settings.date(day)
            found = [file.display_name for file in resolve_files(source.files, date)]
            assert found == [file["file"] for file in written.get(date.isoformat(), [])]
            assert found or source.on_missing == "skip", (name, date)


def test_every_question_of_a_wide_survey_is_unpivoted(project: Project) -> None:
    of_survey = {survey: {q.id for q in QUESTIONS if q.survey == survey} for survey in SURVEYS}
    for source in SOURCES:
        if source.answers != "wide":
            continue
        tables = project.sources[source.name].tables
        unpivot = tables["survey_answer"].unpivot
        survey = tables["survey_response"].columns["survey_id"].value
        assert unpivot is not None
        asked = {*unpivot.scores.values(), *unpivot.choices.values(), *unpivot.texts.values()}
        assert asked == of_survey[str(survey)]


def test_every_value_written_is_in_the_value_maps(project: Project, varied: Run) -> None:
    miss = [fault for fault in varied.manifest["faults"] if fault["kind"] == "unmapped_value"]
    assert {(f["table"], f["column"]) for f in miss} == {
        ("crm_account", "kind"), ("crm_lead", "outcome"), ("erp_order", "status"),
        ("survey_answer", "choice"),
    }  # fmt: skip
    for fault in miss:
        column = project.sources[fault["source"]].tables[fault["table"]].columns[fault["column"]]
        assert fault["found"] not in column.values
        assert column.otherwise == "quarantine"


def test_the_plain_configuration_is_accepted_and_written(plain: Run) -> None:
    document = plain_configuration(plain.settings, plain.folder)
    Project.model_validate(document)
    written = yaml.safe_load((plain.folder / "barometer.yaml").read_text(encoding="utf-8"))
    assert written == document
    project = load_project(plain.folder / "barometer.yaml", {})
    assert set(project.fed_tables()) == set(TABLES)
    names = [source.name for source in sources_of(plain.settings)]
    assert list(project.sources) == names
    for name in names:
        first = resolve_files(project.sources[name].files, plain.settings.start)
        assert first or project.sources[name].on_missing == "skip"


def test_the_plain_configuration_follows_the_subset_of_tables() -> None:
    settings = Settings(
        customers=5,
        days=1,
        formats="csv",
        tables=frozenset({"erp_fx_rate"}),
        end=dt.date(2026, 1, 5),
    )
    assert list(plain_configuration(settings, Path("here"))["sources"]) == ["erp_fx_rates"]
