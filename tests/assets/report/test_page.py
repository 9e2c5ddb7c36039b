"""The document as a whole: what it says, what it withholds, that data stays text."""

import dataclasses
import datetime as dt
import re
from html.parser import HTMLParser

import pytest

from assets.report.page import page
from tests.assets.report.frames import MONTHS, QUALITY, edition, kpi, row, segment

_VOID = {"meta", "link", "br", "rect", "circle", "path"}


class _Document(HTMLParser):
    """Tags in balance, names in use, and the text that is read."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.addresses: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name == "href" and (value or "").startswith("#"):
                self.links.append((value or "")[1:])
            elif name in {"src", "href"}:
                self.addresses.append(value or "")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.text += " " + data


def _read(html: str) -> _Document:
    document = _Document(html)
    assert document.open == []
    assert len(set(document.ids)) == len(document.ids)
    assert set(document.links) <= set(document.ids)
    document.text = re.sub(r"\s+", " ", document.text)
    return document


TOTALS = [
    row("2025-01", value=25.0, n=80, ci_low=15.0, ci_high=35.0, target=30.0),
    row("2025-02", value=10.0, n=90, ci_low=1.0, ci_high=19.0, change=-15.0, is_significant=True,
        target=30.0, status="off_target", benchmark=8.0, gap_to_benchmark=2.0),
    row("2025-03", value=12.0, n=20, target=30.0, status="off_target"),
]  # fmt: skip


def test_the_first_screen_tells_the_headline_kpi() -> None:
    told = _read(page(edition(TOTALS), generator="g")).text
    for words in (
        "Period: 2025-02, against the period before",
        "data up to 2025-03-01",
        "10.0 points",
        "▼ −15.0 points, worse · significant",  # noqa: RUF001  as readers see it
        "30.0 points: ✗ missed by 20.0 points",
        "8.0 points: better by 2.0 points",
        "1.0 to 19.0 points",
        "Hollow point: period to date.",
        "2025-03 (to date)",
    ):
        assert words in told


def test_it_speaks_french() -> None:
    html = page(edition(TOTALS, language="fr"), generator="g")
    told = _read(html).text
    assert '<html lang="fr">' in html
    for words in ("nps en mots", "10,0 points", "moins bien · significatif", "Période : 2025-02"):
        assert words in told
    assert "worse" not in told
    assert "not significant" not in told


def test_it_asks_for_nothing_and_runs_nothing() -> None:
    html = page(edition(TOTALS), generator="g")
    assert _read(html).addresses == ["data:,"]
    assert "default-src 'none'" in html
    assert "<script" not in html
    assert "url(" not in html
    assert "@import" not in html


def test_what_the_data_says_stays_text() -> None:
    evil = '<script>alert("1")</script>'
    rows = [segment(evil, value=1.0, n=1, change=2.0, is_significant=True), segment("b", value=2.0)]
    html = page(
        edition(TOTALS, rows, kpis=[kpi(name_en=evil, formula=evil)], title=evil), generator="g"
    )
    assert "<script" not in html
    assert evil in _read(html).text


def test_withheld_values_are_withheld() -> None:
    rows = [
        segment("few", suppression="min_n"),
        segment("other", suppression="complementary"),
        segment("many", value=4.0, n=40),
    ]
    totals = [row("2025-02", value=3.0, n=50)]
    told = _read(page(edition(totals, rows, kpis=[kpi(min_n=10)]), generator="g")).text
    assert "few – n < 10 " in told  # noqa: RUF001  a dash
    assert "other – withheld: it would tell another" in told  # noqa: RUF001  a dash
    assert "Values of this period that are withheld: 2." in told


def test_a_cut_ranking_says_of_how_many() -> None:
    rows = [segment(f"s{place}", value=float(place), n=place) for place in range(5)]
    told = _read(page(edition(TOTALS, rows, segments_per_table=2), generator="g")).text
    assert "2 of 5 segments: significant movers first, then the largest n." in told
    assert "s4 1 4.0 points" in told
    assert "s0" not in told


def test_a_kpi_without_a_value_this_period_tells_its_last() -> None:
    totals = [row("2025-01", value=7.0), row("2025-02", kpi_code="csat", value=1.0)]
    told = _read(page(edition(totals, kpis=[kpi(), kpi("csat")]), generator="g")).text
    assert "no value; last 7.0 points in 2025-01" in told


@pytest.mark.parametrize("language", ["en", "fr"])
def test_an_empty_warehouse_makes_a_page_that_says_so(language: str) -> None:
    document = _read(page(edition([], language=language), generator="g"))
    assert {"overview", "quality"} <= set(document.ids)
    assert "segments" not in document.ids


def test_the_state_of_the_data() -> None:
    known_at = dt.datetime(2025, 3, 2, tzinfo=dt.UTC)
    quality = dataclasses.replace(
        QUALITY,
        sources=({"source": "orders", "is_stale": True, "last_loaded_on": dt.date(2025, 2, 3),
                  "dates_loaded": 3, "rows_raw": 1200},),
        reasons=({"table_name": "erp_order", "column_name": "status",
                  "expectation": "expect_column_values_to_be_in_set", "rows": 60},),
        all_reasons=7,
        checks=({"status": "passed", "results": 5}, {"status": "warn", "results": 2}),
        problems=({"asset": "core/erp_order", "check_name": "volume", "subject": "rows",
                   "status": "warn", "period_start": None, "message": "3 rows",
                   "mend": "look at it", "times": 2},),
        all_problems=4,
        restatements=({"kpi_code": "nps", "label": "2025-01", "old_value": 24.0, "new_value": None,
                       "reasons": "late_rows,odd", "known_at": known_at},),
        restated=({"reasons": "late_rows,odd", "restated": 9},),
        inventory=({"kpi_code": "csat", "status": "missing", "missing_inputs": "a.b",
                    "missing_settings": None, "stale_sources": None},),
    )  # fmt: skip
    told = _read(page(edition(TOTALS, quality=quality), generator="g")).text
    for words in (
        "1 of 1 sources stale",
        "orders ✗ STALE 2025-02-03 3 1,200",
        "The 1 most frequent of 7 reasons",
        "erp_order.status not an allowed value 60",
        "2 results did not pass. Below, the latest of each check: 1 of 4 checks.",
        "core/erp_order: volume (rows) warning",
        "3 rows look at it",
        "changed later: 9. Below, the latest 1 of the whole company, by month.",
        "nps in words 2025-01 24.0 points – late rows, odd 2025-03-02",  # noqa: RUF001  a dash
        "csat no data a.b",
    ):
        assert words in told


def test_every_period_that_is_told_is_one_of_the_table() -> None:
    told = _read(page(edition(TOTALS), generator="g")).text
    assert set(re.findall(r"2025-0\d\b(?!-)", told)) == set(MONTHS)
