"""Generated documentation: `python -m pipelines.docs` writes it, `--check` tells what is stale."""

import inspect
import sys
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from assets.transforms.cuts import carried
from pipelines.cli import app
from pipelines.contracts import contract_files
from pipelines.semantic_model import FILE_NAME, semantic_document
from schemas.config.project import Project
from schemas.history_tables import TABLES as HISTORY
from schemas.kpis.document import markdown as catalogue_markdown
from schemas.open_data_contract import to_yaml
from schemas.operations import TABLES as OPERATIONS
from schemas.quality import TABLES as QUALITY
from schemas.quality_document import markdown as checks_markdown
from schemas.registry import TABLES
from schemas.table import SQL_TYPES, Column, Table
from schemas.warehouse import TABLES as WAREHOUSE

DOCS = Path(__file__).parent.parent / "docs"


def documents() -> dict[str, str]:
    """File name below docs/ → text."""
    return {
        "kpis.md": catalogue_markdown(carried),
        "checks.md": checks_markdown(),
        "data-dictionary.md": data_dictionary(),
        "configuration.md": configuration_reference(),
        "command-line.md": command_reference(),
        f"semantic/{FILE_NAME}": to_yaml(semantic_document()),
        **{f"contracts/{name}": text for name, text in contract_files().items()},
    }


def data_dictionary() -> str:
    """Every canonical and published table with its columns, as Markdown."""
    parts = [
        "# Data dictionary",
        "Generated from the contracts in `schemas/` by `make format`; do not edit.",
        (
            "Canonical tables also carry `_source`, `_source_file`, `_row_number` and "
            "`_logical_date`: where each row was extracted from. § marks what KPIs can be cut by."
        ),
        "## Canonical tables",
        *(_table(table) for table in TABLES.values()),
        "## Published tables",
        (
            "Tables with a segment_key also have one nullable text column for "
            "each dimension of the configured segment sets; null stands for all of it. Every table "
            "ends with `publish_id`, or `current_publish_id` where rows name a publish of their "
            "own: the publish being read, the same in all of them."
        ),
        *(_table(table) for table in (*WAREHOUSE, *HISTORY, *QUALITY, *OPERATIONS)),
    ]
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
    lines = [f"### {table.name}", "", table.description]
    if table.parent:
        lines.append(f"Its event is that of `{table.parent[0]}`.")
    lines += ["", "| Column | Type | Meaning |", "|---|---|---|"]
    lines += [_column(column, table) for column in table.columns]
    return "\n".join(lines)


def _column(column: Column, table: Table) -> str:
    name = f"**{column.name}**" if column.name in table.key else column.name
    marks = " §" if column.is_segment else ""
    notes = [column.description]
    if not column.nullable:
        notes.append("Mandatory.")
    if column.unit:
        notes.append(f"Unit: {column.unit}.")
    if column.allowed:
        notes.append(f"Allowed: {', '.join(column.allowed)}.")
    if column.minimum is not None or column.maximum is not None:
        low = "" if column.minimum is None else f"{column.minimum:g}"
        high = "" if column.maximum is None else f"{column.maximum:g}"
        notes.append(f"Range: {low} … {high}.")
    if column.reference:
        notes.append(f"Refers to `{column.reference}`.")
    if column.pii:
        notes.append(f"Personal data ({column.pii}).")
    if table.event == column.name:
        notes.append("Decides the month of the event.")
    return f"| {name}{marks} | {SQL_TYPES[column.type]} | {' '.join(notes)} |"


def configuration_reference() -> str:
    """Every key of barometer.yaml, as Markdown, from the models that read it."""
    parts = [
        "# Configuration: `barometer.yaml`",
        "Generated from the models in `schemas/config/` by `make format`; do not edit.",
        (
            "`${NAME}` and `${NAME:-default}` stand for environment variables; secrets belong "
            "there and nowhere else. Relative roots are taken from the folder of the file. The "
            "annotated file at the top of the repository is a complete example."
        ),
    ]
    parts += [_model(path, model) for path, model in _models("", Project)]
    return "\n\n".join(parts) + "\n"


