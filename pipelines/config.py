"""Read barometer.yaml: environment interpolation, checks, and every problem told at once.

The grammar itself is in `schemas.config`; secrets enter here and nowhere else.
"""

import os
import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from schemas.config.project import Project
from schemas.errors import ConfigError

CONFIG_VARIABLE = "BAROMETER_CONFIG"
DATA_VARIABLE = "BAROMETER_DATA_DIR"
DEFAULT_CONFIG = "barometer.yaml"
DEFAULT_DATA_DIR = "var/lake"

_SECRET_KEYS = frozenset({"storage_options", "pii_key"})
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\$")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the configuration or a source.

    Attributes:
        file: File that holds it.
        key: Key path in that file, `sources.orders.files.path`.
        message: What is wrong, with what was found and what is allowed.
        line: Line of the file, where it is known.
    """

    file: str
    key: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


class InvalidConfigError(ConfigError):
    """barometer.yaml has one problem or more; the message tells them all."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        lines = "\n".join(f"  {problem}" for problem in problems)
        count = f"{len(problems)} problem" + ("s" if len(problems) > 1 else "")
        super().__init__(f"the configuration has {count}:\n{lines}")


def config_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Path of barometer.yaml: `BAROMETER_CONFIG`, or the one in the current folder."""
    return Path(environment.get(CONFIG_VARIABLE) or DEFAULT_CONFIG).absolute()


def data_dir(environment: Mapping[str, str] = os.environ) -> Path:
    """Folder of the lake and the embedded warehouse: `BAROMETER_DATA_DIR`, or `var/lake`."""
    return Path(environment.get(DATA_VARIABLE) or DEFAULT_DATA_DIR).absolute()


def load_project(path: Path, environment: Mapping[str, str] = os.environ) -> Project:
    """Read and check barometer.yaml.

    Args:
        path: The file; relative local roots of sources are taken from its folder.
        environment: Where `${NAME}` and `${NAME:-default}` are looked up.

    Raises:
        InvalidConfigError: The file is missing, is no YAML, or says something not allowed; all
            problems are told at once.
    """
    document, lines = _read_yaml(path)
    problems: list[Problem] = []
    filled = _interpolate(document, environment, (), problems, file=path.name, lines=lines)
    try:
        project = Project.model_validate(_absolute_roots(filled, path.parent))
    except ValidationError as error:
        named = {problem.key for problem in problems}
        found = [_as_problem(detail, path.name, lines) for detail in error.errors()]
        problems += [problem for problem in found if problem.key not in named]
    if problems:
        raise InvalidConfigError(problems)
    return project


class _Loader(yaml.SafeLoader):
    """Safe YAML that refuses a key given twice."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    seen: dict[Hashable, int] = {}
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        line = key_node.start_mark.line + 1
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"key {key!r} stands here and on line {seen[key]}", key_node.start_mark
            )
        seen[key] = line
    found: dict[Hashable, Any] = loader.construct_mapping(node, deep=True)
    return found


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _read_yaml(path: Path) -> tuple[dict[str, Any], dict[tuple[str, ...], int]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        message = f"there is no such file; set {CONFIG_VARIABLE} or start from a copy of the "
        message += "repository's barometer.yaml"
        raise InvalidConfigError([Problem(str(path), "", message)]) from error
    except UnicodeDecodeError as error:
        message = f"not UTF-8 (byte {error.start}); save it as UTF-8"
        raise InvalidConfigError([Problem(str(path), "", message)]) from error
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506  a SafeLoader
        lines = _key_lines(yaml.compose(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        problem = Problem(path.name, "", f"not valid YAML: {error.problem}", line)
        raise InvalidConfigError([problem]) from error
    if not isinstance(document, dict):
        found = "nothing" if document is None else type(document).__name__
        message = f"the file holds {found}; it must hold keys and values"
        raise InvalidConfigError([Problem(path.name, "", message)])
    return document, lines


def _key_lines(node: yaml.Node | None, at: tuple[str, ...] = ()) -> dict[tuple[str, ...], int]:
    """Key path → line, for the messages."""
    lines: dict[tuple[str, ...], int] = {}
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            path = (*at, str(key.value))
            lines[path] = key.start_mark.line + 1
            lines |= _key_lines(value, path)
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            lines[(*at, str(i))] = value.start_mark.line + 1
            lines |= _key_lines(value, (*at, str(i)))
    return lines


def _interpolate(
    value: Any,
    environment: Mapping[str, str],
    at: tuple[str, ...],
    problems: list[Problem],
    *,
    file: str,
    lines: Mapping[tuple[str, ...], int],
) -> Any:
    if isinstance(value, dict):
        return {
            key: _interpolate(item, environment, (*at, str(key)), problems, file=file, lines=lines)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [
            _interpolate(item, environment, (*at, str(i)), problems, file=file, lines=lines)
            for i, item in enumerate(value)
        ]
    if not isinstance(value, str) or "$" not in value:
        return value

    def fill(match: re.Match[str]) -> str:
        name, default = match.group(1), match.group(2)
        if name is None:
            return "$"
        given = environment.get(name) or default
        if given is None:
            message = f"environment variable {name} is not set; set it, or write ${{{name}:-…}}"
            problems.append(Problem(file, ".".join(at), message, lines.get(at)))
            return ""
        return given

    return _VARIABLE.sub(fill, value)


def _absolute_roots(document: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Local relative roots are meant from the folder of the file."""
    sources = document.get("sources")
    for source in sources.values() if isinstance(sources, dict) else ():
        files = source.get("files") if isinstance(source, dict) else None
        root = files.get("root") if isinstance(files, dict) else None
        if isinstance(files, dict) and isinstance(root, str) and root and "://" not in root:
            files["root"] = str(folder / Path(root).expanduser())
    return document


def _as_problem(detail: Any, file: str, lines: Mapping[tuple[str, ...], int]) -> Problem:
    location = tuple(str(part) for part in detail["loc"])
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        message = "no such key; see docs/configuration.md for those allowed"
    elif detail["type"] == "missing":
        message = "this key is missing"
    elif _SECRET_KEYS.isdisjoint(location) and isinstance(
        detail.get("input"), str | int | float | bool
    ):
        message = f"{message}; found {detail['input']!r}"
    line = next((lines[location[:n]] for n in range(len(location), 0, -1)
                 if location[:n] in lines), None)  # fmt: skip
    return Problem(file, ".".join(location), message, line)
