"""Both languages have every text, and fill in the same parts."""

import string

import pytest

from assets.report.texts import Words, keys
from assets.transforms.restatements import REASONS
from schemas.config.report import ReportConfig
from schemas.quality import TABLES


def _parts(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", keys())
def test_both_languages_tell_the_same_parts(key: str) -> None:
    from assets.report import texts

    english, french = texts._TEXTS[key]  # noqa: SLF001  the catalogue itself
    assert english
    assert french
    assert _parts(english) == _parts(french)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_word_of_the_tables_has_its_text(language: str) -> None:
    words = Words(ReportConfig.model_validate({"language": language}).language)
    statuses = next(c for c in TABLES[0].columns if c.name == "status").allowed
    for status in statuses:
        assert words.or_as_is(status, "") != ""
    for reason in REASONS:
        assert words.or_as_is(f"reason_{reason}", "") != ""


def test_a_word_that_is_not_known_stays_as_it_is() -> None:
    assert Words("fr").or_as_is("reason_unheard_of", "unheard_of") == "unheard_of"
