"""The contracts as documents of the Open Data Contract Standard (ODCS) 3.2.

Belongs here: what of a `Table` becomes which key of the standard, and the YAML text of it. Does not
belong here: writing files, which is `pipelines.contracts`' work.

A document holds one table. Its structure says what a reader of any tool understands (types, keys,
allowed values, references); its quality rules are the expectations that the pipeline itself
evaluates, word for word. https://bitol-io.github.io/open-data-contract-standard/v3.2.0/
"""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from schemas.config.project import Project
from schemas.open_data_quality import Impact, library_rules, quality_rule
from schemas.table import SQL_TYPES, Column, ColumnType, Expectation, Table

API_VERSION = "v3.2.0"
"""Version of the standard."""
CONTRACT_VERSION = "1.0.0"
"""Version of the contracts: the first number rises where readers must change something."""
DATA_PRODUCT = "cx-barometer"

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, f"https://{DATA_PRODUCT}/contracts")
_LOGICAL_TYPES: Mapping[ColumnType, dict[str, Any]] = {
    "text": {"logicalType": "string"},
    "integer": {"logicalType": "integer", "logicalTypeOptions": {"format": "i64"}},
    "number": {"logicalType": "number", "logicalTypeOptions": {"format": "f64"}},
    "decimal": {"logicalType": "number"},
    "boolean": {"logicalType": "boolean"},
    "date": {"logicalType": "date"},
    "instant": {
        "logicalType": "timestamp",
        "logicalTypeOptions": {"timezone": True, "defaultTimezone": "Etc/UTC"},
    },
    "map": {
        "logicalType": "map",
        "map": {"key": {"logicalType": "string"}, "value": {"logicalType": "string"}},
    },
}
_CLASSIFICATIONS = {
    "identity": "confidential",
    "contact": "confidential",
    "free_text": "restricted",
}


def file_name(table: str) -> str:
    """Name of the file that holds a table's contract, `crm_account.odcs.yaml`."""
    return f"{table}.odcs.yaml"


def contract_document(table: Table, project: Project | None = None) -> dict[str, Any]:
    """The contract of a table in the standard's terms, keys in the standard's order.

    Args:
        table: Contract; a published one as `schemas.warehouse.warehouse_tables` shapes it.
        project: Company whose name, owner, schedule and own expectations are added.
    """
    company = (project.company.name,) if project else ()
    document: dict[str, Any] = {
        "apiVersion": API_VERSION,
        "kind": "DataContract",
        "id": str(uuid.uuid5(_NAMESPACE, "/".join((*company, table.name)))),
        "name": table.name,
        "version": CONTRACT_VERSION,
        "status": "active",
    }
    if project:
        document["tenant"] = project.company.name
    document |= {
        "domain": table.domain,
        "tags": ["published" if table.domain == "warehouse" else "canonical"],
        "description": _description(table),
        "schema": [_object(table, _own(table, project))],
    }
    if project:
        document |= {"team": _team(project.owner), "slaProperties": _service_levels(project)}
    document["customProperties"] = [_custom("dataProduct", DATA_PRODUCT)]
    return document


def to_yaml(document: Mapping[str, Any]) -> str:
    """The document as YAML text: keys in the order given, a line feed at the end."""
    import yaml

    class Plain(yaml.SafeDumper):
        """Writes a value that stands in two places twice: not every reader knows aliases."""

        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  PyYAML's signature
            return True

    return yaml.dump(dict(document), Dumper=Plain, sort_keys=False, allow_unicode=True, width=100)


def _own(table: Table, project: Project | None) -> tuple[Expectation, ...]:
    """The company's own expectations of the table."""
    quality = project.quality.tables.get(table.name) if project else None
    return tuple(
        Expectation(own.type, own.kwargs, own.severity, own.mend or "")
        for own in (quality.expectations if quality else ())
    )


def _description(table: Table) -> dict[str, str]:
    if table.domain == "warehouse":
        return {
            "purpose": f"Published table for BI tools. {table.description}",
            "usage": "Read it from the warehouse; all tables of a publish become visible together.",
            "limitations": "Write nothing to it: a publish replaces it as a whole.",
        }
    limits = ["For reports there are the published tables."]
    if table.history == "versions":
        limits.append("Keeps all versions of a record: the key is unique at any one day only.")
    if any(column.pii in {"identity", "contact"} for column in table.columns):
        limits.append("Names and contact data are pseudonyms, or blank without a key.")
    if any(column.pii == "free_text" for column in table.columns):
        limits.append("Free text never leaves the lake.")
    return {
        "purpose": f"Canonical {table.domain} table, typed and checked. {table.description}",
        "usage": "Input of the KPIs and analyses.",
        "limitations": " ".join(limits),
    }


