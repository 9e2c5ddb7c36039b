"""Every measure on events there is, whichever module it stands in."""

from assets.transforms.measures import Measure
from assets.transforms.measures_cost import cost_measures
from assets.transforms.measures_declared import declared_measures
from assets.transforms.measures_invitation import invitation_measures
from assets.transforms.measures_sales import sales_measures
from assets.transforms.measures_service import service_measures
from assets.transforms.measures_survey import survey_measures
from schemas.config.kpis import KpiConfig


def all_measures(config: KpiConfig) -> tuple[Measure, ...]:
    """Every measure on events there is; those of one state on several facts share its code."""
    return (
        *survey_measures(config, "none"),
        *survey_measures(config, "response"),
        *sales_measures(),
        *service_measures(config),
        *invitation_measures(),
        *cost_measures(config),
        *declared_measures(config),
    )
