"""Keeping the values of populations current: one slot a population, grain and month of starts.

What is counted anew for each period does not add up from days; the extracts of a slot's periods,
and of the look-back before them, are enough to count it. Slots are small, so that one more day
computes its own month anew and not the whole year. Arithmetic is in
`assets.transforms.populations`, the extracts are in `assets.kpi.extracts`.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import polars as pl

from assets.kpi.extracts import ExtractMonth, refresh_extracts, scan_rows
from assets.kpi.freshness import Ledger, is_touched, write_unresolved
from assets.kpi.history_inputs import Dimensions
from assets.kpi.plan import ORIGIN_TABLES, Plan
from assets.kpi.population_tables import tables_of
from assets.lake.layout import Lake
from assets.lake.slot import Slot, fingerprint
from assets.transforms.facts import unresolved_keys
from assets.transforms.populations.population import Asked, Population, PopulationPeriods, Shared

_FOLDER = "population"
_ACCOUNTS, _PRODUCTS = ORIGIN_TABLES["account"], ORIGIN_TABLES["product"]


@dataclass(frozen=True, slots=True)
class PopulationReport:
    """Slots that were written, and those that were removed: `name/grain-month`."""

    refreshed: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """The periods of one grain that start in one month: what a slot holds."""

    population: Population
    month: str
    periods: PopulationPeriods

    @property
    def name(self) -> str:
        """Name of the slot among those of its population."""
        return f"{self.periods.grain}-{self.month}"

    @property
    def label(self) -> str:
        """Name of the slot."""
        return f"{self.population.name}/{self.name}"

    @property
    def days(self) -> tuple[dt.date, dt.date]:
        """First day of the periods, and the day after their last one."""
        return self.periods.starts[0], self.periods.tests[-1]

    @property
    def group(self) -> tuple[str, str, str]:
        """Slots of one population, grain and year are counted together."""
        return self.population.name, self.periods.grain, self.month[:4]


@dataclass(frozen=True, slots=True)
class _Run:
    """What the slots of one refresh share."""

    lake: Lake
    plan: Plan
    dimensions: Dimensions
    ledger: Ledger
    months: Mapping[str, Sequence[ExtractMonth]]
    as_of: dt.date
    shared: Shared = field(default_factory=Shared)
    unresolved: dict[tuple[str, str], pl.DataFrame] = field(default_factory=dict)

    def window(self, part: _Part) -> tuple[dt.date | None, dt.date]:
        """First and last day of the extracts that a slot's periods depend on."""
        look_back = part.population.look_back_days(self.plan.project)
        ahead = part.population.look_ahead_days(self.plan.project)
        first, last = part.periods.starts[0], part.periods.ends[-1] + dt.timedelta(days=ahead)
        since = None if look_back is None else first - dt.timedelta(days=look_back)
        return since, min(self.as_of, last)

    def months_of(self, part: _Part) -> list[ExtractMonth]:
        """Months of the extracts that reach into a slot's window."""
        names = part.population.extracts(self.plan.project)
        window = self.window(part)
        return [one for name in names for one in self.months[name] if one.overlaps(*window)]

    def since(self, population: Population) -> dt.date | None:
        """First day that a population's extracts reach back to."""
        return min(self.firsts(population).values(), default=None)

    def firsts(self, population: Population) -> dict[str, dt.date]:
        """First day that each of a population's extracts reaches back to."""
        found: dict[str, dt.date] = {}
        for name in population.extracts(self.plan.project):
            days = [one.first_on for one in self.months[name] if one.first_on]
            found |= {name: min(days)} if days else {}
        return found

    def tables(self, population: Population) -> list[str]:
        """Dimension tables that a population is joined to."""
        found = [_ACCOUNTS] if self.plan.population_accounts(population) else []
        is_read = population.reads_products and _PRODUCTS in self.plan.project.fed_tables()
        return [*found, _PRODUCTS] if is_read else found


