"""Entries of the catalogue for the KPIs that a company declares in barometer.yaml."""

import hashlib
from collections.abc import Mapping
from typing import Final

from schemas.config.declared import Bounds, DeclaredKpi, DeclaredMeasure, DeclaredTable
from schemas.kpis.kpi import Estimator, FactName, Kpi

FACT_OF: Final[Mapping[DeclaredTable, FactName]] = {
    "erp_order": "order",
    "crm_lead": "lead",
    "crm_interaction": "interaction",
    "survey_answer": "answer",
}
"""Fact that holds the rows of a table."""

_DAYS: Final[Mapping[DeclaredTable, str]] = {
    "erp_order": "ordered_at",
    "crm_lead": "created_at",
    "crm_interaction": "opened_at",
    "survey_answer": "responded_at",
}
_HOME: Final = {
    "metric": "survey_question",
    "question_id": "survey_question",
    "survey_id": "survey_response",
}
"""Columns of an answer that stand in another table than it."""

SOURCE: Final = "barometer.yaml"


def declared_state(code: str, declared: DeclaredKpi) -> str:
    """Code of the state of a declared KPI; another definition has another one."""
    parts = (declared.numerator, declared.denominator)
    text = "/".join(part.model_dump_json() for part in parts)
    return f"declared:{code}:{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def declared_kpi(code: str, declared: DeclaredKpi) -> Kpi:
    """The entry of a declared KPI."""
    above, below = declared.numerator, declared.denominator
    also = () if above.of == below.of else (FACT_OF[above.of],)
    estimator, interval = _estimator(declared)
    scale = "100 * " if declared.unit in {"percent", "per_hundred"} else ""
    return Kpi(
        code=code,
        name_en=declared.name_en,
        name_fr=declared.name_fr or declared.name_en,
        family=declared.family,
        department=declared.department,
        unit=declared.unit,
        direction=declared.direction,
        formula=f"{scale}{_in_words(above)} / {_in_words(below)}",
        inputs=tuple(dict.fromkeys([*_inputs(below), *_inputs(above)])),
        fact=FACT_OF[below.of],
        also=also,
        measure=declared_state(code, declared),
        estimator=estimator,
        method_version=declared.version,
        source=f"{SOURCE}, kpis.declared.{code}; interval: {interval}",
        bounds=(0.0, 100.0) if declared.is_share and declared.unit == "percent" else (None, None),
        is_weighable=False,
    )


def _estimator(declared: DeclaredKpi) -> tuple[Estimator, str]:
    if declared.is_share:
        return "share", "Wilson (1927)"
    if declared.numerator.of == declared.denominator.of:
        return "ratio", "linearised ratio (Cochran 1977, ch. 6)"
    return "quotient", "none, for its two sums are of different records"


def _inputs(measure: DeclaredMeasure) -> tuple[str, ...]:
    table = measure.of
    dated = "survey_response" if table == "survey_answer" else table
    day = f"{dated}.{_DAYS[table]}"
    read = [f"{_HOME.get(name, table) if table == 'survey_answer' else table}.{name}"
            for name in measure.columns]  # fmt: skip
    return (day, *read)


def _in_words(measure: DeclaredMeasure) -> str:
    what = f"sum of {measure.sum} of {measure.of}" if measure.sum else f"rows of {measure.of}"
    filters = [f"{name} {_condition(measure, name)}" for name in sorted(measure.where)]
    return what + (f" where {' and '.join(filters)}" if filters else "")


def _condition(measure: DeclaredMeasure, name: str) -> str:
    condition = measure.where[name]
    if not isinstance(condition, Bounds):
        return f"is {' or '.join(str(value) for value in measure.values(name))}"
    bounds = [
        f"{word} {limit:g}"
        for word, limit in (("at least", condition.min), ("at most", condition.max))
        if limit is not None
    ]
    return f"is {' and '.join(bounds)}"
