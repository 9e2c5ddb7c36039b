"""Texts of a CSV file: none is run by a spreadsheet, however it cuts the lines into cells."""

import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.export import harmless
from pipelines.export_excel import FORMULA_STARTS

APOSTROPHES = re.compile("'+(?=[=+@＝＋－＠-])")  # noqa: RUF001  full-width signs are run too
AWKWARD = "=+-@＝＠;'\"\t\r\n ab,"  # noqa: RUF001


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=6) | st.text(AWKWARD, max_size=8), min_size=1, max_size=6))
def test_no_text_begins_a_formula_and_nothing_is_lost(texts: list[str]) -> None:
    found = harmless(pl.DataFrame({"text": texts}))["text"].to_list()
    for before, after in zip(texts, found, strict=True):
        assert after[:1] not in FORMULA_STARTS or not after
        assert after.lstrip()[:1] not in set("=+-@") or not after.strip()
        cells = re.split(r"[;\t\r\n]", after)[1:]
        assert not any(cell.strip()[:1] in set("=+-@") for cell in cells if cell.strip())
        plain = APOSTROPHES.sub("", before)
        assert APOSTROPHES.sub("", after) in {plain, "'" + plain}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Paris;=1+1", "Paris;'=1+1"),
        ("a; -1\n@b", "a; '-1\n'@b"),
        ('x;"=1', "x;\"'=1"),
        (" \u00a0=1", "' \u00a0=1"),
        ("=1;=2", "'=1;'=2"),
        ("a, -1 to +2", "a, -1 to +2"),
        ("a;b", "a;b"),
    ],
)
def test_a_text_that_is_cut_at_semicolons_begins_no_formula(text: str, told: str) -> None:
    assert harmless(pl.DataFrame({"text": [text], "number": [-1]})).row(0) == (told, -1)
