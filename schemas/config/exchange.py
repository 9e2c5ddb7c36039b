"""How money of other currencies is converted: `kpis.exchange`. Rates themselves are data."""

from pydantic import Field

from schemas.config.base import Model


class Exchange(Model):
    """Rates of exchange."""

    max_age_days: int = Field(
        default=7,
        ge=0,
        description="Days that a rate serves after its own where no later one is known.",
    )
