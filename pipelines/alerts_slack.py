"""An alert as a message of Slack's: what its incoming webhooks take, within their limits.

How it is sent is in `pipelines.alerts_delivery`. A message that breaks a limit is refused as a
whole, so long texts are cut, and what does not fit is counted.
"""

from typing import Any

from pipelines.alerts import Alert

MAX_HEADER = 150
"""Characters of a header."""

MAX_SECTION = 3000
"""Characters of a section's text."""

MAX_NAME = 500
"""Characters of what failed."""

MAX_BLOCKS = 50
MAX_TEXTS = 8000
"""Characters of all sections: Slack documents no such limit and refuses from some 13 000 on."""

_CUT = " …"
_FENCE = "```"
_MARKUP = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
"""How Slack's markup is written as text: `<!channel>` would call everybody."""


def slack_message(alert: Alert) -> dict[str, Any]:
    """The alert as the JSON document that Slack's incoming webhooks take.

    Args:
        alert: What is told.

    Returns:
        Blocks, and the same as one text: notifications show it, and receivers that take Slack's
        messages but know no blocks.
    """
    blocks = [
        {
            "type": "header",
            "text": {
                "type": "plain_text",
                "text": escaped(alert.title, limit=MAX_HEADER),
                "emoji": False,
            },
        },
        *(_section(text) for text in _texts(alert)),
        {"type": "context", "elements": [_markup(_end(alert))]},
    ]
    return {"text": escaped(alert.text(), limit=MAX_SECTION), "blocks": blocks}


def escaped(text: str, *, limit: int) -> str:
    """A text without Slack's markup, cut where it would get longer than that.

    Characters are counted as JavaScript does, which is never fewer.
    """
    pieces, length = [], 0
    for char in text:
        piece = _MARKUP.get(char, char)
        length += _length(piece)
        pieces.append(piece)
        if length > limit:
            break
    else:
        return "".join(pieces)
    while length > limit - len(_CUT):
        length -= _length(pieces.pop())
    return "".join(pieces) + _CUT


def _texts(alert: Alert) -> list[str]:
    """What failed, one text a step, as many as go into a message; then the checks."""
    texts = [
        f"*{escaped(step.what, limit=MAX_NAME)}*\n{_as_written(step.reason)}"
        for step in alert.steps
    ]
    if alert.checks:
        listed = "\n".join(alert.checks)
        texts.append(f"*checks with errors*\n{_as_written(listed)}")
    kept: list[str] = []
    length = 0
    for text in texts:
        length += _length(text)
        if length > MAX_TEXTS or len(kept) == MAX_BLOCKS - 3:
            kept.append(f"and {len(texts) - len(kept)} more: see the run")
            break
        kept.append(text)
    return kept


def _as_written(text: str) -> str:
    """A text in which Slack shows every sign as it is."""
    inner = escaped(text.replace("`", "'"), limit=MAX_SECTION - MAX_NAME - 20)
    return f"{_FENCE}{inner}{_FENCE}"


def _end(alert: Alert) -> str:
    tried = "it is tried once more by itself; " if alert.is_retried else ""
    if not alert.link:
        return f"{tried}run {escaped(alert.run_id, limit=MAX_HEADER)}"
    address = alert.link.replace("|", "%7C").replace(">", "%3E").replace("<", "%3C")
    return f"{tried}<{address.replace('&', '&amp;')}|run {alert.run_id[:8]} in Dagster>"


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _markup(text)}


def _markup(text: str) -> dict[str, Any]:
    # verbatim: names and addresses within the text become no links
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
