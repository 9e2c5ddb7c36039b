"""What a company decides about customer lifetime value: `kpis.lifetime` of barometer.yaml."""

from typing import Literal

from pydantic import Field

from schemas.config.base import Model


class Lifetime(Model):
    """How long a customer's life is, how far ahead one looks, and what later money is worth."""

    lifespan: Literal["observed", "churn"] = Field(
        default="observed",
        description="Customer-years over customers lost, to date; or 1 / churn of the last year.",
    )
    horizon_months: int = Field(
        default=36, ge=1, le=600, description="Months ahead that the predicted value reaches."
    )
    annual_discount_rate: float = Field(
        default=0.1, ge=0, le=10, description="Discount rate a year of the predicted value."
    )
    renewal_months: int = Field(
        default=12,
        ge=1,
        le=120,
        description="Months between the renewals of a contract, on churn basis `contracts`.",
    )
