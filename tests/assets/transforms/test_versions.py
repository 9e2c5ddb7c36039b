import datetime as dt
from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.transforms import versions
from assets.transforms.versions import (
    CLOSED_ON,
    IS_UNKNOWN,
    RANK,
    VERSION,
    ChangeStream,
    change_stream,
    differing,
    in_order,
    is_newer,
    key_hash,
    key_text,
    latest,
    month_number,
    sorted_by_key,
)

DATES = [dt.date(2026, 3, number) for number in range(1, 7)]


def rows(*found: tuple[str | None, str, dt.date, int]) -> pl.DataFrame:
    return pl.DataFrame(
        [(k, v, "s", "f", number, date) for k, v, date, number in found],
        schema={
            "k": pl.String, "v": pl.String, "_source": pl.String, "_source_file": pl.String,
            "_row_number": pl.Int64, "_logical_date": pl.Date,
        },
        orient="row",
    )  # fmt: skip


def stream(*snapshots: Sequence[str], seed: Sequence[str] = ()) -> ChangeStream:
    """Snapshots of rows `key=value`, a refused row of a key as `key?`."""
    found: list[dict[str, Any]] = []
    for rank, snapshot in enumerate([seed, *snapshots]):
        for number, text in enumerate(snapshot):
            key, _, value = text.rstrip("?").partition("=")
            is_unknown = text.endswith("?")
            date = None if is_unknown else DATES[rank]
            found.append({
                "k": key, "v": value or None, "_source": "s", "_source_file": "f",
                "_row_number": number, "_logical_date": date, RANK: rank, IS_UNKNOWN: is_unknown,
            })  # fmt: skip
    schema = {**rows().schema, RANK: pl.Int32, IS_UNKNOWN: pl.Boolean}
    observed = pl.DataFrame(found, schema=schema)
    return change_stream(observed, ["k"], ["v"], dates=DATES[: len(snapshots) + 1])


def told(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    days = [pl.col(name).dt.day() for name in ("_logical_date", CLOSED_ON) if name in frame.columns]
    names = [name for name in ("k", "v") if name in frame.columns]
    return sorted(frame.select(*names, *days).rows(), key=str)


def test_the_greatest_version_of_a_key_is_kept() -> None:
    frame = rows(
        ("a", "old", DATES[0], 9), ("a", "new", DATES[1], 1), (None, "x", DATES[0], 1),
        (None, "y", DATES[0], 2), ("b", "only", DATES[0], 1),
    )  # fmt: skip
    expected = rows((None, "y", DATES[0], 2), ("b", "only", DATES[0], 1), ("a", "new", DATES[1], 1))
    assert_frame_equal(latest(frame, ["k"]), expected, check_row_order=False)


def test_the_order_is_a_function_of_the_content() -> None:
    frame = rows(("b", "x", DATES[1], 1), ("a", "x", DATES[1], 1), ("c", "x", DATES[0], 2))
    expected = in_order(frame, ["k"])
    assert expected.get_column("k").to_list() == ["c", "a", "b"]
    assert_frame_equal(in_order(frame.reverse(), ["k"]), expected)


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        ((DATES[1], "a", "a", 1), (DATES[0], "b", "b", 2), True),
        ((DATES[0], "b", "a", 1), (DATES[0], "a", "b", 2), True),
        ((DATES[0], "a", "b", 1), (DATES[0], "a", "a", 2), True),
        ((DATES[0], "a", "a", 2), (DATES[0], "a", "a", 1), True),
        ((DATES[0], "a", "a", 2), (DATES[0], "a", "a", 2), False),
        ((DATES[0], "a", "a", 9), (DATES[1], "a", "a", 2), False),
    ],
)
def test_versions_compare_column_by_column(
    mine: tuple[Any, ...],
    theirs: tuple[Any, ...],
    expected: bool,  # noqa: FBT001 (a case)
) -> None:
    names = [*VERSION, *(f"{name}_other" for name in VERSION)]
    frame = pl.DataFrame([(*mine, *theirs)], schema=names, orient="row")
    assert frame.select(is_newer("_other")).item() is expected


def test_keys_that_share_a_hash_are_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    length = pl.col("k").str.len_bytes().alias("_hash")
    monkeypatch.setattr(versions, "key_hash", lambda _: length)
    frame = rows(("b", "1", DATES[0], 1), ("a", "2", DATES[1], 1), ("b", "3", DATES[2], 1))
    ordered = sorted_by_key(frame, ["k"], VERSION)
    assert ordered.get_column("v").to_list() == ["2", "1", "3"]
    assert told(latest(frame, ["k"])) == [("a", "2", 2), ("b", "3", 3)]


