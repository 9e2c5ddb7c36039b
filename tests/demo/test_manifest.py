import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from demo.questionnaire import QUESTIONS
from demo.settings import FAULT_RATES
from demo.shapes import Source
from demo.surveys import ANSWER
from tests.demo.conftest import Run
from tests.demo.reading import Record, read_records, source_of


@pytest.fixture(scope="module", params=["varied", "plain"])
def run(request: pytest.FixtureRequest) -> Run:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def records(run: Run) -> dict[str, list[Record]]:
    return _records(run)


@pytest.fixture(scope="module")
def varied_records(varied: Run) -> dict[str, list[Record]]:
    return _records(varied)


def _records(run: Run) -> dict[str, list[Record]]:
    """Records of every file, read plainly."""
    found = {}
    for name, days in run.manifest["files"].items():
        source = source_of(run.settings, name)
        names = [field.raw for field in source.fields]
        for files in days.values():
            for file in files:
                path = run.folder / file["file"]
                found[file["file"]] = read_records(path, source.layout, names)
    return found


def _placed(run: Run) -> Iterator[tuple[dict[str, Any], Source]]:
    for fault in run.manifest["faults"]:
        if fault["kind"] != "missing_day":
            yield fault, source_of(run.settings, fault["source"])


def _raw_name(source: Source, column: str) -> str:
    return next(field.raw for field in source.fields if field.column == column)


def test_every_file_reads_plainly_and_has_the_rows_told(
    run: Run, records: dict[str, list[Record]]
) -> None:
    for name, days in run.manifest["files"].items():
        source = source_of(run.settings, name)
        for files in days.values():
            for file in files:
                rows = records[file["file"]]
                assert len(rows) == file["rows"], file
                for row in rows[:1]:
                    assert list(row) == [field.raw for field in source.fields]


def test_counts_add_up(run: Run) -> None:
    for table, sources in run.manifest["partitions"].items():
        for source, days in sources.items():
            files = run.manifest["files"][source]
            for day, counts in days.items():
                ways = counts["accepted"] + counts["quarantined"] + counts["superseded"]
                assert ways == counts["rows_mapped"], (table, source, day)
                assert counts["rows_raw"] == sum(file["rows"] for file in files[day])


def test_counts_equal_the_faults_told(run: Run) -> None:
    told = Counter(
        (fault["table"], fault["source"], fault["outcome"]) for fault in run.manifest["faults"]
    )
    for table, sources in run.manifest["tables"].items():
        for source, counts in sources.items():
            for outcome in ("quarantined", "superseded", "filtered"):
                assert counts[outcome] == told[table, source, outcome], (table, source, outcome)


def test_wide_surveys_count_their_filled_cells(
    varied: Run, varied_records: dict[str, list[Record]]
) -> None:
    choices = {question.id for question in QUESTIONS if question.cell == "choice"}
    for name in ("survey_relational", "survey_kano", "survey_web", "survey_employees"):
        source = source_of(varied.settings, name)
        filled = 0
        for files in varied.manifest["files"][name].values():
            for row in varied_records[files[0]["file"]]:
                for field in source.fields:
                    cell = row[field.raw]
                    if not field.column.startswith(ANSWER) or cell in (None, source.blank):
                        continue
                    is_choice = field.column.removeprefix(ANSWER) in choices
                    filled += len(str(cell).split("|")) if is_choice else 1
        assert varied.manifest["tables"]["survey_answer"][name]["rows_mapped"] == filled


def test_every_fault_stands_where_the_manifest_says(
    run: Run, records: dict[str, list[Record]]
) -> None:
    for fault, source in _placed(run):
        row = records[fault["file"]][fault["row"] - 1]
        if fault["kind"] == "out_of_scale":
            wide = f"{ANSWER}{fault['key']['question_id']}"
            column = wide if source.answers == "wide" else "score"
            assert row[_raw_name(source, column)] == fault["found"], fault
            assert row[_raw_name(source, "response_id")] == fault["key"]["response_id"]
            continue
        first = next(iter(fault["key"]))
        shown = row[_raw_name(source, first)]
        if first != "rate_date":
            assert shown == fault["key"][first], fault
        if "found" in fault:
            assert row[_raw_name(source, fault["column"])] == fault["found"], fault


