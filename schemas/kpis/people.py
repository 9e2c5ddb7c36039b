"""KPIs of people, from ERP and surveys of employees: catalogue entries only."""

from schemas.kpis.experience import ANSWER
from schemas.kpis.kpi import Kpi

_GUIDES = "Practitioner guides to CX measurement"
_HEADCOUNT = (
    "Average headcount is the days that employees were employed in the period / its days so far; "
    "first and last day of employment count, and one that the source no longer has was employed "
    "until the day before it was missed. Segments are the employee's as last known; n is the "
    "employees of the period, and fewer than 5 are never published"
)
_GRAINS = (
    "month", "quarter", "year", "fiscal_month", "fiscal_quarter", "fiscal_year", "rolling_12m",
)  # fmt: skip
"""Of shorter ones the figures would be of single persons' comings and goings."""

LEAST_N = 5
"""Employees of a segment below which its figures would speak of persons."""

KPIS: tuple[Kpi, ...] = (
    Kpi(
        code="employee_turnover",
        name_en="Employee turnover",
        name_fr="Taux de rotation du personnel",
        family="people",
        department="Human resources",
        unit="percent",
        direction="lower_is_better",
        formula="100 * employees whose last day is in the period / average headcount, over the "
        f"period and not by the year. {_HEADCOUNT}. Those who left before they began are excluded",
        inputs=("erp_employee.employee_id", "erp_employee.hired_on", "erp_employee.left_on"),
        mapped=("erp_employee.left_on",),
        fact="population",
        measure="employee_turnover",
        estimator="rate",
        method_version=1,
        source=f"{_GUIDES}; interval: exact Poisson (Garwood 1936)",
        additive=False,
        grains=_GRAINS,
        bounds=(0.0, None),
        min_n=LEAST_N,
    ),
    Kpi(
        code="training_cost_per_employee",
        name_en="Training cost per employee",
        name_fr="Coût de formation par employé",
        family="people",
        department="Human resources",
        unit="currency",
        direction="higher_is_better",
        formula="cost of the training sessions held in the period, at the rate of their day / "
        f"average headcount; no interval, for all sessions are counted. {_HEADCOUNT}. Sessions "
        "without cost or rate are excluded, those of no known employee are in the unknown segment; "
        "no value for a period without a session",
        inputs=(
            "erp_employee.employee_id", "erp_employee.hired_on", "erp_training.held_on",
            "erp_training.cost",
        ),
        fact="population",
        measure="training_cost",
        estimator="quotient",
        method_version=1,
        source=_GUIDES,
        additive=False,
        grains=_GRAINS,
        min_n=LEAST_N,
    ),
    Kpi(
        code="employee_engagement",
        name_en="Employee engagement, mean of 0-100",
        name_fr="Engagement des collaborateurs, moyenne sur 100",
        family="people",
        department="Human resources",
        unit="score",
        direction="higher_is_better",
        formula="mean of 100 * (score - least) / (greatest - least) of the questions of metric "
        "engagement in surveys whose audience is employees",
        inputs=(*ANSWER, "survey.audience"),
        metrics=("engagement",),
        fact="answer",
        measure="engagement",
        estimator="mean",
        method_version=1,
        source=f"{_GUIDES}; interval: Student's t",
        bounds=(0.0, 100.0),
        min_n=LEAST_N,
    ),
)  # fmt: skip
