"""Reading barometer.yaml: every problem at once: its line, its key, what was found and allowed."""

from pathlib import Path

import pytest

from pipelines.config import InvalidConfigError, config_path, data_dir, load_project, read_config
from tests.pipelines.company import CONFIG

SECRET = "s3cr3t-of-the-company"  # noqa: S105  looked for in messages


def _problems(
    tmp_path: Path, *changes: tuple[str, str], text: str = CONFIG, **environment: str
) -> list[str]:
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path = tmp_path / "barometer.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidConfigError) as caught:
        load_project(path, environment)
    told = [str(problem) for problem in caught.value.problems]
    assert all(each in str(caught.value) for each in told)
    return told


def _line(text: str) -> int:
    """Line of the first configuration line that begins so."""
    lines = CONFIG.splitlines()
    return next(n for n, line in enumerate(lines, 1) if line.strip().startswith(text))


def test_a_right_configuration_is_read(tmp_path: Path) -> None:
    path = tmp_path / "barometer.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    project = load_project(path, {})
    assert project.company.name == "Tiny Company"
    assert project.sources["orders"].files.root == str(tmp_path / "extracts")


def test_all_problems_are_told_at_once_in_order_of_lines(tmp_path: Path) -> None:
    told = _problems(
        tmp_path,
        ("Europe/Paris", "Europe/Lutetia"),
        ("mode: snapshot", "mode: sometimes"),
        ("order_id: id", "order_number: id"),
        ("kind: relational", "kind: relational\n    mood: good"),
        ("region: [region]", "region: [county]"),
    )
    assert [message.split(": ")[:2] for message in told] == [
        [f"barometer.yaml:{_line('company:')}", "company.time_zone"],
        [f"barometer.yaml:{_line('mode: snapshot')}", "sources.accounts.mode"],
        [f"barometer.yaml:{_line('erp_order:') - 1}", "sources.orders.tables"],
        [f"barometer.yaml:{_line('kind: relational') + 1}", "surveys.REL.mood"],
        [f"barometer.yaml:{_line('segment_sets:') + 1}", "segment_sets"],
    ]
    assert "'Europe/Lutetia' is not an IANA time zone" in told[0]
    assert "'snapshot' or 'incremental'; found 'sometimes'" in told[1]
    assert "erp_order has no column order_number; allowed: order_id," in told[2]
    assert "no such key; allowed: name, kind, audience" in told[3]
    assert "no dimension 'county'; allowed: account_kind," in told[4]


@pytest.mark.parametrize(
    ("change", "key", "message"),
    [
        (("version: 1", "version: 2"), "version", "Input should be 1; found 2"),
        (("currency: EUR", "currency: euro"), "company.currency", "found 'euro'"),
        (("start_date: 2025-01-30", "start_date: 2025-02-30"), "start_date", "found '2025-02-30'"),
        (("start_date: 2025-01-30\n", ""), "start_date", "this key is missing"),
        (("on_missing: skip", "stale_after_days: -1"), "sources.answers.stale_after_days", "-1"),
        (("kind: {from: kind,", "kind: {form: kind,"),
         "sources.accounts.tables.crm_account.columns.kind.form", "allowed: from, separator,"),
        (("crm_account:", "crm_acount:"), "sources.accounts.tables",
         "no canonical table 'crm_acount'; allowed: crm_account,"),
        (("          order_id: id\n", ""), "sources.orders.tables",
         "erp_order: mapping lacks the mandatory column order_id"),
        (("[0, 10]", "[10, 0]"), "surveys.REL.questions.nps.scale", "a scale ascends"),
        (("metric: nps", "metric: np"), "surveys.REL.questions.nps.metric", "no metric 'np'"),
        (("  orders:", "  Orders:"), "sources.Orders", "'Orders' is not a name of lower-case"),
        (("segment_sets:\n  region: [region]", "segment_sets: [region]"), "segment_sets", "a list"),
        (("kind: relational", "kind:"), "surveys.REL.kind", "found nothing"),
    ],
)  # fmt: skip
def test_a_problem_names_key_found_and_allowed(
    tmp_path: Path, change: tuple[str, str], key: str, message: str
) -> None:
    [told] = _problems(tmp_path, change)
    assert f": {key}: " in told
    assert message in told


def test_a_lookup_in_a_source_that_is_not_there(tmp_path: Path) -> None:
    column = "account_id: account\n          ordered_at"
    lookup = "{from: account, lookup: {source: nobody, match: id, take: id}}"
    [told] = _problems(tmp_path, (column, column.replace("account\n", f"{lookup}\n")))
    assert told.startswith(f"barometer.yaml:{_line('account_id: account')}: sources.orders.tables.")
    assert "nobody" in told
    assert "allowed: accounts, answers, orders" in told


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("contract: 2026-03-03", "contract: no such key; allowed: crm_contract, erp_employee"),
        ("crm_contract: 2026-02-30", "crm_contract: Input should be a valid date"),
    ],
)
def test_known_from_is_a_day_of_a_table_whose_records_end(
    tmp_path: Path, given: str, message: str
) -> None:
    [told] = _problems(tmp_path, text=CONFIG + f"kpis:\n  known_from:\n    {given}\n")
    line = CONFIG.count("\n") + 3
    assert told.startswith(f"barometer.yaml:{line}: kpis.known_from.{message}")


