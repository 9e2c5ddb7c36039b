"""What a company decides about its report: the `report:` part of barometer.yaml.

What the report says in which words is `assets.report`' work.
"""

from typing import Literal

from pydantic import Field

from schemas.config.base import Model

Language = Literal["en", "fr"]
ReportGrain = Literal["week", "month", "quarter", "year"]

MAX_HEADLINES = 12


class ReportConfig(Model):
    """The report that every run makes of what it published."""

    language: Language = Field(default="en", description="Language that it speaks.")
    title: str | None = Field(
        default=None, description="Title; the company's name and the product's by default."
    )
    period: ReportGrain = Field(
        default="month", description="Periods that it tells; the latest that is complete leads."
    )
    periods: int = Field(default=13, ge=2, le=60, description="Periods that trends show.")
    headline: tuple[str, ...] = Field(
        default=(),
        max_length=MAX_HEADLINES,
        description="KPI codes of the first screen, in order; those with a target and the best "
        "known of each family by default.",
    )
    segment_sets: tuple[str, ...] = Field(
        default=(), description="Segment sets that are ranked, in order; all by default."
    )
    segments_per_table: int = Field(
        default=12, ge=2, le=100, description="Most segments that a ranking shows."
    )
    url: str | None = Field(
        default=None,
        pattern=r"^https?://\S+$",
        description="Where people open the report, if something serves it; Dagster links there. "
        "By default Dagster links to the file, which browsers open only by hand.",
    )
