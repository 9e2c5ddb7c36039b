"""What the surveys of the KPI benchmark ask."""

SURVEYS = ("REL", "DEL", "SUP", "EMP")
CHOICES = {
    "moment": ("below", "as", "above", "fan"),
    "tone": ("positive", "neutral", "negative"),
}
TOLD_SHARE = 0.6
"""Comments whose sentiment is classified."""

Question = tuple[str, str, int | None, int | None, bool]
"""Identifier, metric, least and greatest score, whether more is better."""

QUESTIONS: dict[str, tuple[Question, ...]] = {
    "REL": (
        ("nps", "nps", 0, 10, True),
        ("csat", "csat", 0, 10, True),
        ("again", "repurchase_intent", 1, 5, True),
        ("comment", "comment", None, None, True),
        ("tone", "sentiment", None, None, True),
    ),
    "DEL": (
        ("csat", "csat", 1, 5, True),
        ("ces", "ces", 1, 7, True),
        ("moment", "moment_of_truth", None, None, True),
        ("comment", "comment", None, None, True),
    ),
    "SUP": (
        ("csat", "csat", 1, 5, True),
        ("ces", "ces", 1, 5, False),
        ("works", "cxi_effectiveness", 1, 5, True),
        ("ease", "cxi_ease", 1, 7, True),
        ("mood", "cxi_emotion", 1, 5, True),
    ),
    "EMP": (
        ("nps", "nps", 0, 10, True),
        ("proud", "engagement", 1, 5, True),
        ("heard", "engagement", 1, 7, True),
    ),
}