def command_reference() -> str:
    """Every command and option of `barometer`, as Markdown, from the command line itself."""
    program = typer.main.get_command(app)
    parts = [
        "# Command line: `barometer`",
        "Generated from `pipelines/cli.py` by `make format`; do not edit.",
        "Errors go to standard error, with exit code 1; a wrong option has exit code 2.",
    ]
    parts += [_command(name, command) for name, command in commands(program, "barometer")]
    return "\n\n".join(parts) + "\n"


def commands(group: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every command below a group with the words that call it, those of its groups included."""
    for name, command in getattr(group, "commands", {}).items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def _command(name: str, command: Any) -> str:
    lines = [f"## `{name}`", "", inspect.cleandoc(command.help or ""), ""]
    lines += ["| Option | Default | Meaning |", "|---|---|---|"]
    for option in command.params:
        names = ", ".join(f"`{each}`" for each in option.opts)
        default = "" if option.default is None else f"`{option.default}`"
        lines.append(f"| {names} | {default} | {option.help} |")
    return "\n".join(lines)


def _models(path: str, model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """The model and every one below it, with the key path where it stands."""
    yield path, model
    for name, field in model.model_fields.items():
        key = field.alias or name
        inner = _inner_model(field.annotation)
        if inner is not None:
            below = f"{path}.{key}" if path else key
            is_map = typing.get_origin(field.annotation) is dict
            yield from _models(f"{below}.<name>" if is_map else below, inner)


def _inner_model(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = [_inner_model(argument) for argument in typing.get_args(annotation)]
    return next((model for model in found if model is not None), None)


def _model(path: str, model: type[BaseModel]) -> str:
    title = f"`{path}`" if path else "Top level"
    lines = [f"## {title}", "", (model.__doc__ or "").strip().replace("\n    ", "\n"), ""]
    lines += ["| Key | Type | Default | Meaning |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        default = field.get_default(call_default_factory=True)
        if default is PydanticUndefined:
            shown = "mandatory"
        elif isinstance(default, BaseModel):
            shown = "see below"
        else:
            shown = f"`{default!r}`" if default not in (None, "", (), {}) else ""
        kind = _type_name(field.annotation).replace("|", "\\|")
        lines.append(f"| `{field.alias or name}` | {kind} | {shown} | {field.description or ''} |")
    return "\n".join(lines)


def _type_name(annotation: object) -> str:  # noqa: PLR0911  one way out a kind of type
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin is typing.Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin is typing.Annotated:
        return _type_name(arguments[0])
    if origin is dict:
        return f"map of {_type_name(arguments[1])}"
    if origin in {tuple, list}:
        kinds = dict.fromkeys(_type_name(each) for each in arguments if each is not Ellipsis)
        return f"list of {' or '.join(kinds)}"
    if origin in {typing.Union, types.UnionType}:
        return " or ".join(_type_name(each) for each in arguments if each is not type(None))
    if isinstance(annotation, type):
        names: dict[str, str] = {
            "str": "text",
            "int": "whole number",
            "bool": "true or false",
            "float": "number",
        }
        names |= {"SecretStr": "secret", "Decimal": "number"}
        is_model = issubclass(annotation, BaseModel)
        return "keys below" if is_model else names.get(annotation.__name__, annotation.__name__)
    return str(annotation)


def main(arguments: list[str]) -> int:
    """Write the documents, or tell which are stale; the exit code."""
    stale = []
    for name, text in documents().items():
        path = DOCS / name
        current = path.read_text(encoding="utf-8") if path.exists() else None
        if current == text:
            continue
        if "--check" in arguments:
            stale.append(f"docs/{name}")
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if stale:
        sys.stderr.write(f"stale: {', '.join(stale)}; run `make format`\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
