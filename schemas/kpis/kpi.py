"""What a KPI is: the `Kpi` entry and the vocabulary of its fields.

The entries themselves are in the modules named after the KPI families; the arithmetic is in
`assets.transforms`.
"""

from dataclasses import dataclass
from typing import Literal

Family = Literal["experience", "loyalty", "value", "service", "people"]
Unit = Literal["points", "percent", "per_hundred", "score", "currency", "minutes"]
Direction = Literal["higher_is_better", "lower_is_better"]
FactName = Literal["answer", "order", "lead", "interaction", "invitation", "cost", "population"]
"""Event-grained frames, and `population` for what is counted anew for each period."""
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
    "sum",
    "quotient",
    "rate",
    "mean_of_nets",
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
        also: Further facts whose rows enter the measure; it is cut only by what all carry.
        grains: Grains that it is published for; none for all.
        metrics: What questions must measure for it to have answers, all of them.
        mapped: Columns that some source must map, as `table.column`: where none does, the figure
            would be wrong, not missing.
        min_n: Least n that is ever published, whatever the configuration allows.
        is_total_only: Whether it is published for the whole company alone.
        has_customer_basis: Whether its inputs are those of `kpis.churn.basis`.
        is_per_stratum: Whether states of different scales must not be pooled.
        is_weighable: Whether the response's weight can weigh it; of answers only.
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
    also: tuple[FactName, ...] = ()
    grains: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    mapped: tuple[str, ...] = ()
    min_n: int = 1
    is_total_only: bool = False
    has_customer_basis: bool = False
    is_per_stratum: bool = False
    is_weighable: bool = True
    needs_business_time: bool = False

    @property
    def facts(self) -> tuple[FactName, ...]:
        """All facts whose rows enter the measure."""
        return (self.fact, *self.also)

    @property
    def can_be_weighted(self) -> bool:
        """Whether it can be weighted by the response's weight."""
        return self.fact == "answer" and self.is_weighable

    @property
    def tables(self) -> tuple[str, ...]:
        """Canonical tables that the inputs stand in, in order of mention."""
        return tuple(dict.fromkeys(name.partition(".")[0] for name in self.inputs))
