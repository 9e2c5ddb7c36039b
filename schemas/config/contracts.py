"""What a company decides about contracts, and from when it knows those that ended.

The parts `kpis.contracts` and `kpis.known_from` of barometer.yaml.
"""

import datetime as dt

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


class KnownFrom(Model):
    """First days from which extracts hold what ended, too: all that was in force the day before.

    Where the first extract of a table has only what was in force that day, nobody is seen to leave
    before it, and every figure of who stayed would be 100 %. KPIs that need to know who was there
    leave out the periods that start before the day; without one, the extracts are taken to hold
    everything that ever was.
    """

    crm_contract: dt.date | None = Field(
        default=None,
        description="Of contracts: revenue retention, upsell, renewals and, on churn basis "
        "`contracts`, the customers that are counted.",
    )
    erp_employee: dt.date | None = Field(
        default=None, description="Of employees: turnover, and the cost of training per employee."
    )
