"""Figures as readers of each language write them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.report.numbers import Numbers
from assets.report.texts import Words

THIN, HARD, MINUS = "\u202f", "\u00a0", "\u2212"
ENGLISH = Numbers(Words("en"), "EUR")
FRENCH = Numbers(Words("fr"), "EUR")


@pytest.mark.parametrize(
    ("value", "unit", "english", "french"),
    [
        (50.298, "percent", "50.3%", f"50,3{HARD}%"),
        (-28.75, "points", f"{MINUS}28.8{HARD}points", f"{MINUS}28,8{HARD}points"),
        (1234.56, "currency", f"1,235{HARD}EUR", f"1{THIN}235{HARD}EUR"),
        (564.12, "currency", f"564.12{HARD}EUR", f"564,12{HARD}EUR"),
        (4.47, "minutes", f"4.5{HARD}min", f"4,5{HARD}min"),
        (332.2, "minutes", f"332{HARD}min", f"332{HARD}min"),
        (68.79, "score", "68.8", "68,8"),
        (-0.01, "points", f"0.0{HARD}points", f"0,0{HARD}points"),
        (None, "points", "\u2013", "\u2013"),
        (float("nan"), "points", "\u2013", "\u2013"),
    ],
)
def test_a_value_in_both_languages(
    value: float | None, unit: str, english: str, french: str
) -> None:
    assert ENGLISH.value(value, unit) == english
    assert FRENCH.value(value, unit) == french


def test_a_change_has_its_sign_and_one_of_percentages_is_in_points() -> None:
    assert ENGLISH.signed(1.14, "percent") == f"+1.1{HARD}points"
    assert ENGLISH.signed(-11.56, "points") == f"{MINUS}11.6{HARD}points"
    assert ENGLISH.signed(0.004, "points") == f"0.0{HARD}points"
    assert not ENGLISH.is_told(0.004, "points")


def test_both_ends_of_an_interval_are_equally_precise() -> None:
    assert ENGLISH.interval(999.5, 1001.0, "currency") == f"1,000 to 1,001{HARD}EUR"
    assert FRENCH.interval(3.016, 16.729, "points") == f"de 3,0 à 16,7{HARD}points"
    assert ENGLISH.interval(None, 1.0, "points") == "\u2013"


@settings(max_examples=50)
@given(st.floats(min_value=-1e9, max_value=1e9), st.sampled_from(["points", "currency", "minutes"]))
def test_languages_differ_in_their_marks_alone(value: float, unit: str) -> None:
    plain = FRENCH.plain(value, unit).replace(",", ".").replace(THIN, "")
    assert plain == ENGLISH.plain(value, unit).replace(",", "")
