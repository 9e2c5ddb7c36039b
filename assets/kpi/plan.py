"""What is to be computed under a configuration: KPIs, measures, segment sets, their signatures.

Nothing here reads or writes the lake.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from assets.lake.slot import fingerprint
from assets.transforms.business_time import BusinessClocks
from assets.transforms.dimensions import origin_of
from assets.transforms.facts import FACTS, Cut
from assets.transforms.measures import Measure
from assets.transforms.measures_sales import sales_measures
from assets.transforms.measures_service import service_measures
from assets.transforms.measures_survey import survey_measures
from assets.transforms.segments import SegmentSet, segment_sets
from assets.transforms.states import STATE_VERSION
from assets.transforms.values import VALUE_VERSION
from schemas.config.kpis import KpiConfig
from schemas.config.project import Project
from schemas.dimensions import Origin
from schemas.kpis.catalogue import Published, published_kpis
from schemas.kpis.kpi import FactName
from schemas.registry import canonical
from schemas.warehouse import configured_dimensions, dimension_column

ORIGIN_TABLES: Mapping[Origin, str] = {
    "account": "crm_account",
    "survey": "survey",
    "product": "erp_product",
}

_NOT_IN_STATES = {"codes", "churn", "confidence", "variants", "targets", "weights"}
"""KPI parameters that do not change what is summed."""


def all_measures(config: KpiConfig) -> tuple[Measure, ...]:
    """Every measure on events there is; those of one state on several facts share its code."""
    return (
        *survey_measures(config, "none"),
        *survey_measures(config, "response"),
        *sales_measures(),
        *service_measures(config),
    )


@dataclass(frozen=True)
class Plan:
    """What a configuration asks of the KPI layer."""

    project: Project

    @cached_property
    def published(self) -> tuple[Published, ...]:
        """KPIs and variants to publish."""
        return published_kpis(self.project)

    @cached_property
    def measures(self) -> dict[str, Measure]:
        """State code → measure, those that a published KPI reads.

        Of a state on several facts any measure will do: all have the same shape and units.
        """
        return {measure.code: measure for measure in self._measures}

    @cached_property
    def _measures(self) -> tuple[Measure, ...]:
        """All measures whose states a published KPI reads."""
        wanted = {one.state for one in self.published}
        return tuple(one for one in all_measures(self.project.kpis) if one.code in wanted)

    @cached_property
    def facts(self) -> tuple[FactName, ...]:
        """Facts that have a measure."""
        read = {measure.fact for measure in self._measures}
        return tuple(fact for fact in FACTS if fact in read)

    @cached_property
    def narrowed(self) -> dict[str, frozenset[str]]:
        """KPI on several facts → names of the segment sets that all of them carry.

        In any other set a part of the sums would be missing.
        """
        return {
            one.code: frozenset.intersection(
                *(frozenset(cut.name for cut in self.fact_sets(fact)) for fact in one.kpi.facts)
            )
            for one in self.published
            if one.kpi.also
        }

    @cached_property
    def has_customers(self) -> bool:
        """Whether a published KPI follows customers over time."""
        return any(one.kpi.fact == "population" for one in self.published)

    @cached_property
    def sets(self) -> tuple[SegmentSet, ...]:
        """The total and the configured sets."""
        return segment_sets(self.project.segment_sets)

    @cached_property
    def dimensions(self) -> tuple[str, ...]:
        """Dimensions of the segment sets, each once."""
        return configured_dimensions(self.project)

    @cached_property
    def dimension_columns(self) -> tuple[str, ...]:
        """Columns of all configured dimensions, in order."""
        return tuple(dimension_column(name) for name in self.dimensions)

    @cached_property
    def clocks(self) -> BusinessClocks | None:
        """Business clocks, None where no published KPI is in business time."""
        config = self.project.kpis.business_time
        if config is None or not any(one.kpi.needs_business_time for one in self.published):
            return None
        return BusinessClocks.of(config, self.project.company.time_zone)

    def fact_measures(self, fact: FactName) -> tuple[Measure, ...]:
        """Measures of a fact."""
        return tuple(measure for measure in self._measures if measure.fact == fact)

    def fact_tables(self, fact: FactName) -> tuple[str, ...]:
        """History tables of a fact that are read month by month."""
        return FACTS[fact].tables

    def lookup_tables(self, fact: FactName) -> tuple[str, ...]:
        """Dimension tables that a fact is joined to."""
        origins = {o for one in self.fact_sets(fact) for o in self._origins(fact, one).values()}
        found = [ORIGIN_TABLES[origin] for origin in ORIGIN_TABLES if origin in origins]
        if fact == "answer":
            found += ["survey", "survey_question"]
        return tuple(dict.fromkeys(found))

    def fact_sets(self, fact: FactName) -> tuple[SegmentSet, ...]:
        """Segment sets that a fact can carry, with every dimension's table fed."""
        return tuple(one for one in self.sets if None not in self._origins(fact, one).values())

    def customer_sets(self) -> tuple[SegmentSet, ...]:
        """Segment sets on dimensions of the account alone."""
        account = canonical("crm_account")
        return tuple(
            one
            for one in self.sets
            if all(self._fed(origin_of(d, account, ["account"])) for d in one.dimensions)
        )

    def views(self, fact: FactName) -> Iterator[tuple[Cut, tuple[SegmentSet, ...]]]:
        """Shapes that a fact is needed in, each with the segment sets it serves.

        Orders have one shape a combination of product dimensions: an order counts once in each of
        their segments.
        """
        groups: dict[tuple[str, ...], list[SegmentSet]] = {}
        for one in self.fact_sets(fact):
            origins = self._origins(fact, one)
            lined = fact == "order"
            key = tuple(d for d in one.dimensions if lined and origins[d] == "product")
            groups.setdefault(key, []).append(one)
        for group in groups.values():
            yield self._cut(fact, tuple(group)), tuple(group)

    def state_signature(self, fact: FactName) -> str:
        """Fingerprint of what, besides the history, the states of a fact depend on."""
        excluded = _NOT_IN_STATES | ({"business_time"} if fact != "interaction" else set())
        config = self.project.kpis.model_dump(mode="json", exclude=excluded)
        return fingerprint(
            STATE_VERSION,
            [(measure.code, measure.version) for measure in self.fact_measures(fact)],
            [(one.name, one.dimensions) for one in self.fact_sets(fact)],
            self.dimension_columns,
            self.project.company.time_zone,
            self.project.company.currency,
            config,
        )

    @cached_property
    def customer_signature(self) -> str:
        """Fingerprint of what, besides the activity, the customer KPIs depend on."""
        config = self.project.kpis
        sets = [(one.name, one.dimensions) for one in self.customer_sets()]
        churn = config.churn.model_dump(mode="json")
        return fingerprint(STATE_VERSION, self.value_signature, churn, sets)

    @cached_property
    def value_signature(self) -> str:
        """Fingerprint of what, besides the states, the values depend on."""
        published = [(p.code, p.state, p.name, p.kpi.method_version) for p in self.published]
        return fingerprint(
            VALUE_VERSION,
            published,
            [(one.name, one.dimensions) for one in self.sets],
            self.project.kpis.confidence,
            self.project.kpis.targets,
        )

    def _cut(self, fact: FactName, sets: tuple[SegmentSet, ...]) -> Cut:
        origins: dict[str, Origin] = {}
        for one in sets:
            origins |= {d: o for d, o in self._origins(fact, one).items() if o is not None}
        statuses = tuple(name.lower() for name in self.project.kpis.cancelled_statuses)
        company = self.project.company
        clocks = self.clocks if fact == "interaction" else None
        return Cut(origins, company.time_zone, company.currency, statuses, clocks)

    def _origins(self, fact: FactName, one: SegmentSet) -> dict[str, Origin | None]:
        source = FACTS[fact]
        found = {name: source.carries(name) for name in one.dimensions}
        return {name: origin if self._fed(origin) else None for name, origin in found.items()}

    def _fed(self, origin: Origin | None) -> bool:
        """Whether the table that an origin stands in is fed; the event's own always is."""
        if origin is None:
            return False
        table = ORIGIN_TABLES.get(origin)
        return table is None or table in self.project.fed_tables()
