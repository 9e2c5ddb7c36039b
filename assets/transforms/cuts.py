"""Which dimensions a KPI can be cut by, whatever a company configures."""

from assets.transforms.facts import FACTS, FactSource
from assets.transforms.populations.registry import POPULATIONS
from schemas.dimensions import DIMENSIONS
from schemas.kpis.kpi import Kpi

CUSTOM = "custom.*"
"""Stands for every attribute that a company declares of its accounts."""

_CUSTOM_EXAMPLE = "custom.any"


def carried(kpi: Kpi) -> tuple[str, ...]:
    """Dimensions that all facts, or the population, of a KPI carry, in catalogue order."""
    if kpi.is_total_only:
        return ()
    sources = _sources(kpi)
    named = {**dict.fromkeys(DIMENSIONS), _CUSTOM_EXAMPLE: None}
    found = [name for name in named if all(one.carries(name) is not None for one in sources)]
    return tuple(CUSTOM if name == _CUSTOM_EXAMPLE else name for name in found)


def _sources(kpi: Kpi) -> list[FactSource]:
    if kpi.fact in FACTS:
        return [FACTS[fact] for fact in kpi.facts]
    return [
        one.source
        for one in POPULATIONS.values()
        if any(measure.code == kpi.measure for measure in one.measures)
    ]