def test_equal_keys_have_equal_hashes_however_they_are_stored() -> None:
    whole = pl.DataFrame({"k": ["x", None, "a text longer than twelve bytes"], "n": [1, None, 3]})
    parts = pl.concat([whole.slice(0, 1), whole.slice(1, 2)], rechunk=False)
    for key in (["k"], ["n"], ["k", "n"]):
        assert_frame_equal(whole.select(key_hash(key)), parts.select(key_hash(key)))


def test_key_text_is_json() -> None:
    frame = pl.DataFrame(
        {"k": ['a"b'], "n": [None], "on": [DATES[0]]}, schema_overrides={"n": pl.Int64}
    )
    expected = '{"k":"a\\"b","n":null,"on":"2026-03-01"}'
    assert frame.select(key_text(["k", "n", "on"])).item() == expected


def test_months_are_cut_in_a_time_zone() -> None:
    at = dt.datetime(2026, 3, 31, 22, 30, tzinfo=dt.UTC)
    frame = pl.DataFrame({"at": [at], "on": [at.date()]})
    assert frame.select(month_number("at", "Europe/Paris")).item() == 202604
    assert frame.select(month_number("at", "UTC")).item() == 202603
    assert frame.select(month_number("on", None)).item() == 202603


def test_differing_takes_null_for_a_value() -> None:
    left = pl.DataFrame({"a": [1, None, None], "b": [float("nan"), 1.0, 2.0]})
    right = pl.DataFrame({"a": [1, None, 3], "b": [float("nan"), 1.0, 2.0]})
    numbers = pl.Series([0, 1, 2, 2])
    others = pl.Series([0, 1, 2, None])
    found = differing(left, right, ["a", "b"], pairs=(numbers, others))
    assert found.to_list() == [False, False, True, True]


def test_only_new_and_changed_rows_are_emitted() -> None:
    found = stream(["a=1", "b=1"], ["a=1", "b=2"], ["a=1", "b=2", "c=1"])
    expected = [("a", "1", 2, None), ("b", "1", 2, None), ("b", "2", 3, None), ("c", "1", 4, None)]
    assert told(found.emitted) == expected
    assert found.closures.is_empty()


def test_a_missing_key_is_closed_and_may_come_back() -> None:
    found = stream(["a=1"], [], [], ["a=1"])
    assert told(found.emitted) == [("a", "1", 2, 3), ("a", "1", 5, None)]


def test_what_stood_before_is_closed_and_not_emitted() -> None:
    found = stream(["a=1"], ["a=1"], seed=["a=1", "b=1"])
    assert told(found.emitted) == []
    assert told(found.closures) == [("b", 2)]
    assert found.closures.columns == ["k", "_source", CLOSED_ON]


def test_a_changed_row_that_goes_closes_its_own_version() -> None:
    found = stream(["a=2"], [], seed=["a=1"])
    assert told(found.emitted) == [("a", "2", 2, 3)]
    assert found.closures.is_empty()


def test_a_refused_row_is_neither_gone_nor_changed() -> None:
    found = stream(["a?"], ["a=1"], ["a?"], ["a=2"], seed=["a=1"])
    assert told(found.emitted) == [("a", "2", 5, None)]
    assert found.closures.is_empty()
    assert found.carried.is_empty()


def test_a_row_refused_at_the_end_is_carried() -> None:
    found = stream(["a=1", "b=1"], ["a?", "b=1"], ["a?", "b=1"])
    assert told(found.carried) == [("a", "1", 2)]
    assert told(found.emitted) == [("a", "1", 2, None), ("b", "1", 2, None)]


def test_a_row_missing_after_it_was_refused_is_closed_then() -> None:
    found = stream(["a?"], [], seed=["a=1"])
    assert told(found.closures) == [("a", 3)]


def test_a_row_never_accepted_is_absent() -> None:
    found = stream(["a?"], ["a?"], ["a=1"])
    assert told(found.emitted) == [("a", "1", 4, None)]
    gone = stream(["a=1"], [], ["a?"], ["a?"])
    assert told(gone.emitted) == [("a", "1", 2, 3)]
    assert gone.carried.is_empty()


def test_an_accepted_row_counts_before_a_refused_one_of_its_key() -> None:
    found = stream(["a=1"], ["a?", "a=2", "a?"])
    assert told(found.emitted) == [("a", "1", 2, None), ("a", "2", 3, None)]
