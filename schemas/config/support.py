"""What support costs are made of: `kpis.support_cost`. The arithmetic is in the KPI layer."""

from pydantic import Field

from schemas.config.base import Model


class SupportCost(Model):
    """What counts as a cost of support."""

    kinds: tuple[str, ...] = Field(
        default=("support",),
        min_length=1,
        description="Kinds of the cost ledger that are support, in any case of letters.",
    )
    include_interaction_cost: bool = Field(
        default=True,
        description="Add the interactions' own cost; false where the ledger holds it already.",
    )