def test_duplicates_are_equal_and_the_later_is_kept(
    run: Run, records: dict[str, list[Record]]
) -> None:
    duplicates = [fault for fault, _ in _placed(run) if fault["kind"] == "exact_duplicate"]
    assert duplicates
    for fault in duplicates:
        rows = records[fault["file"]]
        assert fault["row"] < fault["kept_row"]
        assert rows[fault["row"] - 1] == rows[fault["kept_row"] - 1]


def test_a_key_stands_once_in_an_extract_but_for_duplicates(
    run: Run, records: dict[str, list[Record]]
) -> None:
    twice = {
        (fault["file"], fault["key"]["order_id"])
        for fault, _ in _placed(run)
        if fault["kind"] == "exact_duplicate" and fault["source"] == "erp_orders"
    }
    number = _raw_name(source_of(run.settings, "erp_orders"), "order_id")
    for files in run.manifest["files"]["erp_orders"].values():
        counts = Counter(row[number] for row in records[files[0]["file"]])
        repeated = {key for key, count in counts.items() if count > 1 and key is not None}
        assert repeated == {key for file, key in twice if file == files[0]["file"]}


def test_delayed_rows_come_later(run: Run) -> None:
    for fault, _ in _placed(run):
        if fault["kind"] == "late":
            event = dt.date.fromisoformat(str(fault["event_on"])[:10])
            late = dt.date.fromisoformat(str(fault["logical_date"])) - event
            assert dt.timedelta(days=3) <= late
        if fault["kind"] in {"restated", "moved_month"}:
            assert fault["first_sent_on"] < fault["logical_date"]


def test_restated_orders_are_first_sent_wrong(
    varied: Run, varied_records: dict[str, list[Record]]
) -> None:
    source = source_of(varied.settings, "erp_orders")
    number, amount = _raw_name(source, "order_id"), _raw_name(source, "net_amount")
    restated = [
        f for f, _ in _placed(varied) if f["source"] == "erp_orders" and f["kind"] == "restated"
    ]
    assert restated
    for fault in restated:
        first = varied.manifest["files"]["erp_orders"][str(fault["first_sent_on"])][0]["file"]
        (before,) = [r for r in varied_records[first] if r[number] == fault["key"]["order_id"]]
        after = varied_records[fault["file"]][fault["row"] - 1]
        assert _amount(after[amount]) == fault["clean"]
        assert before[amount] != after[amount]


def _amount(shown: object) -> str:
    return str(shown).replace(" ", "").replace(",", ".")


def test_every_kind_of_fault_is_planted(varied: Run) -> None:
    kinds = {fault["kind"] for fault in varied.manifest["faults"]}
    assert kinds == {*FAULT_RATES, "missing_day"}


def test_the_missing_day_has_no_file_and_the_next_brings_its_rows(varied: Run) -> None:
    (gap,) = [f for f in varied.manifest["faults"] if f["kind"] == "missing_day"]
    day = str(gap["logical_date"])
    files = varied.manifest["files"]["crm_leads"]
    assert day not in files
    assert str(gap["logical_date"] + dt.timedelta(days=1)) in files


def test_the_skipped_hour_is_told_in_local_time(varied: Run) -> None:
    skipped = [f for f in varied.manifest["faults"] if f["kind"] == "skipped_hour"]
    assert {f["source"] for f in skipped} >= {"crm_interactions", "erp_orders"}
    for fault in skipped:
        assert fault["logical_date"] == dt.date(2026, 3, 29)
        assert fault["found"] in {"29/03/2026 02:30:00", "2026-03-29 02:30:00"}


def test_the_written_manifest_is_the_one_returned(run: Run) -> None:
    written = json.loads((run.folder / "manifest.json").read_text(encoding="utf-8"))
    assert written == json.loads(json.dumps(run.manifest, default=str))
    assert set(written) == {
        "version", "settings", "tables", "partitions", "files", "faults", "truths",
    }  # fmt: skip
