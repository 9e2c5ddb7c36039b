"""What a company decides about its KPIs: the `kpis:` part of barometer.yaml."""

from typing import Literal

from pydantic import Field

from schemas.config.base import Model
from schemas.config.calendar import BusinessTime


class Churn(Model):
    """When a customer counts as lost."""

    basis: Literal["orders", "contracts"] = Field(
        default="orders", description="Inactivity in orders, or contracts that end."
    )
    inactivity_days: int = Field(
        default=180, ge=1, description="Days without an order after which a customer is lost."
    )


class FirstContactResolution(Model):
    """What counts as resolved at first contact."""

    variant: Literal["flag", "contact_count"] = Field(
        default="contact_count",
        description="Source's own flag, or one contact and no reopening.",
    )


class Variant(Model):
    """A KPI published under a second code with other options."""

    of: str = Field(description="Code of the catalogue.")
    weights: Literal["none", "response"] = Field(
        default="none", description="Weigh answers by the response's weight."
    )
    name: str | None = Field(default=None, description="Name shown to readers.")


class KpiConfig(Model):
    """Parameters, variants and targets."""

    codes: tuple[str, ...] | None = Field(
        default=None, description="Codes to compute; all that have their inputs by default."
    )
    csat_top_boxes: dict[int, int] = Field(
        default_factory=lambda: {3: 1, 4: 2, 5: 2, 6: 2, 7: 2, 10: 3, 11: 3},
        description="Points on the scale → boxes from the top that count as satisfied.",
    )
    weights: Literal["none", "response"] = Field(
        default="none", description="Whether survey KPIs weigh answers by the response's weight."
    )
    churn: Churn = Field(default_factory=Churn, description="When a customer counts as lost.")
    first_contact_resolution: FirstContactResolution = Field(
        default_factory=FirstContactResolution, description="What counts as first contact."
    )
    business_time: BusinessTime | None = Field(
        default=None,
        description="When the company works; KPIs in business time are published only with it.",
    )
    cancelled_statuses: tuple[str, ...] = Field(
        default=("canceled", "cancelled"), description="Order statuses that are not sales."
    )
    confidence: float = Field(
        default=0.95, gt=0.5, lt=1, description="Confidence level of the intervals."
    )
    variants: dict[str, Variant] = Field(
        default_factory=dict, description="Further code → KPI and options it is computed with."
    )
    targets: dict[str, float] = Field(default_factory=dict, description="KPI code → target.")
