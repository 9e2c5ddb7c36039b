"""Keeping what is withheld: one slot for the KPIs that rest on the same answers or customers.

A slot is made anew when an n, the least numbers or the segment sets differ, and then takes what was
withheld before into account. Which places are withheld is `assets.transforms.withholding`' work.
"""

import hashlib
import itertools
from collections.abc import Iterator, Mapping

import polars as pl

from assets.kpi.history_inputs import scan_slot
from assets.kpi.plan import ORIGIN_TABLES
from assets.lake.layout import ALL, Lake
from assets.lake.slot import fingerprint
from assets.transforms.populations.registry import POPULATIONS
from assets.transforms.segments import SegmentSet, segment_sets
from assets.transforms.withholding import Protected, cells_of, protected, withheld_places
from schemas.config.project import Project
from schemas.dimensions import DIMENSIONS
from schemas.kpis.catalogue import CATALOGUE, published_kpis
from schemas.warehouse import configured_dimensions, dimension_column

WITHHOLDING_VERSION = 2
"""Raised when the same cells would be withheld differently."""

_FILE = "withheld.parquet"
_SLOTS = "withheld"
_HIERARCHICAL = (
    ("city", "region", "country"),
    ("product_category", "product_family"),
    ("survey", "survey_kind"),
)
"""Dimensions of which some may follow from others, each group from one table."""


def protected_kpis(project: Project) -> tuple[Protected, ...]:
    """KPIs of which something may be withheld under a configuration."""
    populations = {
        measure.code: one.name for one in POPULATIONS.values() for measure in one.measures
    }
    return protected(published_kpis(project), project.kpis.min_n, populations)


def guarded(project: Project) -> pl.Expr:
    """Whether something of a row's KPI may be withheld, or might be if it were still published."""
    least = project.kpis.min_n
    open_codes = {one.code for one in published_kpis(project)}
    if least.default == 1 and not least.kpis:
        open_codes |= CATALOGUE.keys()
        open_codes -= {code for code, kpi in CATALOGUE.items() if kpi.min_n > 1}
    open_codes -= {code for one in protected_kpis(project) for code in one.codes}
    return ~pl.col("kpi_code").is_in(sorted(open_codes))


def refresh_withheld(
    lake: Lake, project: Project, values: pl.DataFrame
) -> list[tuple[Protected, pl.DataFrame]]:
    """What is protected, and the places withheld of it, kept for the next publish.

    Args:
        lake: Where everything stands.
        project: The configuration.
        values: All rows of `kpi_value`, nothing withheld.
    """
    kept = protected_kpis(project)
    for name in set(lake.kpi_names(_SLOTS)) - {one.name for one in kept}:
        lake.kpi(_SLOTS, name).remove()
    if not kept:
        return []
    sets = segment_sets(project.segment_sets)
    hierarchies = list(_hierarchies(lake, project))
    return [
        (one, _refreshed(lake, values, one, sets=sets, hierarchies=hierarchies)) for one in kept
    ]


def _refreshed(
    lake: Lake,
    values: pl.DataFrame,
    one: Protected,
    *,
    sets: tuple[SegmentSet, ...],
    hierarchies: list[pl.DataFrame],
) -> pl.DataFrame:
    columns = tuple(dict.fromkeys(name for each in sets for name in each.columns))
    cells = cells_of(values, one, columns)
    settings = fingerprint(
        WITHHOLDING_VERSION,
        one.min_n,
        dict(one.by_set),
        [(each.name, each.dimensions) for each in sets],
    )
    inputs = fingerprint(settings, _digest(cells), [_digest(pairs) for pairs in hierarchies])
    slot = lake.kpi(_SLOTS, one.name)
    path = slot.path(_FILE)
    if path is not None and slot.is_current(inputs):
        return pl.read_parquet(path)
    receipt = slot.receipt()
    # another least number is a decision to publish anew, and what was withheld counts no more
    is_same = receipt is not None and receipt.facts.get("settings") == settings
    before = pl.read_parquet(path) if path is not None and is_same else None
    found = withheld_places(cells, one, sets, hierarchies=hierarchies, before=before)
    with slot.replace(inputs) as draft:
        found.write_parquet(draft.path(_FILE))
        draft.facts.update(settings=settings, rows=found.height)
    return found


def _digest(frame: pl.DataFrame) -> str:
    """Fingerprint of rows in their order."""
    return hashlib.sha256(frame.hash_rows().to_numpy().tobytes()).hexdigest()


def _hierarchies(lake: Lake, project: Project) -> Iterator[pl.DataFrame]:
    """Pairs of values of two dimensions of which the first tells the second: cities and regions."""
    named = set(configured_dimensions(project))
    for group in _HIERARCHICAL:
        asked = [name for name in group if name in named]
        if len(asked) > 1:
            table = ORIGIN_TABLES[DIMENSIONS[asked[0]][0]]
            rows = scan_slot(lake.history(table, ALL), table)
            columns = {dimension_column(name): DIMENSIONS[name][1] for name in asked}
            values = rows.select(**_as_text(columns)).unique().collect()
            for child, parent in itertools.permutations(columns, 2):
                yield _telling(values, child, parent)


def _as_text(columns: Mapping[str, str]) -> dict[str, pl.Expr]:
    return {name: pl.col(column).cast(pl.String) for name, column in columns.items()}


def _telling(values: pl.DataFrame, child: str, parent: str) -> pl.DataFrame:
    """Values of the child that are met with one of the parent only."""
    pairs = values.select(child, parent).drop_nulls().unique()
    return pairs.filter(pl.len().over(child) == 1).sort(child)
