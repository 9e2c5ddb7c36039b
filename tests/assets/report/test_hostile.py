"""What no one plans for: huge, tiny, absent, endless and ill-meant data, told all the same."""

import re

import pytest

from assets.report.charts import begins_at_zero, to_svg, trend
from assets.report.page import page
from tests.assets.report.frames import MONTHS, edition, kpi, row, segment

RTL_OVERRIDE = "\N{RIGHT-TO-LEFT OVERRIDE}"
AWKWARD = (f"<script>x</script> \N{GRINNING FACE} {RTL_OVERRIDE}evil" + " long" * 30)[:120]


def _text(html: str) -> str:
    body = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body))


def test_a_name_neither_runs_nor_turns_round_what_stands_beside_it() -> None:
    rows = [segment(AWKWARD, value=1.0), segment(" ", value=2.0), segment("a\x00b", value=3.0)]
    totals = [row(month, value=1.0) for month in MONTHS]
    html = page(edition(totals, rows, kpis=[kpi(name_en=AWKWARD)], title=AWKWARD), generator="g")
    assert "<script" not in html
    assert RTL_OVERRIDE not in html
    assert "\x00" not in html
    assert "\N{GRINNING FACE} evil long" in html
    assert "– 2 2.0 points" in _text(html)  # noqa: RUF001  a segment without a name


@pytest.mark.parametrize("code", ["own", "enps"])
def test_a_company_of_one_kpi_of_its_own_has_a_first_screen(code: str) -> None:
    told = edition([row(kpi_code=code, value=1.0)], kpis=[kpi(code, family="people")])
    assert [one.code for one in told.headlines] == [code]


def test_headlines_without_data_are_told_not_dropped() -> None:
    kpis = [kpi(), kpi("csat", name_en="Satisfaction")]
    named = ["csat", "nps", "grr"]
    told = _text(page(edition([row(value=1.0)], kpis=kpis, headline=named), generator="g"))
    assert "Headline KPIs without a value in these periods: Satisfaction, grr." in told
    alone = _text(page(edition([row(value=1.0)], headline=["grr"]), generator="g"))
    assert "Headline KPIs without a value in these periods: grr." in alone
    assert "No headline KPI has a trend." in alone


def test_all_withheld_is_told_as_such() -> None:
    rows = [row(month, suppression="min_n", target=9.0) for month in MONTHS]
    told = _text(page(edition(rows, kpis=[kpi(min_n=30)]), generator="g"))
    assert "n &lt; 30" in told
    assert "missed" not in told
    assert "no value before to compare with" not in told


def test_two_sentences_tell_what_moved_and_which_targets_are_met() -> None:
    moved = {"change": -5.0, "is_significant": True, "status": "on_target", "target": 1.0}
    rows = [
        row(kpi_code="nps", value=1.0, **moved),
        row(kpi_code="csat", value=1.0, change=1.0, is_significant=False, status="off_target"),
    ]
    kpis = [kpi("nps", direction="lower_is_better"), kpi("csat")]
    told = _text(page(edition(rows, kpis=kpis), generator="g"))
    assert "Moved significantly: nps in words (better). Targets met: 1 of 2." in told
    calm = _text(page(edition([row(value=1.0)]), generator="g"))
    assert "No headline KPI moved significantly." in calm
    assert "Targets met" not in calm


def test_what_could_not_be_tested_is_not_called_calm() -> None:
    rows = [segment("a", value=1.0), segment("b", value=2.0)]
    told = _text(page(edition([row(value=1.0)], rows), generator="g"))
    assert "No change of a segment could be tested." in told
    assert "No segment moved significantly" not in told


def test_equal_values_share_their_rank() -> None:
    rows = [segment(key, value=value, n=1) for key, value in (("a", 1.0), ("b", 2.0), ("c", 2.0))]
    told = _text(page(edition([row(value=1.0)], rows), generator="g"))
    for line in ("b 1 2.0 points", "c 1 2.0 points", "a 3 1.0 points"):
        assert line in told


def test_all_sets_of_a_kpi_are_drawn_on_one_scale() -> None:
    rows = [
        segment(key, segment_set=name, value=value, ci_low=value - 1, ci_high=value + 1)
        for name, values in (("by_tier", (10.0, 20.0)), ("by_region", (-40.0, 50.0)))
        for key, value in zip("ab", values, strict=True)
    ]
    told = _text(page(edition([row(value=1.0)], rows, sets=["by_tier", "by_region"]),
                      generator="g"))  # fmt: skip
    assert told.count("Scale of the dots") == 1
    assert "Scale of the dots: −41.0 points to 51.0 points." in told  # noqa: RUF001


def test_amounts_of_billions_keep_their_axis() -> None:
    points = [row(month, value=1e9 + place, ci_low=9e8, ci_high=2e9)
              for place, month in enumerate(MONTHS)]  # fmt: skip
    svg = to_svg(trend(points), name="revenue", number=1, language="en")
    assert ">2,000 M<" in svg
    assert ">0<" in svg
    assert "000,000" not in svg


def test_figures_that_are_none_are_not_drawn() -> None:
    points = [row(month, value=value, ci_low=low) for month, value, low in zip(
        MONTHS, (1.0, float("nan"), 3.0), (None, None, float("-inf")), strict=True)]  # fmt: skip
    assert "<path" in to_svg(trend(points), name="n", number=1, language="en")
    assert begins_at_zero(points)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_negative_margins_are_below_zero(language: str) -> None:
    rows = [row(month, kpi_code="margin_rate", value=-50.0 + place, target=10.0,
                status="off_target") for place, month in enumerate(MONTHS)]  # fmt: skip
    kpis = [kpi("margin_rate", unit="percent", family="value")]
    told = _text(page(edition(rows, kpis=kpis, language=language), generator="g"))
    assert {"en": "−49.0%", "fr": "−49,0 %"}[language] in told  # noqa: RUF001
