"""`barometer quarantine`: what it lists and explains, what it never tells, what it makes good."""

import io
import json
import sqlite3
from pathlib import Path

import duckdb
import polars as pl
import pytest
import typer
from polars.testing import assert_frame_equal
from rich.console import Console

from pipelines.cli import app
from pipelines.completion import is_complete
from pipelines.config import load_project
from pipelines.docs import command_reference, commands
from pipelines.refusal_file import neutralised
from pipelines.telling import say
from tests.pipelines.company import DAYS, Company, hash_tree, new_company
from tests.pipelines.conftest import Barometer

MISSING = "expect_column_values_to_not_be_null"

MEND = (
    "have the source deliver it again and `resubmit --pull`, or say `if_null`, "
    "or map another column"
)

PERSONAL = ("Jane Doe", "Dœ", "jane.doe@example.org", "+33 6 12 34 56 78", "it rained on my cat")
"""Planted in the rows; nothing outside of the lake's own Parquet files may hold them. Names and
texts stand where the mapping fills a column with a PII class, and where it fills none."""

REGION = "          region: region\n"
PERSON = "          name: name\n          email: mail\n          phone: phone\n"
WITH_PERSONS = (
    (REGION, REGION + PERSON + "          birth_year: born\n"),
    ("account_id: account\n          ordered_at: at", "account_id: mail\n          ordered_at: at"),
    ("{scores: {nps: nps}}", "{scores: {nps: nps}, texts: {said: comment}}"),
    ("surveys:\n", "privacy: {pii_key: key-of-the-tests}\n\nsurveys:\n"),
)


def _persons(folder: Path) -> Company:
    """A company of one day whose refused rows are full of personal data."""
    name, last, mail, phone, said = PERSONAL
    company = new_company(folder, days=DAYS[:1])
    company.configure(*WITH_PERSONS)
    day = DAYS[0]
    accounts = [
        "id,kind,region,name,mail,phone,born,note",
        f"001,B2C,North,{name} {last},{mail},{phone},1980,{name}",
        f",B2D,{mail},{name} {last},{mail},{phone},{phone},{name}",
    ]
    company.deliver_accounts(day, "\n".join(accounts) + "\n")
    orders = [
        "id,mail,at,status,amount,note",
        f"{day}-1,{mail},{mail},call {phone},{phone},{said}",
        f"{day}-2,001,{day} 09:00:00,delivered,10.00,",
    ]
    (company.extracts / f"orders_{day}.csv").write_text("\n".join(orders) + "\n", "utf-8")
    answers = [
        "id,account,at,nps,said",
        f"{day}-8,001,{phone},12,{said}",
        f"{day}-9,001,{day} 12:00:00,9,{said}",
    ]
    (company.extracts / f"answers_{day}.csv").write_text("\n".join(answers) + "\n", "utf-8")
    return company


# --- list and explain


def test_nothing_in_quarantine(company: Company, invoke: Barometer) -> None:
    for command in (("list",), ("explain", "erp_order"), ("resubmit",)):
        result = invoke(company, "quarantine", *command)
        assert result.exit_code == 0
        assert "nothing in quarantine" in result.output
    assert not company.lake.root.exists()


def test_rows_are_listed_by_reason(loaded_once: Company, invoke: Barometer) -> None:
    result = invoke(loaded_once, "quarantine", "list")
    lines = [line.split() for line in result.output.splitlines()]
    assert result.output.startswith("Tiny Company: 3 rows in quarantine for 3 reasons\n")
    assert lines[2] == ["erp_order", "orders", "ordered_at", MISSING, "3", DAYS[0], DAYS[-1]]
    by_day = invoke(loaded_once, "quarantine", "list", "--by-day", "--from", DAYS[1]).output
    assert [line.split()[4:] for line in by_day.splitlines()[2:4]] == [
        ["1", DAYS[1], DAYS[1]],
        ["1", DAYS[2], DAYS[2]],
    ]