def build_populations(lake: Lake, plan: Plan, *, as_of: dt.date) -> PopulationReport:
    """Refresh the stale slots of every population that a published KPI reads.

    Args:
        lake: Where everything stands.
        plan: What is asked for.
        as_of: Last loaded day.
    """
    project = plan.project
    names = {name: None for one in plan.populations for name in one.extracts(project)}
    months = refresh_extracts(lake, project, names)
    accounts = {name: None for one in plan.populations for name in plan.population_accounts(one)}
    ledger = Ledger.of(lake.kpi("population_ledger"))
    run = _Run(lake, plan, Dimensions(lake, tuple(accounts)), ledger, months, as_of)
    parts = [part for one in plan.populations for part in _parts(run, one)]
    stale = [(part, inputs) for part in parts if (inputs := _stale(run, part)) is not None]
    # grains of a year share what they are made from
    places = {one.name: place for place, one in enumerate(plan.populations)}
    in_turn = sorted(stale, key=lambda each: (places[each[0].population.name], each[0].month[:4]))
    for _, group in groupby(in_turn, key=lambda each: each[0].group):
        _refresh(run, list(group))
    ledger.commit()
    removed = _remove_others(lake, {part.label for part in parts})
    return PopulationReport(tuple(part.label for part, _ in stale), tuple(removed))


def population_slots(lake: Lake) -> list[Slot]:
    """Every slot of a population, in name order."""
    return [lake.kpi(_FOLDER, *names) for names in _names(lake)]


def _names(lake: Lake) -> list[tuple[str, str]]:
    return [
        (population, name)
        for population in lake.kpi_names(_FOLDER)
        for name in lake.kpi_names(_FOLDER, population)
    ]


def _remove_others(lake: Lake, wanted: set[str]) -> list[str]:
    removed = []
    for names in _names(lake):
        if "/".join(names) not in wanted:
            lake.kpi(_FOLDER, *names).remove()
            removed.append("/".join(names))
    return removed


def _parts(run: _Run, population: Population) -> Iterator[_Part]:
    """The slots of a population, those of one grain and year together."""
    since = run.since(population)
    if since is None:
        return
    for grain in run.plan.population_grains(population):
        for year in range(since.year - _years_before(grain), run.as_of.year + 1):
            periods = _periods(run, grain, year, since)
            months = periods["period_start"].dt.strftime("%Y-%m")
            for month in months.unique().sort():
                own = periods.filter(months == month)
                ends = pl.Series("period_end", own["period_end"].clip(upper_bound=run.as_of))
                part = _Part(population, month, PopulationPeriods(grain, own["period_start"], ends))
                if run.months_of(part):
                    yield part


def _years_before(grain: str) -> int:
    """Years before that of a day in which a period of a grain that has it may start."""
    return 0 if grain in {"day", "month", "quarter", "year"} else 1


def _periods(run: _Run, grain: str, year: int, since: dt.date) -> pl.DataFrame:
    """Periods of a grain that start in a year and have a day in the extracts' reach.

    Rolling windows lie wholly in it.
    """
    first = dt.date(year, 1, 1)
    if grain.startswith("rolling"):
        first = max(first, since)
    last = dt.date(year, 12, 31)
    found = run.plan.calendar.starting_in(grain, first, last, as_of=run.as_of)
    return found.filter(pl.col("period_end") >= since)


def _stale(run: _Run, part: _Part) -> str | None:
    """Fingerprint of a slot's inputs if it is to be rebuilt, None if it is current."""
    inputs = fingerprint(
        run.plan.population_signature(part.population),
        [(one.extract, one.month, one.content) for one in run.months_of(part)],
        run.firsts(part.population),
        run.window(part),
        part.periods.frame().rows(),
    )
    slot = run.lake.kpi(_FOLDER, part.population.name, part.name)
    tables = run.tables(part.population)
    run.ledger.seen[part.label] = {name: run.dimensions.table(name).sequence for name in tables}
    is_current = slot.is_current(inputs) and not is_touched(
        slot, part.label, part.days, ledger=run.ledger, dimensions=run.dimensions
    )
    return None if is_current else inputs


