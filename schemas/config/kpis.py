"""What a company decides about its KPIs: the `kpis:` part of barometer.yaml."""

from typing import Literal

from pydantic import Field

from schemas.config.base import Model
from schemas.config.calendar import BusinessTime
from schemas.config.contracts import Contracts, KnownFrom
from schemas.config.declared import DeclaredKpi, KpiNames
from schemas.config.exchange import Exchange
from schemas.config.lifetime import Lifetime
from schemas.config.periods import PeriodConfig
from schemas.config.publication import LeastN
from schemas.config.support import SupportCost


class Churn(Model):
    """When a customer counts as lost."""

    basis: Literal["orders", "contracts"] = Field(
        default="orders", description="Inactivity in orders, or contracts that end."
    )
    inactivity_days: int = Field(
        default=180, ge=1, description="Days without an order after which a customer is lost."
    )


class CrossSell(Model):
    """Over which days customers are looked at for several product families."""

    window_days: int = Field(
        default=365, ge=1, description="Days up to the end of a period that purchases count from."
    )


class FirstContactResolution(Model):
    """What counts as resolved at first contact."""

    variant: Literal["flag", "contact_count", "window"] = Field(
        default="contact_count",
        description="Source's own flag, one contact and no reopening, or no further contact of "
        "the same account and category after the resolution.",
    )
    window_days: int = Field(
        default=7,
        ge=1,
        le=365,
        description="Days after the day of resolution without a further contact; variant `window`.",
    )


SurveyKind = Literal["relational", "transactional", "in_the_moment"]


class SurveyOptions(Model):
    """How the answers of one survey KPI count."""

    survey_kinds: tuple[SurveyKind, ...] | None = Field(
        default=None, description="As `kpis.survey_kinds`, for this KPI; `[]` for all."
    )
    dedupe_days: int | None = Field(
        default=None,
        ge=0,
        le=3660,
        description="As `kpis.dedupe_days`, for this KPI; 0 for all answers.",
    )
    weights: Literal["none", "response"] | None = Field(
        default=None, description="As `kpis.weights`, for this KPI."
    )


class Variant(Model):
    """A KPI published under a second code with other options."""

    of: str = Field(description="Code of the catalogue.")
    weights: Literal["none", "response"] = Field(
        default="none", description="Weigh answers by the response's weight."
    )
    dedupe_days: int = Field(
        default=0,
        ge=0,
        le=3660,
        description="Days in which a person's next answer takes the place of an answer; 0 for all "
        "answers.",
    )
    survey_kinds: tuple[SurveyKind, ...] = Field(
        default=(), description="Kinds of survey whose answers count; all by default."
    )
    name: str | None = Field(default=None, description="Name shown to readers.")


class KpiConfig(Model):
    """Parameters, variants and targets."""

    codes: tuple[str, ...] | None = Field(
        default=None, description="Codes to compute; all that have their inputs by default."
    )
    periods: PeriodConfig = Field(
        default_factory=PeriodConfig, description="Lengths of period that are published."
    )
    csat_top_boxes: dict[int, int] = Field(
        default_factory=lambda: {3: 1, 4: 2, 5: 2, 6: 2, 7: 2, 10: 3, 11: 3},
        description="Points on the scale → boxes from the top that count as satisfied.",
    )
    weights: Literal["none", "response"] = Field(
        default="none", description="Whether survey KPIs weigh answers by the response's weight."
    )
    dedupe_days: int = Field(
        default=0,
        ge=0,
        le=3660,
        description="Days in which a person's next answer to the same survey KPI takes the place "
        "of an answer, in the periods that have both; 0 for all answers.",
    )
    survey_kinds: tuple[SurveyKind, ...] = Field(
        default=(),
        description="Kinds of survey whose answers count for survey KPIs; by default all are "
        "pooled, and `survey_kind` as a dimension keeps them apart.",
    )
    survey_options: dict[str, SurveyOptions] = Field(
        default_factory=dict, description="Survey KPI → how its answers count, if otherwise."
    )
    response_window_days: int = Field(
        default=30,
        ge=1,
        le=365,
        description="Days after the delivery of an invitation in which a response counts.",
    )
    lifetime: Lifetime = Field(
        default_factory=Lifetime, description="How customer lifetime value is computed."
    )
    churn: Churn = Field(default_factory=Churn, description="When a customer counts as lost.")
    cross_sell: CrossSell = Field(
        default_factory=CrossSell, description="Purchases from several product families."
    )
    contracts: Contracts = Field(
        default_factory=Contracts, description="Renewals of contracts, and the order of plans."
    )
    known_from: KnownFrom = Field(
        default_factory=KnownFrom,
        description="Table → first day from which its extracts hold what ended, too; what needs to "
        "know who was there leaves out periods that start before (`look_back_incomplete`).",
    )
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
    exchange: Exchange = Field(
        default_factory=Exchange, description="How money of other currencies is converted."
    )
    support_cost: SupportCost = Field(
        default_factory=SupportCost, description="What counts as a cost of support."
    )
    confidence: float = Field(
        default=0.95, gt=0.5, lt=1, description="Confidence level of the intervals."
    )
    variants: dict[str, Variant] = Field(
        default_factory=dict, description="Further code → KPI and options it is computed with."
    )
    declared: dict[str, DeclaredKpi] = Field(
        default_factory=dict, description="KPIs of the company's own: code → ratio of two measures."
    )
    names: dict[str, KpiNames] = Field(
        default_factory=dict, description="KPI code → what the company calls it."
    )
    targets: dict[str, float] = Field(default_factory=dict, description="KPI code → target.")
    min_n: LeastN = Field(
        default_factory=LeastN, description="Least n that a value is published from."
    )
