"""Which lengths of period a company publishes: the `kpis.periods` part of barometer.yaml.

Where fiscal periods begin and end is `company.fiscal`; what a grain is, `assets.transforms.grains`.
"""

from typing import Final, Literal

from pydantic import Field, field_validator

from schemas.config.base import Model

CalendarGrain = Literal["day", "week", "month", "quarter", "year"]
FiscalGrain = Literal["fiscal_month", "fiscal_quarter", "fiscal_year"]
RollingGrain = Literal["rolling_28d", "rolling_12m"]

CALENDAR_GRAINS: Final[tuple[CalendarGrain, ...]] = ("day", "week", "month", "quarter", "year")
FISCAL_GRAINS: Final[tuple[FiscalGrain, ...]] = ("fiscal_month", "fiscal_quarter", "fiscal_year")
ROLLING_GRAINS: Final[tuple[RollingGrain, ...]] = ("rolling_28d", "rolling_12m")
ALL_GRAINS: Final[tuple[str, ...]] = (*CALENDAR_GRAINS, *FISCAL_GRAINS, *ROLLING_GRAINS)

_TOTAL: Final = "total"


class PeriodConfig(Model):
    """Lengths of period that KPIs are published for."""

    calendar: tuple[CalendarGrain, ...] = Field(
        default=CALENDAR_GRAINS, min_length=1, description="Periods of the calendar."
    )
    fiscal: tuple[FiscalGrain, ...] = Field(
        default=FISCAL_GRAINS,
        description="Fiscal periods, where `company.fiscal` cuts other ones than the calendar.",
    )
    rolling: tuple[RollingGrain, ...] = Field(
        default=ROLLING_GRAINS,
        description="Windows: 28 days that end on each day, 12 months that end with each month.",
    )
    rolling_28d_sets: tuple[str, ...] = Field(
        default=(_TOTAL,),
        description="Segment sets that 28-day windows are published for, a window a day each.",
    )

    @field_validator("calendar", "fiscal", "rolling", "rolling_28d_sets")
    @classmethod
    def _each_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(names)) != len(names):
            msg = f"each is named once; found {', '.join(names)}"
            raise ValueError(msg)
        return names

    def sets_of(self, grain: str) -> frozenset[str] | None:
        """Segment sets that a grain is published for; None for all."""
        return frozenset(self.rolling_28d_sets) if grain == "rolling_28d" else None