def _object(table: Table, own: tuple[Expectation, ...]) -> dict[str, Any]:
    rules: dict[str | None, list[dict[str, Any]]] = {}
    for expectation, impact in _expectations(table, own):
        rule = quality_rule(expectation, impact=impact)
        rules.setdefault(_subject(table, expectation), []).append(rule)
    of_table = [*rules.get(None, []), *library_rules(table, (*table.checks, *own))]
    found: dict[str, Any] = {
        "id": table.name,
        "name": table.name,
        "logicalType": "object",
        "physicalName": table.name,
        "physicalType": "table" if table.domain == "warehouse" else "file",
        "description": table.description,
        "dataGranularityDescription": table.description,
        "properties": [
            _property(column, table, rules.get(column.name, [])) for column in table.all_columns
        ],
    }
    if of_table:
        found["quality"] = of_table
    if table.event:
        found["customProperties"] = [_custom("eventColumn", table.event)]
    elif table.parent:
        found["customProperties"] = [_custom("eventTable", table.parent[0])]
    return found


def _expectations(
    table: Table, own: tuple[Expectation, ...]
) -> Iterator[tuple[Expectation, Impact | None]]:
    """Every expectation, with what follows where it is not met; of published tables, nothing."""
    is_published = table.domain == "warehouse"
    for expectation in table.row_expectations():
        yield expectation, None if is_published else "quarantine"
    for expectation in (*table.checks, *own):
        yield expectation, None if is_published else expectation.severity


def _subject(table: Table, expectation: Expectation) -> str | None:
    """Column whose property holds the rule; None where it is about the table."""
    name = expectation.kwargs.get("column")
    is_column = any(column.name == name for column in table.all_columns)
    return name if is_column else None


def _property(column: Column, table: Table, rules: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": column.name,
        "name": column.name,
        "description": column.description,
        **_types(column),
        "required": not column.nullable,
    }
    if column.name in table.key:
        found["primaryKey"] = True
        found["primaryKeyPosition"] = table.key.index(column.name) + 1
        if len(table.key) == 1 and table.history == "latest":
            found["unique"] = True
    if column.allowed:
        found["enum"] = [{"value": value} for value in column.allowed]
    tags = [*(["segment"] if column.is_segment else []), *(["pii"] if column.pii else [])]
    if column.pii:
        found["classification"] = _CLASSIFICATIONS[column.pii]
        tags.append(f"pii_{column.pii}")
    if column.pii in {"identity", "contact"}:
        found["transformDescription"] = "Pseudonym: keyed hash of the value; blank without a key."
    if tags:
        found["tags"] = tags
    if column.reference:
        name, _, target = column.reference.partition(".")
        found["relationships"] = [{"type": "foreignKey", "to": _path(name, target, table)}]
    if rules:
        found["quality"] = rules
    if column.unit:
        found["customProperties"] = [_custom("unit", column.unit)]
    return found


def _types(column: Column) -> dict[str, Any]:
    """Logical and physical type, with the bounds where the standard takes them (numbers)."""
    logical = dict(_LOGICAL_TYPES[column.type])
    if logical["logicalType"] in {"integer", "number"}:
        options = dict(logical.get("logicalTypeOptions", {}))
        bounds = {"minimum": column.minimum, "maximum": column.maximum}
        options |= {key: bound for key, bound in bounds.items() if bound is not None}
        logical |= {"logicalTypeOptions": options} if options else {}
    return {**logical, "physicalType": SQL_TYPES[column.type]}


def _path(name: str, column: str, table: Table) -> str:
    """Reference to a column: within this document, or in the file of the other table."""
    local = f"schema/{name}/properties/{column}"
    return local if name == table.name else f"{file_name(name)}#/{local}"


def _team(owner: str) -> dict[str, Any]:
    if owner.startswith("team:"):
        return {"name": owner.removeprefix("team:")}
    return {"members": [{"username": owner, "role": "Owner"}]}


def _service_levels(project: Project) -> list[dict[str, Any]]:
    zone = project.company.time_zone
    levels = (
        ("frequency", project.schedule.cron, "Runs start then"),
        ("timeOfAvailability", project.schedule.deadline, "Tables are fresh by then"),
    )
    return [
        {
            "property": name,
            "value": cron,
            "unit": "cron",
            "driver": "analytics",
            "description": f"{sentence}, in {zone}.",
        }
        for name, cron, sentence in levels
    ]


def _custom(name: str, value: str) -> dict[str, str]:
    return {"property": name, "value": value}
