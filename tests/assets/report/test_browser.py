"""The report in a real browser: silent, asking for nothing, for keyboard, ear and telephone."""

import importlib.util
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from assets.report.page import page
from tests.assets.report.browser import CHROMIUM, Page, browser
from tests.assets.report.frames import MONTHS, edition, kpi, row, segment

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")

_AXE_PACKAGES = ("axe_playwright_python", "axe_core_python")

_CONTRASTS = """
(() => {
  const light = colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(each => {
      const part = each / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = element => {
    for (let each = element; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if (colour !== 'rgba(0, 0, 0, 0)') return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const texts = [...document.querySelectorAll('body *')].filter(element =>
    [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
  return texts.map(element => {
    const drawn = element instanceof SVGElement;
    const colour = getComputedStyle(element)[drawn ? 'fill' : 'color'];
    const [dark, bright] = [light(colour), light(behind(element))].sort((a, b) => a - b);
    return [(bright + 0.05) / (dark + 0.05), element.outerHTML.slice(0, 80)];
  }).sort((a, b) => a[0] - b[0])[0];
})()
"""

_NAMELESS = """
[...document.querySelectorAll('svg')].filter(svg => svg.getAttribute('aria-hidden') !== 'true'
  && !(svg.getAttribute('role') === 'img' && svg.getAttribute('aria-label'))).length
+ [...document.querySelectorAll('table')].filter(table => !table.caption
  || [...table.querySelectorAll('th')].some(head => !head.scope)).length
+ [...document.querySelectorAll('a, summary')].filter(each => !each.textContent.trim()).length
"""

_CUT_LETTERS = """
[...document.querySelectorAll('figure > svg')].filter(svg => {
  const room = svg.closest('main').getBoundingClientRect();
  const isOut = each => {
    const box = each.getBoundingClientRect();
    return box.left < room.left || box.right > room.right;
  };
  const texts = [...svg.querySelectorAll('text')];
  return getComputedStyle(svg).overflow !== 'visible' || texts.some(isOut);
}).map(svg => svg.getAttribute('aria-label'))
"""

_LEVELS = "[...document.querySelectorAll('h1, h2, h3, h4')].map(each => Number(each.tagName[1]))"

_TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

_AXE = """
axe.run().then(found =>
  JSON.stringify(found.violations.map(each => [each.id, each.nodes[0].html])))
"""


def _write(path: Path, language: str) -> Path:
    """A report with every kind of part, with long names and a name that cannot be broken."""
    codes = ("nps", "csat", "churn_rate")
    totals = [
        row(month, kpi_code=code, value=1e9 + place, n=1000 + place, ci_low=9e8, ci_high=2e9,
            change=-3e8, is_significant=code == "nps", target=3e9, status="off_target",
            benchmark=12.0, gap_to_benchmark=-2.0)
        for code in codes for place, month in enumerate(MONTHS)
    ]  # fmt: skip
    segments = [
        segment(f"Une région au nom bien long {place} {'x' * 90}", kpi_code=code,
                value=float(place), n=place, ci_low=place - 3.0, ci_high=place + 3.0, change=1.0,
                is_significant=place == 2, change_p_value=0.01)
        for code in codes for place in range(20)
    ]  # fmt: skip
    kpis = [
        kpi(code, name_fr=f"{code} au nom bien long, de tous", formula="f" * 90, unit="currency")
        for code in codes
    ]
    shown = edition(totals, segments, kpis=kpis, language=language, title="t" * 90)
    path.write_text(page(shown, generator="g"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report in French, the longer of the languages."""
    return _write(tmp_path_factory.mktemp("report") / "report.html", "fr")


@pytest.fixture(scope="module")
def opened(report: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        opened.show(1280, 800)
        opened.open(report)
        yield opened


def test_it_is_silent_and_asks_for_nothing(opened: Page) -> None:
    assert opened.evaluate("document.title").startswith("ttt")
    assert opened.console == []
    assert opened.requests == []


def test_text_stands_out_from_what_is_behind_it(opened: Page) -> None:
    least, where = opened.evaluate(_CONTRASTS)
    assert least >= 4.5, where


def test_pictures_tables_and_links_have_names(opened: Page) -> None:
    assert opened.evaluate("document.querySelectorAll('svg[role=img]').length") == 3
    assert opened.evaluate(_NAMELESS) == 0


def test_headings_go_down_one_level_at_a_time(opened: Page) -> None:
    levels = opened.evaluate(_LEVELS)
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_but_tables_scrolls_sideways(opened: Page, report: Path, width: int) -> None:
    opened.show(width, 844, is_phone=width < 500)
    opened.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert opened.evaluate(_TOO_WIDE) <= 0
    opened.show(1280, 800)
    opened.open(report)  # with its parts open and closed as before


def test_it_is_used_by_keyboard(opened: Page) -> None:
    opened.press("Tab")
    assert opened.evaluate("document.activeElement.className") == "skip"
    opened.press("Tab")
    assert opened.evaluate("document.activeElement.hash") == "#overview"
    opened.evaluate("document.querySelector('figure summary').focus()")
    opened.press("Enter")
    assert opened.evaluate("document.querySelector('figure details').open")


def test_it_prints_all_its_rankings_and_no_navigation(opened: Page, tmp_path: Path) -> None:
    opened.call("Emulation.setEmulatedMedia", media="print")
    assert opened.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    folds = "[...document.querySelectorAll('.ranking:not([open]) .scroll')]"
    assert opened.evaluate(f"{folds}.length") > 0
    assert opened.evaluate(f"{folds}.every(each => each.checkVisibility())")
    opened.call("Emulation.setEmulatedMedia", media="")
    assert not opened.evaluate(f"{folds}.some(each => each.checkVisibility())")
    printed = tmp_path / "report.pdf"
    opened.print_to(printed)
    assert printed.read_bytes().startswith(b"%PDF")


def test_letters_of_charts_are_not_cut_off(opened: Page) -> None:
    assert opened.evaluate(_CUT_LETTERS) == []


def test_small_drawings_stand_out_where_colours_are_forced(opened: Page) -> None:
    dark = {"name": "prefers-color-scheme", "value": "dark"}
    forced = [{"name": "forced-colors", "value": "active"}, dark]
    opened.call("Emulation.setEmulatedMedia", features=forced)
    line = "getComputedStyle(document.querySelector('.spark path')).stroke"
    behind = "getComputedStyle(document.body).backgroundColor"
    assert opened.evaluate(f"[{line}, {behind}]") == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]
    opened.call("Emulation.setEmulatedMedia", features=[])


@pytest.mark.parametrize("language", ["en", "fr"])
def test_axe_finds_nothing_amiss(opened: Page, tmp_path: Path, language: str) -> None:
    folders = [
        Path(place)
        for name in _AXE_PACKAGES
        if (found := importlib.util.find_spec(name))
        for place in found.submodule_search_locations or ()
    ]
    scripts = [path for folder in folders if (path := folder / "axe.min.js").exists()]
    assert scripts, "axe-core is among the packages for development"
    opened.open(_write(tmp_path / "report.html", language))
    assert opened.evaluate("document.documentElement.lang") == language
    opened.evaluate(scripts[0].read_text(encoding="utf-8"))
    opened.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    for width in (1280, 390, 320):
        opened.show(width, 844, is_phone=width < 500)
        assert json.loads(opened.evaluate(_AXE)) == []
