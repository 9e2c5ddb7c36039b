import datetime as dt

import polars as pl

from assets.transforms.timelines import changed_ranges, timeline

DAYS = [dt.date(2026, 3, number) for number in range(1, 10)]
Item = tuple[str, str | None, int, str, int | None]


def items(*found: Item) -> pl.DataFrame:
    """Items as key, content, day, source and day of closing."""
    return pl.DataFrame(
        [
            (k, v, source, "f", 1, DAYS[on], None if closed is None else DAYS[closed])
            for k, v, on, source, closed in found
        ],
        schema={
            "k": pl.String, "v": pl.String, "_source": pl.String, "_source_file": pl.String,
            "_row_number": pl.Int64, "_logical_date": pl.Date, "_closed_on": pl.Date,
        },
        orient="row",
    )  # fmt: skip


def ranges(*found: Item) -> list[tuple[object, ...]]:
    rows = timeline(items(*found), ["k"], ["v"]).sort("k", "_logical_date")
    return rows.select("k", "v", "_valid_from", "_valid_to", "_closed_on").rows()


def changes(before: list[Item], after: list[Item]) -> list[tuple[object, ...]]:
    told = [timeline(items(*each), ["k"], ["v"]) for each in (before, after)]
    return changed_ranges(told[0], told[1], ["k"], content=["k", "v"]).sort("k").rows()


def test_equal_rows_are_one_version() -> None:
    found = ranges(("a", "x", 0, "s", None), ("a", "x", 1, "s", None), ("a", "y", 2, "s", None))
    expected = [("a", "x", None, DAYS[2], None), ("a", "y", DAYS[2], None, None)]
    assert found == expected


def test_null_content_is_content() -> None:
    found = ranges(("a", None, 0, "s", None), ("a", None, 1, "s", None), ("a", "y", 2, "s", None))
    assert [row[1:4] for row in found] == [(None, None, DAYS[2]), ("y", DAYS[2], None)]


def test_the_greatest_version_of_a_date_holds() -> None:
    found = ranges(("a", "x", 0, "s", None), ("a", "y", 0, "t", None))
    assert found == [("a", "y", None, None, None)]


def test_a_closed_version_ends_and_is_not_continued() -> None:
    found = ranges(("a", "x", 0, "s", 2), ("a", "x", 4, "s", None))
    assert found == [("a", "x", None, DAYS[2], DAYS[2]), ("a", "x", DAYS[4], None, None)]


def test_a_run_is_closed_when_its_last_row_is() -> None:
    found = ranges(("a", "x", 0, "s", None), ("a", "x", 1, "s", 3), ("b", "x", 0, "s", None))
    assert found == [("a", "x", None, DAYS[3], DAYS[3]), ("b", "x", None, None, None)]


def test_another_source_takes_over_before_the_closing() -> None:
    found = ranges(("a", "x", 0, "s", 5), ("a", "y", 2, "t", None))
    assert found == [("a", "x", None, DAYS[2], DAYS[5]), ("a", "y", DAYS[2], None, None)]


def test_a_new_key_is_affected_for_ever() -> None:
    assert changes([], [("a", "x", 3, "s", None)]) == [("a", None, None, True)]


def test_equal_timelines_do_not_differ() -> None:
    same: list[Item] = [("a", "x", 0, "s", None), ("a", "y", 2, "s", 4)]
    assert changes(same, same) == []


def test_a_new_version_affects_from_its_date_on() -> None:
    before: list[Item] = [("a", "x", 0, "s", None)]
    after: list[Item] = [*before, ("a", "y", 3, "s", None)]
    assert changes(before, after) == [("a", DAYS[3], None, False)]


def test_a_late_version_affects_until_the_next_one() -> None:
    before: list[Item] = [("a", "x", 0, "s", None), ("a", "z", 5, "s", None)]
    after: list[Item] = [*before, ("a", "y", 3, "s", None)]
    assert changes(before, after) == [("a", DAYS[3], DAYS[5], False)]


def test_another_first_version_affects_since_ever() -> None:
    before: list[Item] = [("a", "x", 0, "s", None), ("a", "z", 5, "s", None)]
    after: list[Item] = [("a", "y", 0, "s", None), ("a", "z", 5, "s", None)]
    assert changes(before, after) == [("a", None, DAYS[5], False)]


def test_a_closing_affects_from_its_date_on() -> None:
    before: list[Item] = [("a", "x", 0, "s", None), ("b", "x", 0, "s", None)]
    after: list[Item] = [("a", "x", 0, "s", 4), ("b", "x", 0, "s", None)]
    assert changes(before, after) == [("a", DAYS[4], None, False)]


def test_a_key_that_goes_is_affected_as_long_as_it_held() -> None:
    assert changes([("a", "x", 0, "s", 4)], []) == [("a", None, DAYS[4], False)]
