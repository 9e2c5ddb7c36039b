"""How figures are written: by language, with their unit, a true minus, no false precision."""

import datetime as dt
import math
from dataclasses import dataclass

from assets.report.texts import NONE, Words

_THIN = "\N{NARROW NO-BREAK SPACE}"
_SPACE = "\N{NO-BREAK SPACE}"
_MINUS = "\N{MINUS SIGN}"
_WHOLE_FROM = {"currency": 1000.0, "minutes": 100.0}
"""Unit → from which amount on decimals tell nothing."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Figures in one language.

    Attributes:
        words: Texts of the language.
        currency: ISO code of amounts.
    """

    words: Words
    currency: str

    def count(self, number: int) -> str:
        """A whole number with its thousands apart."""
        return self._localised(f"{number:,}")

    def plain(self, value: float, unit: str) -> str:
        """A figure without its unit, as precise as its unit asks for."""
        return self._plain(value, _decimals(value, unit))

    def value(self, value: float | None, unit: str) -> str:
        """A figure with its unit; a dash where there is none."""
        if value is None or not math.isfinite(value):
            return NONE
        return self.plain(value, unit) + self._suffix(unit)

    def signed(self, value: float | None, unit: str) -> str:
        """A change with its sign; a change of percentages is one of points."""
        if value is None or not math.isfinite(value):
            return NONE
        text = self.plain(value, unit)
        sign = "" if text.startswith(_MINUS) or not _has_digits(text) else "+"
        return sign + text + self._suffix("points" if unit == "percent" else unit)

    def is_told(self, value: float, unit: str) -> bool:
        """Whether a figure is anything but zero as it is written."""
        return _has_digits(self.plain(value, unit))

    def gap(self, value: float, unit: str) -> str:
        """A distance, without sign."""
        return self.signed(abs(value), unit).removeprefix("+")

    def interval(self, low: float | None, high: float | None, unit: str) -> str:
        """Both ends of an interval; a dash where there is none."""
        if low is None or high is None:
            return NONE
        decimals = _decimals(max(abs(low), abs(high)), unit)
        ends = {"low": self._plain(low, decimals), "high": self._plain(high, decimals)}
        return self.words("interval_to", **ends) + self._suffix(unit)

    def level(self, confidence: float) -> str:
        """A confidence level as a percentage."""
        text = self._localised(f"{confidence * 100:g}")
        return text + (f"{_SPACE}%" if self.words.language == "fr" else "%")

    def date(self, date: dt.date | None) -> str:
        """A date as ISO 8601 has it, which both languages read."""
        return date.isoformat() if date else NONE

    def unit(self, unit: str) -> str:
        """Name of a unit."""
        return self.currency if unit == "currency" else self.words(f"unit_{unit}")

    def _plain(self, value: float, decimals: int) -> str:
        text = f"{value:,.{decimals}f}"
        if not _has_digits(text):
            text = text.removeprefix("-")  # a rounded nothing has no sign
        return self._localised(text)

    def _localised(self, text: str) -> str:
        text = text.replace("-", _MINUS)
        if self.words.language == "fr":
            text = text.replace(",", _THIN).replace(".", ",")
        return text

    def _suffix(self, unit: str) -> str:
        if unit == "score":
            return ""
        if unit == "percent":
            return f"{_SPACE}%" if self.words.language == "fr" else "%"
        return _SPACE + self.unit(unit)


def _decimals(value: float, unit: str) -> int:
    if abs(value) >= _WHOLE_FROM.get(unit, math.inf):
        return 0
    return 2 if unit == "currency" else 1


def _has_digits(text: str) -> bool:
    """Whether a figure is anything but zero as written."""
    return any(digit in text for digit in "123456789")