def test_kpi_codes_that_the_catalogue_does_not_have(tmp_path: Path) -> None:
    kpis = """\
kpis:
  codes: [nps, npx]
  targets: {csatt: 80, nps_w: 10}
  variants:
    nps_w: {of: nps, weights: response}
    ces_w: {of: cess}
"""
    told = _problems(tmp_path, text=CONFIG + kpis)
    line = CONFIG.count("\n") + 2
    assert [message.partition("; ")[0] for message in told] == [
        f"barometer.yaml:{line}: kpis.codes.1: no KPI 'npx'",
        f"barometer.yaml:{line + 1}: kpis.targets.csatt: no KPI 'csatt'",
        f"barometer.yaml:{line + 4}: kpis.variants.ces_w.of: no KPI 'cess'",
    ]
    assert all("allowed: nps, " in message for message in told)


def test_a_variant_with_the_code_of_the_catalogue(tmp_path: Path) -> None:
    told = _problems(tmp_path, text=CONFIG + "kpis:\n  variants:\n    csat: {of: nps}\n")
    line = CONFIG.count("\n") + 3
    assert [each.partition("; ")[0] for each in told] == [
        f"barometer.yaml:{line}: kpis.variants.csat: the code is taken"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: [1\n", "barometer.yaml:3: not valid YAML"),
        ("a: 1\na: 2\n", "barometer.yaml:2: not valid YAML: key 'a' stands here and on line 1"),
        ("a:\n  path: {date}.csv\n", "barometer.yaml:2: not valid YAML"),
        ("{[a]: 1}\n", "barometer.yaml:1: not valid YAML: a key must be text"),
        ("a: \x01\n", "not valid YAML"),
        ("", "the file holds nothing"),
        ("- a\n", "the file holds a list"),
    ],
)
def test_a_file_that_is_no_mapping(tmp_path: Path, text: str, message: str) -> None:
    [told] = _problems(tmp_path, text=text)
    assert message in told


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfigError, match="there is no such file; set BAROMETER_CONFIG"):
        load_project(tmp_path / "barometer.yaml", {})


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfigError, match="Is a directory"):
        load_project(tmp_path, {})


def test_other_encodings_than_utf_8_are_told(tmp_path: Path) -> None:
    path = tmp_path / "barometer.yaml"
    path.write_bytes("company: Société".encode("cp1252"))
    with pytest.raises(InvalidConfigError, match="not UTF-8"):
        load_project(path, {})


def test_variables_come_from_the_environment_or_their_default(tmp_path: Path) -> None:
    path = tmp_path / "barometer.yaml"
    name = '"${NAME} $${x} ${CITY:-Paris}${NONE:-}"'
    path.write_text(CONFIG.replace("Tiny Company", name), encoding="utf-8")
    assert load_project(path, {"NAME": "Tiny"}).company.name == "Tiny ${x} Paris"


def test_a_variable_that_is_not_set_is_told_with_everything_else(tmp_path: Path) -> None:
    told = _problems(
        tmp_path, ("root: extracts\n      path: orders", "root: ${DIR}\n      path: orders"),
        ("mode: snapshot", "mode: sometimes"),
    )  # fmt: skip
    assert len(told) == 2
    assert "sources.accounts.mode" in told[0]
    assert "sources.orders.files.root: environment variable DIR is not set" in told[1]


@pytest.mark.parametrize(
    "change",
    [
        ("sources:\n", "privacy: ${KEY}\n\nsources:\n"),
        ("sources:\n", 'privacy: {pii_key: ["${KEY}"]}\n\nsources:\n'),
        ("sources:\n", 'privacy: {pii_keys: "${KEY}"}\n\nsources:\n'),
        ("Europe/Paris", '"${KEY}"'),
        ("mode: snapshot", "mode: ${KEY}"),
        ("      format: csv\n    mode: snapshot",
         '      format: cs\n      storage_options: {secret: "${KEY}"}\n    mode: snapshot'),
        ("      format: csv\n    mode: snapshot",
         "      format: csv\n      storage_options: ${KEY}\n    mode: snapshot"),
    ],
)  # fmt: skip
def test_secrets_are_in_no_message(tmp_path: Path, change: tuple[str, str]) -> None:
    told = _problems(tmp_path, change, KEY=SECRET)
    assert told
    assert not [message for message in told if SECRET in message]


def test_secrets_are_in_no_representation(tmp_path: Path) -> None:
    path = tmp_path / "barometer.yaml"
    options = 'format: csv\n      storage_options: {secret: "${KEY}"}'
    text = CONFIG.replace("format: csv", options, 1) + 'privacy: {pii_key: "${KEY}"}\n'
    path.write_text(text, encoding="utf-8")
    reading = read_config(path, {"KEY": SECRET})
    assert reading.project is not None
    assert reading.project.privacy.pii_key is not None
    assert reading.project.privacy.pii_key.get_secret_value() == SECRET
    shown = (repr(reading), str(reading.project), reading.project.model_dump_json())
    assert not [text for text in shown if SECRET in text]


def test_places_come_from_the_environment_or_their_default() -> None:
    assert config_path({"BAROMETER_CONFIG": "/etc/b.yaml"}) == Path("/etc/b.yaml")
    assert config_path({}) == Path.cwd() / "barometer.yaml"
    assert data_dir({"BAROMETER_DATA_DIR": "/srv/lake"}) == Path("/srv/lake")
    assert data_dir({"BAROMETER_DATA_DIR": ""}) == Path.cwd() / "var" / "lake"