def _refresh(run: _Run, stale: Sequence[tuple[_Part, str]]) -> None:
    """Rebuild slots of one population, grain and year."""
    parts = [part for part, _ in stale]
    population = parts[0].population
    months = _months(run, parts)
    asked = _asked(run, parts, months)
    extracts = scan_rows(list(months), months, run.plan.project)
    states = population.states(extracts, asked)
    tables = tables_of(states, population, asked, plan=run.plan)
    unresolved = _unresolved(run, months, asked)
    for part, inputs in stale:
        slot = run.lake.kpi(_FOLDER, population.name, part.name)
        with slot.replace(inputs) as draft:
            tables.starting(part.periods.starts[0], part.periods.starts[-1]).write(draft)
            write_unresolved(draft, unresolved, run.ledger.seen[part.label])


def _months(run: _Run, parts: Sequence[_Part]) -> dict[str, list[ExtractMonth]]:
    """The months of each extract that some slot's window reaches."""
    names = parts[0].population.extracts(run.plan.project)
    months: dict[str, dict[str, ExtractMonth]] = {name: {} for name in names}
    for part in parts:
        for one in run.months_of(part):
            months[one.extract][one.month] = one
    return {name: list(own.values()) for name, own in months.items()}


def _asked(
    run: _Run, parts: Sequence[_Part], months: Mapping[str, Sequence[ExtractMonth]]
) -> Asked:
    """What a population is asked for: the periods of some slots of one year."""
    population, plan = parts[0].population, run.plan
    names, tables = plan.population_accounts(population), run.tables(population)
    starts = pl.concat([part.periods.starts for part in parts])
    ends = pl.concat([part.periods.ends for part in parts])
    year = int(parts[0].month[:4])
    return Asked(
        periods=PopulationPeriods(parts[0].periods.grain, starts, ends),
        sets=plan.population_sets(population),
        versions=run.shared.get(
            "versions", (names, year), lambda: run.dimensions.versions(names, year)
        )
        if names
        else None,
        products=run.dimensions.products if _PRODUCTS in tables else None,
        project=plan.project,
        since=run.since(population),
        as_of=run.as_of,
        firsts=run.firsts(population),
        shared=run.shared,
        files={name: tuple(sorted(one.path for one in own)) for name, own in months.items()},
    )


def _unresolved(
    run: _Run, months: Mapping[str, Sequence[ExtractMonth]], asked: Asked
) -> dict[str, pl.DataFrame]:
    """Accounts and products that the extracts name and their tables do not have."""
    lookups = {
        _ACCOUNTS: (asked.versions, "account_id", "is_known"),
        _PRODUCTS: (asked.products, "product_id", "is_product_known"),
    }
    files = [one.path for own in months.values() for one in own]
    found: dict[str, pl.DataFrame] = {}
    for table, (known, key, flag) in lookups.items():
        if known is None:
            continue
        for path in files:
            if (table, path) not in run.unresolved:
                run.unresolved[table, path] = _unresolved_of(path, known, key, flag)
        strange = [run.unresolved[table, path] for path in files]
        if strange:
            flagged = pl.concat(strange).unique().with_columns(pl.lit(None, pl.Boolean).alias(flag))
            found |= unresolved_keys(flagged, {table: (flag, (key,))})
    return found


def _unresolved_of(path: str, known: pl.DataFrame, key: str, flag: str) -> pl.DataFrame:
    """Keys of one month of an extract that a table does not have: key."""
    rows = pl.scan_parquet(path)
    if key not in rows.collect_schema().names():
        return pl.DataFrame(schema={key: pl.String})
    named = rows.select(key).unique().drop_nulls().collect(engine="streaming")
    return named.join(known.filter(flag), on=key, how="anti")
