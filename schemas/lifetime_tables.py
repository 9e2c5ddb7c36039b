"""Contract of `clv_assumption`: what has to hold for the predicted lifetime value, and whether."""

from schemas.config.periods import ALL_GRAINS
from schemas.table import Column, Table

VERDICTS = ("holds", "fails", "uncertain", "not_judged")

CLV_ASSUMPTION = Table(
    name="clv_assumption",
    domain="warehouse",
    description="One row per period and check of the predicted lifetime value.",
    key=("kpi_code", "period_grain", "period_start", "check"),
    columns=(
        Column(
            "kpi_code", "text", "KPI, see dim_kpi.", nullable=False, reference="dim_kpi.kpi_code"
        ),
        Column("period_grain", "text", "Length of the period.", nullable=False, allowed=ALL_GRAINS),
        Column("period_start", "date", "First day, in the company's time zone.", nullable=False),
        Column("check", "text", "What is checked.", nullable=False),
        Column("verdict", "text", "Whether it holds.", nullable=False, allowed=VERDICTS),
        Column(
            "observed", "number",
            "What was found: the largest slope at the maximum of a fit, expected over observed "
            "purchases or renewals, a correlation, a ratio.",
        ),
        Column("ci_low", "number", "Lower end of its confidence interval."),
        Column("ci_high", "number", "Upper end of its confidence interval."),
        Column("p_value", "number", "Two-sided p-value, of a correlation."),
        Column("lower_limit", "number", "Least that is allowed."),
        Column("upper_limit", "number", "Most that is allowed."),
        Column("n", "integer", "Customers it rests on.", nullable=False, minimum=0),
        Column("reason", "text", "Why a model has no parameters."),
        Column("r", "number", "BG/NBD: shape of the purchase rate."),
        Column(
            "alpha", "number",
            "BG/NBD: rate parameter of the purchase rate, in days. Shifted-beta-geometric: first "
            "shape of the probability to leave.",
        ),
        Column("a", "number", "BG/NBD: first shape of the probability to stop."),
        Column("b", "number", "BG/NBD: second shape of the probability to stop."),
        Column("p", "number", "Gamma-Gamma: shape of a purchase's value."),
        Column("q", "number", "Gamma-Gamma: shape of its rate among customers."),
        Column("v", "number", "Gamma-Gamma: rate of that rate, in the reporting currency."),
        Column(
            "beta", "number",
            "Shifted-beta-geometric: second shape of the probability to leave.",
        ),
    ),
)  # fmt: skip
"""Parameters stand in the row of the fit that they come from."""

TABLES: tuple[Table, ...] = (CLV_ASSUMPTION,)
