"""The checks that every run makes, and the contracts of their published results and waivers."""

from dataclasses import dataclass
from typing import Literal

from schemas.table import Column, Table


@dataclass(frozen=True, slots=True)
class Check:
    """One kind of check; its limits are a model of the same name in `schemas.config.quality`.

    Attributes:
        name: Name in Dagster, in `data_quality_result`, and of its limits in barometer.yaml.
        layer: Layer whose assets it is about.
        period: Period of one result.
        description: What is compared with what.
    """

    name: str
    layer: Literal["raw", "core", "history"]
    period: Literal["day", "month", "all"]
    description: str


CHECKS: tuple[Check, ...] = (
    Check("volume", "raw", "day", "Rows against the same weekday of past weeks."),
    Check("freshness", "raw", "all", "Days behind the latest logical date of any source."),
    Check("columns", "raw", "day", "New, lost and retyped columns against the extract before."),
    Check("conserved", "core", "all", "Rows in = accepted + quarantined + superseded."),
    Check("refused", "core", "day", "Share of rows in quarantine."),
    Check("null_rate", "core", "day", "Rise of a column's missing values."),
    Check("categories", "core", "day", "Drift of a column's values, and values never seen."),
    Check("scores", "core", "day", "Shift of a question's scores; scores off the former range."),
    Check("redelivered", "core", "day", "Share of rows that an earlier extract brought unchanged."),
    Check("contract", "history", "month", "Great Expectations' suite of the table's contract."),
    Check("references", "history", "month", "Share of references that point at nothing."),
    Check("totals", "history", "month", "Orders whose amount is not the sum of their lines."),
)

_ABOUT = (
    Column("asset", "text", "Asset that is checked: layer/table or layer/source.", nullable=False),
    Column("check_name", "text", "Check, see docs/checks.md.", nullable=False),
    Column(
        "subject", "text", "Column, question, reference or expectation; empty for the whole.",
        nullable=False,
    ),
    Column("source", "text", "Source; empty where the check is not about one.", nullable=False),
)  # fmt: skip

DATA_QUALITY_RESULT = Table(
    name="data_quality_result",
    domain="warehouse",
    description="One row per check, subject and period: what was observed against which limits.",
    key=("result_id",),
    columns=(
        Column("result_id", "text", "Short name; `barometer waive` takes it.", nullable=False),
        *_ABOUT,
        Column(
            "period_grain", "text", "Logical day of an extract, event month, or all there is.",
            nullable=False, allowed=("day", "month", "all"),
        ),
        Column("period_start", "date", "First day of the period; null for all."),
        Column(
            "status", "text",
            "error blocks publish; waived would without its waiver; skipped: too little data.",
            nullable=False, allowed=("passed", "warn", "error", "waived", "skipped"),
        ),
        Column("observed", "number", "Figure that was compared with the limits."),
        Column("lower_limit", "number", "Least figure that passes; null for none."),
        Column("upper_limit", "number", "Greatest figure that passes; null for none."),
        Column("unit", "text", "Unit of the figure and the limits.", nullable=False),
        Column("rows_checked", "integer", "Rows it rests on.", nullable=False, minimum=0),
        Column("rows_unexpected", "integer", "Rows that do not meet it, where it is about rows."),
        Column("message", "text", "What was found, against what.", nullable=False),
        Column("mend", "text", "What to do; empty where it passed.", nullable=False),
        Column("waiver_id", "text", "Waiver that lets it pass."),
    ),
)  # fmt: skip

DATA_QUALITY_WAIVER = Table(
    name="data_quality_waiver",
    domain="warehouse",
    description="One row per waiver ever given: who let which failed check pass, why, until when.",
    key=("waiver_id",),
    columns=(
        Column("waiver_id", "text", "Waiver.", nullable=False),
        *_ABOUT,
        Column("period_start", "date", "Period that it is about; null for every period."),
        Column("reason", "text", "Why it is let pass.", nullable=False),
        Column("author", "text", "Who answers for it.", nullable=False),
        Column("created_at", "instant", "When it was given.", nullable=False),
        Column("expires_on", "date", "Last day it holds, in the company's zone.", nullable=False),
        Column("revoked_at", "instant", "When it was taken back, if it was."),
        Column("revoked_by", "text", "Who took it back."),
    ),
)

TABLES: tuple[Table, ...] = (DATA_QUALITY_RESULT, DATA_QUALITY_WAIVER)
