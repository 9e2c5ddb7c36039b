"""Which period, KPIs and segments the report shows."""

import datetime as dt

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.report.choices import (
    CHARTS_PER_FAMILY,
    HEADLINES,
    KNOWN,
    MOVERS,
    by_renown,
    charted,
    leading_period,
    movers,
    ranking,
)
from tests.assets.report.frames import MONTHS, edition, kpi, row, segment, values


def test_the_latest_complete_period_leads() -> None:
    leading = leading_period(values(*(row(month, value=1.0) for month in MONTHS)))
    assert leading is not None
    assert (leading["label"], leading["is_complete"]) == ("2025-02", True)


def test_where_none_is_complete_the_running_one_leads() -> None:
    leading = leading_period(values(row("2025-03", value=1.0)))
    assert leading is not None
    assert leading["period_start"] == dt.date(2025, 3, 1)
    assert leading_period(values()) is None


def test_headlines_are_those_that_are_configured_in_their_order() -> None:
    rows = [row(kpi_code=code, value=1.0) for code in ("csat", "nps", "grr")]
    kpis = [kpi(code) for code in ("csat", "grr", "nps")]
    shown = edition(rows, kpis=kpis, headline=["grr", "csat"]).headlines
    assert [one.code for one in shown] == ["grr", "csat"]


def test_by_default_targets_and_the_best_known_of_each_family_lead() -> None:
    codes = [*KNOWN, "own"]
    rows = [row(kpi_code=code, value=1.0, target=2.0 if code == "own" else None) for code in codes]
    shown = edition(rows, kpis=[kpi(code) for code in codes]).headlines
    assert [one.code for one in shown] == ["nps", "csat", "own"]
    families = {code: ("experience", "value")[place % 2] for place, code in enumerate(codes)}
    of_two = edition(rows, kpis=[kpi(code, family=families[code]) for code in codes]).headlines
    assert len(of_two) == 5
    assert len(of_two) <= HEADLINES


def test_pages_chart_what_moved_and_what_has_a_target_first() -> None:
    codes = [f"k{place}" for place in range(9)]
    rows = [
        row(month, kpi_code=code, value=1.0, is_significant=code == "k7",
            target=1.0 if code == "k8" else None)
        for code in codes for month in MONTHS
    ]  # fmt: skip
    series = edition(rows, kpis=[kpi(code) for code in codes]).series
    found = [one.code for one in charted(list(series.values()), ["k0"])]
    assert found == ["k7", "k8", "k1", "k2", "k3", "k4"]
    assert len(found) == CHARTS_PER_FAMILY


def test_a_kpi_of_a_single_value_gets_no_chart() -> None:
    series = edition([row("2025-01", value=1.0), row("2025-02")]).series
    assert charted(list(series.values()), []) == []


def test_movers_come_surest_first_and_are_counted() -> None:
    rows = [
        segment(f"s{place:02}", value=1.0, change=1.0, is_significant=True,
                change_p_value=place / 100)
        for place in range(MOVERS, -1, -1)
    ]  # fmt: skip
    found, count = movers(values(*rows, segment("calm", is_significant=False)), ["nps"])
    assert [each["segment_key"] for each in found] == [f"s{place:02}" for place in range(MOVERS)]
    assert count == MOVERS + 1


def test_a_segment_alone_in_its_set_is_no_mover() -> None:
    assert movers(values(segment("all of it", is_significant=True)), ["nps"]) == ([], 0)


def test_a_ranking_goes_from_best_to_worst_with_the_withheld_last() -> None:
    rows = values(
        segment("a", value=1.0, n=9), segment("b", suppression="min_n"), segment("c", value=3.0)
    )
    best_high, _ = ranking(rows, "higher_is_better", 12)
    best_low, _ = ranking(rows, "lower_is_better", 12)
    told = [(each["segment_key"], each["rank"]) for each in best_high]
    assert told == [("c", 1), ("a", 2), ("b", None)]
    assert [each["segment_key"] for each in best_low] == ["a", "c", "b"]


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.none() | st.integers(-9, 9), st.integers(0, 9), st.booleans()), max_size=15
    ),
    st.integers(2, 8),
)
def test_a_cut_ranking_keeps_the_movers_and_tells_the_true_ranks(
    told: list[tuple[int | None, int, bool]], most: int
) -> None:
    rows = values(
        *(
            segment(f"s{place:02}", value=None if value is None else float(value), n=n,
                    is_significant=has_moved and value is not None)
            for place, (value, n, has_moved) in enumerate(told)
        )
    )  # fmt: skip
    whole, count = ranking(rows, "higher_is_better", 100)
    cut, same_count = ranking(rows, "higher_is_better", most)
    assert count == same_count == len(whole) == len(told)
    assert len(cut) == min(most, len(told))
    assert [each for each in whole if each in cut] == cut
    left_out = [each for each in whole if each not in cut]
    if any(each["is_significant"] for each in left_out):
        assert all(each["is_significant"] for each in cut)


def test_unknown_codes_come_after_the_known_ones_by_name() -> None:
    assert by_renown(["zeta", "csat", "alpha", "nps"]) == ["nps", "csat", "alpha", "zeta"]
    assert pl.Series(KNOWN).is_unique().all()
