"""Nothing is lost, nothing is made: laws over extracts of any content."""

import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from assets.core.remedies import MISSING
from assets.transforms.mapping import NOT_IN_MAP, UNREADABLE
from tests.assets.core.company import Company, csv_text, day

NAMES = ("id", "at", "amount", "state", "version", "kind")
CELLS = {
    "id": ["1", "01", "2", "", None],
    "at": ["2024-03-01", "2024-03-31 02:30:00", "soon", "0024-01-01", None],
    "amount": ["1.5", "NaN", "1,5", "-0", None],
    "state": ["GTX Pro", "GTXPro", "\n", None],
    "version": ["9", "10", "x", None],
    "kind": ["x", "y", "", None],
}
ORDERS: dict[str, Any] = {
    "columns": {
        "order_id": "id",
        "ordered_at": "at",
        "net_amount": "amount",
        "status": {"from": "state", "values": {"GTX Pro": "pro"}},
    },
    "where": {"kind": ["x", None]},
    "latest_by": ["version"],
}

Row = tuple[str | None, ...]
EXTRACT = st.lists(st.tuples(*(st.sampled_from(CELLS[name]) for name in NAMES)), max_size=10)


@settings(max_examples=25, deadline=None)
@given(st.lists(EXTRACT, min_size=1, max_size=3))
def test_every_row_goes_exactly_one_way(extracts: list[list[Row]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        company = Company(Path(folder))
        company.source("orders", {"erp_order": ORDERS})
        for number, rows in enumerate(extracts):
            company.deliver("orders", number, csv_text(NAMES, rows))
        company.build("erp_order", "orders", *range(len(extracts)))
        for number, rows in enumerate(extracts):
            check(company, number, rows)


def check(company: Company, number: int, rows: Sequence[Row]) -> None:
    raw, filtered, mapped, accepted, quarantined, superseded = company.counts(
        "erp_order", "orders", number
    )
    kept = {n: row for n, row in enumerate(rows, start=1) if row[5] in {"x", None, ""}}
    assert (raw, mapped, filtered) == (len(rows), len(kept), len(rows) - len(kept))
    assert mapped == accepted + quarantined + superseded
    good = company.accepted("erp_order", "orders", number)
    bad = company.quarantined("erp_order", "orders", number)
    good_numbers = set(good["_row_number"])
    bad_numbers = set() if bad is None else set(bad["_row_number"])
    assert len(good_numbers) == good.height == accepted
    assert len(bad_numbers) == quarantined
    assert not good_numbers & bad_numbers
    assert good_numbers | bad_numbers <= set(kept)
    assert bad_numbers == {n for n, row in kept.items() if faults_of(row)}
    assert len(set(good["order_id"])) == accepted
    assert {row[0] for n, row in kept.items() if n not in bad_numbers} == set(good["order_id"])
    for row in [] if bad is None else bad.iter_rows(named=True):
        assert row["_source_file"] == f"orders_{day(number)}.csv"
        whole = dict(zip(NAMES, rows[row["_row_number"] - 1], strict=True))
        assert json.loads(row["raw"]) == whole
        told = [
            (r["column"], r["expectation"], r["found"], r["suggestion"]) for r in row["reasons"]
        ]
        assert len(told) == len(set(told))
        assert set(told) == faults_of(rows[row["_row_number"] - 1])
    reasons = [reason for row in kept.values() for reason in faults_of(row)]
    counted = Counter(f"{column}: {expectation}" for column, expectation, *_ in reasons)
    facts = company.receipt("erp_order", "orders", number).facts
    assert facts["reasons"] == counted


def faults_of(row: Row) -> set[tuple[str, str, str | None, str | None]]:
    """Column, expectation, found and suggestion of everything wrong with a row."""
    id_, at, amount, state, *_ = row
    found: set[tuple[str, str, str | None, str | None]] = set()
    if not id_:
        found.add(("order_id", MISSING, None, None))
    if at is None:
        found.add(("ordered_at", MISSING, None, None))
    elif at != "2024-03-01":
        found.add(("ordered_at", UNREADABLE, at, None))
    if amount in {"NaN", "1,5"}:
        found.add(("net_amount", UNREADABLE, amount, None))
    if state not in {None, "GTX Pro"}:
        suggestion = "GTX Pro" if state == "GTXPro" else None
        found.add(("status", NOT_IN_MAP, state, suggestion))
    return found


WIDE_NAMES = ("id", "q1", "q2", "why", "said")
WIDE: dict[str, Any] = {
    "columns": {"response_id": "id"},
    "unpivot": {
        "scores": {"q1": "nps", "q2": "csat"},
        "choices": {"why": "reason"},
        "texts": {"said": "comment"},
        "split_choices": ";",
        "null_values": ["-"],
    },
}
WIDE_ROW = st.tuples(
    st.sampled_from(["1", "2", None]),
    st.sampled_from(["9", "NaN", "-", None]),
    st.sampled_from(["3", "x", "", None]),
    st.sampled_from(["a", "a;b", "a;a;", None]),
    st.sampled_from(["fine", "-", None]),
)


def cells_of(row: Row) -> int:
    _, q1, q2, why, said = row
    choices = [choice for choice in (why or "").split(";") if choice]
    return sum(cell not in {"-", "", None} for cell in (q1, q2, said)) + len(choices)


@settings(max_examples=20, deadline=None)
@given(st.lists(WIDE_ROW, max_size=8))
def test_every_filled_cell_goes_exactly_one_way(rows: list[Row]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        company = Company(Path(folder))
        company.source("answers", {"survey_answer": WIDE})
        company.deliver("answers", 0, csv_text(WIDE_NAMES, rows))
        company.build("survey_answer", "answers", 0)
        counts = company.counts("survey_answer", "answers")
        assert counts[0] == len(rows)
        assert counts[2] == sum(cells_of(row) for row in rows) == sum(counts[3:])
        accepted = company.accepted("survey_answer", "answers")
        assert accepted["score"].is_not_nan().fill_null(value=True).all()
        key = ["response_id", "question_id", "choice"]
        assert accepted.select(key).is_duplicated().sum() == 0
