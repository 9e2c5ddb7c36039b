"""What is to be computed under a configuration: KPIs, measures, segment sets, their signatures.

Nothing here reads or writes the lake.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from assets.kpi.scope import NOT_IN_POPULATIONS, NOT_IN_STATES
from assets.lake.slot import fingerprint
from assets.transforms.business_time import BusinessClocks
from assets.transforms.facts import FACTS, Cut
from assets.transforms.grains import PeriodCalendar
from assets.transforms.measures import Measure
from assets.transforms.measures_catalogue import all_measures
from assets.transforms.measures_declared import is_of_whole_orders, own_columns
from assets.transforms.measures_survey import with_options
from assets.transforms.money import Rates
from assets.transforms.populations.population import Population
from assets.transforms.populations.registry import POPULATIONS
from assets.transforms.segments import SegmentSet, segment_sets
from assets.transforms.states import STATE_VERSION
from assets.transforms.values import VALUE_VERSION
from schemas.config.project import Project
from schemas.dimensions import Origin
from schemas.kpis.catalogue import Published, published_kpis
from schemas.kpis.kpi import FactName
from schemas.warehouse import configured_dimensions, dimension_column

ORIGIN_TABLES: Mapping[Origin, str] = {
    "account": "crm_account",
    "survey": "survey",
    "product": "erp_product",
}


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
        known = all_measures(self.project.kpis)
        asked = {(one.survey_kinds, one.dedupe_days) for one in self.published} - {((), 0)}
        others = [
            with_options(one, *options)
            for options in sorted(asked)
            for one in known
            if one.fact == "answer"
        ]
        return tuple(one for one in (*known, *others) if one.code in wanted)

    @cached_property
    def facts(self) -> tuple[FactName, ...]:
        """Facts that have a measure."""
        read = {measure.fact for measure in self._measures}
        return tuple(fact for fact in FACTS if fact in read)

    @cached_property
    def narrowed(self) -> dict[str, frozenset[str]]:
        """KPI → names of the segment sets that it is cut by, where not by all of its fact.

        A KPI on several facts is cut by what all of them carry: in any other set a part of the
        sums would be missing. An amount of whole orders is not that of one product's lines.
        """
        found = {
            one.code: frozenset.intersection(
                *(frozenset(cut.name for cut in self.fact_sets(fact)) for fact in one.kpi.facts)
            )
            for one in self.published
            if one.kpi.also
        }
        for code, declared in self.project.kpis.declared.items():
            if is_of_whole_orders(declared):
                sets = found.get(code, frozenset(cut.name for cut in self.fact_sets("order")))
                found[code] = sets - self._of_products
        return found

    @cached_property
    def _of_products(self) -> frozenset[str]:
        """Segment sets with a dimension of the products that an order has."""
        origins = {one.name: self._origins("order", one).values() for one in self.sets}
        return frozenset(name for name, found in origins.items() if "product" in found)

    @cached_property
    def populations(self) -> tuple[Population, ...]:
        """Populations that a published KPI reads."""
        wanted = {one.state for one in self.published if one.kpi.fact == "population"}
        return tuple(
            one
            for one in POPULATIONS.values()
            if any(measure.code in wanted for measure in one.measures)
        )

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
    def calendar(self) -> PeriodCalendar:
        """Periods that are published."""
        return PeriodCalendar(self.project.company.fiscal, self.project.kpis.periods)

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

    def look_ahead_days(self, fact: FactName) -> int:
        """Days after its window's beginning that a row of a fact depends on; 0 for none."""
        measures = self.fact_measures(fact)
        config = self.project.kpis
        if fact == "answer":
            return max((one.dedupe_days for one in measures), default=0)
        if fact == "invitation":
            return config.response_window_days if measures else 0
        first = config.first_contact_resolution
        is_asked = any(one.code == "first_contact_resolution" for one in measures)
        return first.window_days if is_asked and first.variant == "window" else 0

    def lookup_tables(self, fact: FactName) -> tuple[str, ...]:
        """Dimension tables that a fact is joined to."""
        origins = {o for one in self.fact_sets(fact) for o in self._origins(fact, one).values()}
        found = [ORIGIN_TABLES[origin] for origin in ORIGIN_TABLES if origin in origins]
        if fact in {"answer", "invitation"}:
            found.append("survey")
        if fact == "answer":
            found.append("survey_question")
        return tuple(dict.fromkeys(found))

    def fact_sets(self, fact: FactName) -> tuple[SegmentSet, ...]:
        """Segment sets that a fact can carry, with every dimension's table fed."""
        return tuple(one for one in self.sets if None not in self._origins(fact, one).values())

    def population_sets(self, population: Population) -> tuple[SegmentSet, ...]:
        """Segment sets that a population carries, with every dimension's table fed."""
        return tuple(one for one in self.sets if self._is_carried(population, one))

    def population_accounts(self, population: Population) -> tuple[str, ...]:
        """Dimensions of a population that stand in the account's versions."""
        source = population.source
        names = [name for one in self.population_sets(population) for name in one.dimensions]
        is_account = source.tables[0] == ORIGIN_TABLES["account"]
        return tuple(
            name for name in dict.fromkeys(names) if is_account or source.carries(name) == "account"
        )

    def population_kpis(self, population: Population, grain: str) -> tuple[Published, ...]:
        """Published KPIs of a population that have a grain."""
        codes = {measure.code for measure in population.measures}
        return tuple(
            one
            for one in self.published
            if one.kpi.fact == "population"
            and one.state in codes
            and (not one.kpi.grains or grain in one.kpi.grains)
        )

    def population_grains(self, population: Population) -> tuple[str, ...]:
        """Grains that a population is counted for; windows of days are too many to count anew."""
        return tuple(
            grain
            for grain in self.calendar.grains
            if grain != "rolling_28d" and self.population_kpis(population, grain)
        )

    def _is_carried(self, population: Population, one: SegmentSet) -> bool:
        source = population.source
        tables = {**ORIGIN_TABLES, "event": source.tables[0]}
        origins = [source.carries(name) for name in one.dimensions]
        return all(o is not None and tables[o] in self.project.fed_tables() for o in origins)

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
        excluded = NOT_IN_STATES | ({"business_time"} if fact != "interaction" else set())
        excluded |= {"support_cost"} if fact not in {"cost", "interaction"} else set()
        config = self.project.kpis.model_dump(mode="json", exclude=set(excluded))
        return fingerprint(
            STATE_VERSION,
            [(measure.code, measure.version) for measure in self.fact_measures(fact)],
            [(one.name, one.dimensions) for one in self.fact_sets(fact)],
            self.dimension_columns,
            self.project.company.time_zone,
            self.project.company.currency,
            config,
        )

    def population_signature(self, population: Population) -> str:
        """Fingerprint of what, besides its extracts, the values of a population depend on."""
        config = self.project.kpis.model_dump(mode="json", exclude=set(NOT_IN_POPULATIONS))
        return fingerprint(
            STATE_VERSION,
            self.value_signature,
            (population.name, population.version),
            [(one.name, one.dimensions) for one in self.population_sets(population)],
            self.dimension_columns,
            self.project.company.model_dump(mode="json", exclude={"name"}),
            config,
        )

    @cached_property
    def value_signature(self) -> str:
        """Fingerprint of what, besides the states, the values depend on."""
        published = [
            (p.code, p.state, p.name, p.kpi.method_version, p.method) for p in self.published
        ]
        return fingerprint(
            VALUE_VERSION,
            published,
            [(one.name, one.dimensions) for one in self.sets],
            self.project.kpis.confidence,
            self.project.kpis.targets,
            self.project.company.fiscal.model_dump(mode="json"),
            self.project.kpis.periods.model_dump(mode="json"),
        )

    def _cut(self, fact: FactName, sets: tuple[SegmentSet, ...]) -> Cut:
        origins: dict[str, Origin] = {}
        for one in sets:
            origins |= {d: o for d, o in self._origins(fact, one).items() if o is not None}
        statuses = tuple(name.lower() for name in self.project.kpis.cancelled_statuses)
        company = self.project.company
        clocks = self.clocks if fact == "interaction" else None
        ahead = {name: self.look_ahead_days(fact) if fact == name else 0 for name in FACTS}
        return Cut(
            origins,
            company.time_zone,
            Rates(company.currency),
            statuses,
            clocks,
            repeat_window_days=ahead["interaction"],
            response_window_days=ahead["invitation"],
            keeps_persons=ahead["answer"] > 0,
            keeps_survey_kind=any(one.survey_kinds for one in self.published),
            own=own_columns(self.project.kpis, fact),
        )

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
