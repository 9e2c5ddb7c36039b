"""What a company decides about contracts: the `kpis.contracts` part of barometer.yaml."""

from pydantic import Field

from schemas.config.base import Model


class Contracts(Model):
    """When a contract counts as renewed, and which plan is the greater."""

    renewal_grace_days: int = Field(
        default=30,
        ge=0,
        description="Days after the planned end within which a renewal must begin; until they have "
        "passed a contract is left out of the renewal rate.",
    )
    plan_order: tuple[str, ...] = Field(
        default=(),
        description="Plans from the least to the greatest, in any case; without them only amounts "
        "tell an upsell.",
    )