def test_a_row_is_explained_down_to_the_line_of_its_key(
    loaded_once: Company, invoke: Barometer
) -> None:
    result = invoke(loaded_once, "quarantine", "explain", "erp_order", "--date", DAYS[1])
    lines = loaded_once.config.read_text(encoding="utf-8").splitlines()
    line = lines.index("          ordered_at: at") + 1
    raw = {"id": f"{DAYS[1]}-3", "account": "003", "at": None, "status": "delivered"}
    slot = loaded_once.lake.core("erp_order", "orders", loaded_once.lake.raw_dates("orders")[1])
    told = result.output.splitlines()
    assert [" ".join(words.split()) for words in told] == [
        f"{DAYS[1]} erp_order from orders: orders_{DAYS[1]}.csv, row 3; order_id '{DAYS[1]}-3'",
        f"ordered_at: found nothing, expected a value: the column is mandatory ({MISSING})",
        f"filled by: sources.orders.tables.erp_order.columns.ordered_at (barometer.yaml:{line})",
        f"mend: {MEND}",
        f"as extracted: {json.dumps({**raw, 'amount': '5.00'})}",
        "",
        "Personal data is hidden (•••). The rows as they are, in the lake:",
        f"{slot.path('quarantined.parquet')}",
        "Next: mend the mapping or the source, then `barometer quarantine resubmit`",
    ]


def test_rows_that_are_not_told_are_spoken_of(loaded_once: Company, invoke: Barometer) -> None:
    command = ("quarantine", "explain", "erp_order", "--limit", "2")
    assert "further rows than these 2: see `--limit`" in invoke(loaded_once, *command).output
    assert "further rows" not in invoke(loaded_once, *command[:-1], "3").output
    nobody = invoke(loaded_once, "quarantine", "explain", "erp_order", "--key", "nobody")
    assert (nobody.exit_code, "with that row number or key" in nobody.output) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("list", "--table", "erp_orders"), 1, "found:   'erp_orders'"),
        (("list", "--source", "nobody"), 1, "allowed: accounts, answers, configuration, orders"),
        (("list", "--table", "erp_order", "--column", "kind"), 1, "net_amount, order_id"),
        (("explain", "orders"), 1, "allowed: crm_account, erp_order"),
        (("explain", "erp_order", "--output", "rows.txt"), 1, "allowed: .csv, .jsonl, .parquet"),
        (("resubmit", "--table", "erp_orders"), 1, "found:   'erp_orders'"),
        (("list", "--from", DAYS[1], "--to", DAYS[0]), 2, f"--from {DAYS[1]} is after --to"),
        (("explain",), 2, "Missing argument"),
    ],
)
def test_what_there_is_not_is_told(
    loaded_once: Company, invoke: Barometer, arguments: tuple[str, ...], code: int, message: str
) -> None:
    result = invoke(loaded_once, "quarantine", *arguments)
    assert result.exit_code == code
    assert message in " ".join(result.stderr.replace("│", " ").split("\n"))


def test_control_characters_of_an_extract_do_not_reach_the_terminal() -> None:
    console = Console(file=io.StringIO(), width=20)
    say(console, "a\x1b[31mred\nnext [bold]line[/] é")
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == "a\\x1b[31mred\\nnext [bold]line[/] é\n"


