"""What Dagster shows of a table: column schema, column lineage, tags. Derived from contracts."""

from collections.abc import Mapping, Sequence

import dagster as dg

from schemas.config.mapping import CELLS, ColumnMap
from schemas.config.project import Project
from schemas.table import SQL_TYPES, Table


def column_schema(table: Table) -> dg.TableSchema:
    """Dagster's column schema of a contract."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=SQL_TYPES[column.type],
                description=column.description,
                constraints=dg.TableColumnConstraints(
                    nullable=column.nullable,
                    unique=table.key == (column.name,),
                    other=[f"PII: {column.pii}"] if column.pii else [],
                ),
                tags={"pii": column.pii} if column.pii else {},
            )
            for column in table.all_columns
        ]
    )


def core_lineage(project: Project, table: Table) -> dg.TableColumnLineage:
    """Canonical column → the raw columns that it is mapped from."""
    deps: dict[str, list[dg.TableColumnDep]] = {}
    for source, mapping in project.feeds(table.name).items():
        key = dg.AssetKey(["raw", source])
        for column, spec in {**mapping.columns, **mapping.custom}.items():
            name = column if column not in mapping.custom else "custom"
            deps.setdefault(name, []).extend(_origins(key, spec))
        if mapping.unpivot:
            cells = {
                "score": mapping.unpivot.scores,
                "choice": mapping.unpivot.choices,
                "text": mapping.unpivot.texts,
            }
            for name, raw in cells.items():
                found = [dg.TableColumnDep(asset_key=key, column_name=column) for column in raw]
                deps.setdefault(name, []).extend(found)
    return dg.TableColumnLineage(deps_by_column={k: v for k, v in deps.items() if v})


def same_columns(table: Table, layer: str) -> dg.TableColumnLineage:
    """Every column comes from its namesake in the layer before."""
    key = dg.AssetKey([layer, table.name])
    return dg.TableColumnLineage(
        deps_by_column={
            column.name: [dg.TableColumnDep(asset_key=key, column_name=column.name)]
            for column in table.all_columns
        }
    )


def _origins(key: dg.AssetKey, spec: ColumnMap) -> Sequence[dg.TableColumnDep]:
    deps = [
        dg.TableColumnDep(asset_key=key, column_name=name)
        for name in spec.raw_columns
        if name not in CELLS.values()
    ]
    if spec.lookup:
        other = dg.AssetKey(["raw", spec.lookup.source])
        deps.append(dg.TableColumnDep(asset_key=other, column_name=spec.lookup.take))
    return deps


def counts_table(rows: Mapping[str, Mapping[str, int]], columns: Sequence[str]) -> str:
    """A Markdown table of counts, one row a name."""
    head = "| | " + " | ".join(columns) + " |"
    rule = "|---|" + "---:|" * len(columns)
    body = [
        f"| {name} | " + " | ".join(f"{counts.get(c, 0):,}" for c in columns) + " |"
        for name, counts in rows.items()
    ]
    return "\n".join([head, rule, *body])
