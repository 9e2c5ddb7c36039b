"""A message for Slack keeps to Slack's documented form and limits, whatever the alert says."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.alerts import Alert, FailedStep
from pipelines.alerts_slack import escaped, slack_message

ANY_TEXT = st.text(st.sampled_from("ab &<>*_~`'\"\\|@#!:\n\U0001f600é"), max_size=40)


def _alert(**changes: Any) -> Alert:
    told: dict[str, Any] = {
        "event": "failure",
        "company": "Tiny Company",
        "job": "daily",
        "run_id": "0123456789ab",
        "first": "2025-01-30",
        "last": "2025-01-30",
        "steps": (FailedStep("raw__orders", ("raw/orders",), "a < b & <!channel>"),),
        "checks": (),
        "is_retried": False,
        "link": "https://dagster.example/runs/r1",
    }
    return Alert(**(told | changes))


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _problems(message: dict[str, Any]) -> list[str]:
    """What Slack would refuse a message for, by its documentation of webhooks and blocks."""
    blocks = message["blocks"]
    found = [] if 1 <= len(blocks) <= 50 else [f"{len(blocks)} blocks"]
    texts = []
    for block in blocks:
        kind = block["type"]
        elements = block["elements"] if kind == "context" else [block["text"]]
        if not 1 <= len(elements) <= 10:
            found.append(f"{len(elements)} elements")
        texts += [element["text"] for element in elements]
        found += [problem for element in elements for problem in _element_problems(kind, element)]
    if sum(map(_length, texts)) > 13_000:
        found.append("too long as a whole")
    markup = (*texts[:-1], message["text"])  # the last holds the link
    return found + [
        f"bare markup in {text!r}"
        for text in markup
        if re.search(r"[<>]|&(?!(?:amp|lt|gt);)", text)
    ]


def _element_problems(kind: str, element: dict[str, Any]) -> list[str]:
    text, is_header = element["text"], kind == "header"
    found = []
    if not 1 <= _length(text) <= (150 if is_header else 3000):
        found.append(f"{kind} of {_length(text)} characters")
    if element["type"] != ("plain_text" if is_header else "mrkdwn"):
        found.append(f"{element['type']} in {kind}")
    if set(element) != {"type", "text", "emoji" if is_header else "verbatim"}:
        found.append(f"keys {sorted(element)}")
    if kind == "section" and text.count("`") not in {0, 6}:
        found.append("a fence that is left open")
    return found


def test_a_message_names_asset_date_reason_and_link() -> None:
    message = slack_message(_alert())
    assert message == {
        "text": "Tiny Company: daily 2025-01-30 failed\n"
        "raw/orders: a &lt; b &amp; &lt;!channel&gt;\n"
        "https://dagster.example/runs/r1",
        "blocks": [
            {
                "type": "header",
                "text": {
                    "type": "plain_text",
                    "text": "Tiny Company: daily 2025-01-30 failed",
                    "emoji": False,
                },
            },
            {
                "type": "section",
                "text": {
                    "type": "mrkdwn",
                    "text": "*raw/orders*\n```a &lt; b &amp; &lt;!channel&gt;```",
                    "verbatim": True,
                },
            },
            {
                "type": "context",
                "elements": [
                    {
                        "type": "mrkdwn",
                        "text": "<https://dagster.example/runs/r1|run 01234567 in Dagster>",
                        "verbatim": True,
                    }
                ],
            },
        ],
    }
    assert _problems(message) == []


@pytest.mark.parametrize("count", [0, 1, 7, 60, 400])
@pytest.mark.parametrize("sign", ["a", "<", "&", "`", "\U0001f600", "\n"])
def test_many_and_long_reasons_stay_within_the_limits(count: int, sign: str) -> None:
    assets = tuple(f"kpi/{'x' * 60}_{n}" for n in range(40))
    steps = tuple(FailedStep(f"step_{n}", assets, sign * 1002) for n in range(count))
    checks = tuple(f"core/{'y' * 60}: check_{n}" for n in range(count))
    message = slack_message(_alert(company=sign * 200, steps=steps, checks=checks))
    assert _problems(message) == []
    sections = [one["text"]["text"] for one in message["blocks"] if one["type"] == "section"]
    told = sum(text.startswith(("*kpi/", "*checks")) for text in sections)
    others = re.search(r"and (\d+) more: see the run", sections[-1]) if sections else None
    assert told + int(others[1] if others else 0) == count + bool(count)
    assert told >= min(count, 2)


@settings(max_examples=60, deadline=None)
@given(ANY_TEXT, st.lists(ANY_TEXT, max_size=3), st.lists(ANY_TEXT, max_size=3))
def test_no_text_breaks_the_form(company: str, reasons: list[str], checks: list[str]) -> None:
    steps = tuple(FailedStep("step", (), reason) for reason in reasons)
    message = slack_message(_alert(company=company, steps=steps, checks=tuple(checks)))
    assert _problems(message) == []


@settings(max_examples=60, deadline=None)
@given(ANY_TEXT, st.integers(10, 60))
def test_a_text_is_whole_or_cut_between_characters(text: str, limit: int) -> None:
    told = escaped(text, limit=limit)
    assert _length(told) <= limit
    plain = told.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert plain == text or (plain.endswith(" …") and text.startswith(plain[:-2]))


def test_an_address_cannot_leave_the_link() -> None:
    message = slack_message(_alert(link="https://d.example/?a=1&b=2|x><!channel>/runs/r"))
    [element] = message["blocks"][-1]["elements"]
    assert element["text"] == (
        "<https://d.example/?a=1&amp;b=2%7Cx%3E%3C!channel%3E/runs/r|run 01234567 in Dagster>"
    )
    without = slack_message(_alert(link=None, is_retried=True))
    [element] = without["blocks"][-1]["elements"]
    assert element["text"] == "it is tried once more by itself; run 0123456789ab"