# --- files


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_the_list_as_a_file(
    loaded_once: Company, invoke: Barometer, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"refused.{suffix}"
    command = ("quarantine", "explain", "erp_order", "--output", str(path))
    result = invoke(loaded_once, *command)
    assert result.output == f"3 refused rows, redacted: {path}\n"
    rows = {"csv": pl.read_csv, "jsonl": pl.read_ndjson, "parquet": pl.read_parquet}[suffix](path)
    assert rows.select(pl.col("logical_date").cast(pl.String)).to_series().to_list() == list(DAYS)
    assert rows["column_name"].unique().to_list() == ["ordered_at"]
    assert json.loads(rows["raw"][0])["account"] == "003"
    assert invoke(loaded_once, *command, "--limit", "1").output.startswith("1 refused row,")


def test_texts_that_a_spreadsheet_would_run_are_neutralised() -> None:
    frame = pl.DataFrame({"found": ["=1+1", "+1", "-1", "@a", "1-1", "", None], "n": range(7)})
    expected = ["'=1+1", "'+1", "'-1", "'@a", "1-1", "", None]
    assert_frame_equal(neutralised(frame), frame.with_columns(found=pl.Series(expected)))


# --- personal data


def _holds(text: str) -> list[str]:
    return [one for one in PERSONAL if one in text]


def _event_log(home: Path) -> str:
    """Everything in Dagster's own databases, as text."""
    parts: list[str] = []
    for path in home.rglob("*.db"):
        with sqlite3.connect(path) as connection:
            names = connection.execute("select name from sqlite_master where type = 'table'")
            for (name,) in names.fetchall():
                parts += map(repr, connection.execute(f'select * from "{name}"').fetchall())  # noqa: S608
        connection.close()
    assert parts
    return "\n".join(parts)


def _warehouse(path: Path) -> str:
    with duckdb.connect(str(path), read_only=True) as connection:
        names = connection.sql("select table_name from duckdb_tables()").fetchall()
        tables = [connection.sql(f'select * from "{name}"').fetchall() for (name,) in names]  # noqa: S608
    assert any(tables)
    return repr(tables)


def test_nothing_personal_leaves_the_lake(
    tmp_path: Path, invoke: Barometer, caplog: pytest.LogCaptureFixture
) -> None:
    company = _persons(tmp_path / "company")
    caplog.set_level(0)
    said = [invoke(company, "run").output]
    assert " done" in said[0], said[0]
    for table in ("crm_account", "erp_order", "survey_response", "survey_answer"):
        told = invoke(company, "quarantine", "explain", table).output
        assert "•••" in told, table
        said.append(told)
        for suffix in ("csv", "jsonl", "parquet"):
            path = tmp_path / f"{table}.{suffix}"
            invoke(company, "quarantine", "explain", table, "--output", str(path))
            text = str(pl.read_parquet(path).rows()) if suffix == "parquet" else path.read_text()
            assert "•••" in text
            assert _holds(text) == []
    others = (("quarantine", "list", "--by-day"), ("status",), ("quarantine", "resubmit"))
    said += [invoke(company, *command).output for command in others]
    assert _holds("\n".join(said)) == []
    assert _holds(caplog.text) == []
    assert _holds(_event_log(company.folder / "dagster")) == []
    assert _holds(_warehouse(company.lake.warehouse)) == []
    for path in company.folder.rglob("*"):
        if path.is_file() and company.extracts not in path.parents and path.suffix != ".parquet":
            assert [one for one in PERSONAL if one.encode() in path.read_bytes()] == [], path


def test_nothing_personal_is_told_of_a_file_that_cannot_be_read(
    tmp_path: Path, invoke: Barometer, caplog: pytest.LogCaptureFixture
) -> None:
    company = _persons(tmp_path / "company")
    caplog.set_level(0)
    name, last, mail, phone, said = PERSONAL
    text = f'id,mail,at,status,amount\n1,{mail},{name},{last},{phone},too,many\n2,"{said}'
    (company.extracts / f"orders_{DAYS[0]}.csv").write_text(text, "utf-8")
    result = invoke(company, "run")
    assert result.exit_code == 1
    assert _holds(result.output) == []
    assert _holds(caplog.text) == []
    assert _holds(_event_log(company.folder / "dagster")) == []


# --- resubmit


def test_without_a_mend_nothing_changes_and_what_to_change_is_told(
    loaded: Company, invoke: Barometer
) -> None:
    before = hash_tree(loaded.lake.root)
    result = invoke(loaded, "quarantine", "resubmit")
    assert result.exit_code == 0, result.output
    assert "In quarantine before: 3; now: 3" in result.output
    assert "Nothing has changed. Still refused for the same reasons:" in result.output
    assert "sources.orders.tables.erp_order.columns.ordered_at (barometer.yaml:" in result.output
    assert hash_tree(loaded.lake.root) == before


def test_a_mended_mapping_restates_the_months_and_no_source_is_asked(
    loaded: Company, invoke: Barometer
) -> None:
    loaded.configure(("ordered_at: at", "ordered_at: {from: at, if_null: '2025-01-15'}"))
    loaded.deliver_orders(DAYS[0], amount="99.00")
    raw = hash_tree(loaded.lake.root / "raw")
    result = invoke(loaded, "quarantine", "resubmit", "--table", "erp_order", "--to", DAYS[1])
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert f"{DAYS[0]} … {DAYS[1]} submitted again" in lines[0]
    assert lines[1:4] == [
        "In quarantine before: 2; now: 0",
        "  +2 accepted since",
        "Restated: erp_order 2025-01",
    ]
    assert "Dates outside of these are yet to be brought up to date: `barometer run`" in lines[4]
    assert hash_tree(loaded.lake.root / "raw") == raw
    assert loaded.table("quarantine_summary")["rows"].sum() == 1
    assert not is_complete(load_project(loaded.config, {}), loaded.lake)
    assert invoke(loaded, "run").exit_code == 0
    assert loaded.table("quarantine_summary").is_empty()
    assert "nothing new" in invoke(loaded, "run").output


def test_files_delivered_again_are_pulled_if_asked(loaded: Company, invoke: Barometer) -> None:
    text = f"id,account,at,status,amount\n{DAYS[0]}-3,003,{DAYS[0]} 11:00:00,delivered,5.00\n"
    (loaded.extracts / f"orders_{DAYS[0]}.csv").write_text(text, encoding="utf-8")
    command = ("quarantine", "resubmit", "--source", "orders", "--to", DAYS[0])
    assert "Nothing has changed" in invoke(loaded, *command).output
    result = invoke(loaded, *command, "--pull")
    assert result.exit_code == 0, result.output
    assert "In quarantine before: 1; now: 0" in result.output
    assert "  -1 accepted since" in result.output  # of three rows the new file has but one
    assert "Restated: erp_order 2025-01" in result.output
    assert "Still refused" not in result.output


def test_a_resubmission_that_fails_says_why(loaded: Company, invoke: Barometer) -> None:
    path = loaded.extracts / f"orders_{DAYS[0]}.csv"
    path.write_text("id,account\n1,2,3\n", encoding="utf-8")
    result = invoke(loaded, "quarantine", "resubmit", "--pull", "--to", DAYS[0])
    assert result.exit_code == 1
    assert f"orders_{DAYS[0]}.csv, line 2" in result.output
    assert "What was published before is as it was" in result.output


def test_one_date_run_under_another_configuration_does_not_pass_for_all(
    loaded: Company, invoke: Barometer
) -> None:
    loaded.configure(("ordered_at: at", "ordered_at: {from: at, if_null: '2025-01-15'}"))
    assert invoke(loaded, "run", "--date", DAYS[0]).exit_code == 0
    assert loaded.table("quarantine_summary")["rows"].sum() == 2
    assert invoke(loaded, "run").exit_code == 0
    assert loaded.table("quarantine_summary").is_empty()


# --- reference


def test_every_command_is_in_the_reference() -> None:
    reference = command_reference()
    found = dict(commands(typer.main.get_command(app), "barometer"))
    for name in ("list", "explain", "resubmit"):
        command = found[f"barometer quarantine {name}"]
        assert f"## `barometer quarantine {name}`" in reference
        assert command.help
        for option in command.params:
            assert option.help, f"{name} {option.name}"
            assert all(f"`{each}`" in reference for each in option.opts), option.name
