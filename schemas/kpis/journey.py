"""KPIs of experience along the journey, from surveys: catalogue entries only.

The experience index, moments of truth, comments, the wish to buy again.
"""

from schemas.kpis.experience import ANSWER, GUIDES, OWNER
from schemas.kpis.kpi import Estimator, Kpi

_CHOICE = ("survey_answer.choice", "survey_response.responded_at", "survey_question.metric")


def _cxi(part: str, name_en: str, name_fr: str) -> Kpi:
    """Net of one of the three questions of the customer experience index."""
    return Kpi(
        code=f"cxi_{part}",
        name_en=f"Customer experience index, {name_en}",
        name_fr=f"Indice d'expérience client, {name_fr}",
        family="experience",
        department=OWNER,
        unit="points",
        direction="higher_is_better",
        formula="100 * (answers in the two best points - answers in the three worst of 7, or the "
        f"two worst of 5) / answers to the questions of metric cxi_{part}; no other scales",
        inputs=ANSWER,
        metrics=(f"cxi_{part}",),
        fact="answer",
        measure=f"cxi_{part}",
        estimator="net",
        method_version=1,
        source=f"{GUIDES}; interval: adjusted Wald after Bonett & Price (2012)",
        bounds=(-100.0, 100.0),
    )


def _moment(
    kind: str, choice: str, names: tuple[str, str], *, measure: str, estimator: Estimator
) -> Kpi:
    """Share of one choice among the answers on moments of truth."""
    return Kpi(
        code=f"moment_of_truth_{kind}",
        name_en=f"Moments of truth, {names[0]}",
        name_fr=f"Moments de vérité, {names[1]}",
        family="experience",
        department=OWNER,
        unit="percent",
        direction="lower_is_better" if kind == "below" else "higher_is_better",
        formula=f"100 * answers of choice `{choice}` / answers of choice `below`, `as`, `above` or "
        "`fan` to the questions of metric moment_of_truth; other choices are excluded",
        inputs=_CHOICE,
        metrics=("moment_of_truth",),
        fact="answer",
        measure=measure,
        estimator=estimator,
        method_version=1,
        source=f"{GUIDES}; interval: Wilson (1927)",
        bounds=(0.0, 100.0),
    )


KPIS: tuple[Kpi, ...] = (
    Kpi(
        code="cxi",
        name_en="Customer experience index",
        name_fr="Indice d'expérience client",
        family="experience",
        department=OWNER,
        unit="points",
        direction="higher_is_better",
        formula="mean of `cxi_effectiveness`, `cxi_ease` and `cxi_emotion`, the nets of three "
        "questions; none where one has no answers. Numerator and denominator are the sum of the "
        "nets (as shares) and their number; n is the answers to the question least answered",
        inputs=ANSWER,
        metrics=("cxi_effectiveness", "cxi_ease", "cxi_emotion"),
        fact="answer",
        measure="cxi",
        estimator="mean_of_nets",
        method_version=1,
        source=f"{GUIDES}; interval: mean of the standard errors of the adjusted Wald intervals, "
        "which no correlation of the three answers can exceed",
        bounds=(-100.0, 100.0),
    ),
    _cxi("effectiveness", "effectiveness", "efficacité"),
    _cxi("ease", "ease", "facilité"),
    _cxi("emotion", "emotion", "émotion"),
    _moment("below", "below", ("below expectations", "moins bien que prévu"),
            measure="moment_of_truth_ends", estimator="lower_share"),
    _moment("as_expected", "as", ("as expected", "comme prévu"),
            measure="moment_of_truth_middle", estimator="lower_share"),
    _moment("above", "above", ("above expectations", "mieux que prévu"),
            measure="moment_of_truth_middle", estimator="share"),
    _moment("fan", "fan", ("fans", "fans"),
            measure="moment_of_truth_ends", estimator="share"),
    Kpi(
        code="net_sentiment",
        name_en="Net sentiment of comments",
        name_fr="Sentiment net des commentaires",
        family="experience",
        department=OWNER,
        unit="points",
        direction="higher_is_better",
        formula="100 * (comments classified positive - negative) / classified comments: answers of "
        "choice `positive`, `neutral` or `negative` to the questions of metric sentiment; other "
        "choices are excluded",
        inputs=_CHOICE,
        metrics=("sentiment",),
        fact="answer",
        measure="sentiment",
        estimator="net",
        method_version=1,
        source=f"{GUIDES}; interval: adjusted Wald after Bonett & Price (2012)",
        bounds=(-100.0, 100.0),
    ),
    Kpi(
        code="sentiment_coverage",
        name_en="Comments with a sentiment",
        name_fr="Commentaires dont le sentiment est classé",
        family="experience",
        department=OWNER,
        unit="percent",
        direction="higher_is_better",
        formula="100 * classified comments / comments: answers to the questions of metric "
        "sentiment with one of its choices, over answers to those of metric comment, in surveys "
        "that have sentiments in the month",
        inputs=_CHOICE,
        metrics=("comment", "sentiment"),
        fact="answer",
        measure="sentiment_coverage",
        estimator="share",
        method_version=1,
        source=f"{GUIDES}; interval: Wilson (1927)",
        bounds=(0.0, 100.0),
        is_weighable=False,
    ),
    Kpi(
        code="repurchase_intent",
        name_en="Repurchase intent, top box",
        name_fr="Intention de rachat, part de la meilleure réponse",
        family="experience",
        department=OWNER,
        unit="percent",
        direction="higher_is_better",
        formula="100 * answers of the best score / answers to the questions of metric "
        "repurchase_intent, on scales of 2 to 11 points",
        inputs=ANSWER,
        metrics=("repurchase_intent",),
        fact="answer",
        measure="repurchase_intent",
        estimator="share",
        method_version=1,
        source=f"{GUIDES}; interval: Wilson (1927)",
        bounds=(0.0, 100.0),
    ),
)  # fmt: skip
