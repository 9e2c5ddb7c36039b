"""From how many observations on a value is published: the `kpis.min_n` part of barometer.yaml.

How values that rest on fewer are withheld is `assets.transforms.suppression`' work.
"""

from typing import Annotated, Any

from pydantic import Field, model_validator

from schemas.config.base import Model

Count = Annotated[int, Field(ge=1, le=1000)]


class LeastN(Model):
    """Least numbers of answers, customers or orders; a bare number is the default of all KPIs."""

    default: Count = Field(default=1, description="Of every KPI; 1 withholds nothing.")
    kpis: dict[str, Count] = Field(default_factory=dict, description="KPI code → least number.")
    segment_sets: dict[str, Count] = Field(
        default_factory=dict,
        description="Segment set → least number there, where it is greater than the KPI's; of KPIs "
        "that have one above 1.",
    )

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, given: Any) -> Any:
        return {"default": given} if isinstance(given, int) else given

    def of(self, code: str) -> int:
        """Least number of a KPI, in sets that ask for no greater one."""
        return self.kpis.get(code, self.default)
