"""Which key of barometer.yaml a column comes from: what a message tells people to change."""

from collections.abc import Mapping, Sequence

from assets.transforms.mapping import required_columns
from schemas.config.mapping import CELLS, TableMap
from schemas.config.project import Project

_UNPIVOTED = {"score": "unpivot.scores", "choice": "unpivot.choices", "text": "unpivot.texts"}


def mapping_key(mapping: TableMap, *, source: str, table: str, column: str) -> str:
    """Key path that fills a canonical column (`custom.<name>` for a company's own attribute)."""
    prefix = f"sources.{source}.tables.{table}"
    if column.startswith("custom."):
        return f"{prefix}.{column}"
    if mapping.unpivot and column in CELLS and column not in mapping.columns:
        return f"{prefix}.{_UNPIVOTED.get(column, 'unpivot')}"
    return f"{prefix}.columns.{column}"


def asked_columns(project: Project, source: str) -> Mapping[str, Sequence[str]]:
    """Raw column of a source → every key path of the configuration that asks for it.

    Lookups of other sources count: they, too, fail when their column is gone.
    """
    asked: dict[str, list[str]] = {}
    for name, other in project.sources.items():
        for table, mapping in other.tables.items():
            prefix = f"sources.{name}.tables.{table}"
            if name == source:
                for raw, path in required_columns(mapping).items():
                    asked.setdefault(raw, []).append(f"{prefix}.{path}")
            for group, specs in (("columns", mapping.columns), ("custom", mapping.custom)):
                for column, spec in specs.items():
                    if spec.lookup and spec.lookup.source == source:
                        key = f"{prefix}.{group}.{column}.lookup"
                        asked.setdefault(spec.lookup.match, []).append(f"{key}.match")
                        asked.setdefault(spec.lookup.take, []).append(f"{key}.take")
    return asked
