"""What a KPI is: the `Kpi` entry and the vocabulary of its fields.

The entries themselves are in the modules named after the KPI families; the arithmetic is in
`assets.transforms`.
"""

from dataclasses import dataclass
from typing import Literal

Family = Literal["experience", "loyalty", "value", "service", "people"]
Unit = Literal["points", "percent", "score", "currency", "minutes"]
Direction = Literal["higher_is_better", "lower_is_better"]
FactName = Literal["answer", "order", "lead", "interaction", "customer"]
Estimator = Literal[
    "share",
    "middle_share",
    "lower_share",
    "complement_share",
    "odds",
    "net",
    "mean",
    "ratio",
    "median",
    "p90",
]


@dataclass(frozen=True, slots=True)
class Kpi:
    """One entry of the catalogue.

    Attributes:
        code: Code that readers know it by; never changes.
        name_en: English name.
        name_fr: French name.
        family: Family of the catalogue.
        department: Department that owns it.
        unit: Unit of the value.
        direction: Which way is good.
        formula: The formula in words.
        inputs: Canonical columns without which it cannot be computed, as `table.column`.
        fact: Event-grained frame that it is computed from.
        measure: State that it is read from; several KPIs may share one.
        estimator: How the value and its interval come from the state.
        method_version: Raised when the definition changes.
        source: Where the definition comes from.
        additive: Whether daily states add up to those of longer periods.
        bounds: Least and greatest possible value; intervals are clipped to them.
        is_per_stratum: Whether states of different scales must not be pooled.
        needs_business_time: Whether it is published only where `kpis.business_time` says when
            the company works.
    """

    code: str
    name_en: str
    name_fr: str
    family: Family
    department: str
    unit: Unit
    direction: Direction
    formula: str
    inputs: tuple[str, ...]
    fact: FactName
    measure: str
    estimator: Estimator
    method_version: int
    source: str
    additive: bool = True
    bounds: tuple[float | None, float | None] = (None, None)
    is_per_stratum: bool = False
    needs_business_time: bool = False

    @property
    def tables(self) -> tuple[str, ...]:
        """Canonical tables that the inputs stand in, in order of mention."""
        return tuple(dict.fromkeys(name.partition(".")[0] for name in self.inputs))
