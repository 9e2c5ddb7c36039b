"""Read barometer.yaml: environment interpolation, checks, and every problem told at once.

The grammar itself is in `schemas.config`; secrets enter here and nowhere else.
"""

import os
import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from pipelines.document import DocumentError, KeyPath, read_document
from schemas.config.project import Project, Source
from schemas.errors import ConfigError
from schemas.kpis.catalogue import CATALOGUE, published_kpis

CONFIG_VARIABLE = "BAROMETER_CONFIG"
DATA_VARIABLE = "BAROMETER_DATA_DIR"
DEFAULT_CONFIG = "barometer.yaml"
DEFAULT_DATA_DIR = "var/lake"

_SECRET_KEYS = frozenset({"storage_options", "pii_key", "dsn", "webhook", "slack", "password"})
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\$")
_OWN_KEY = re.compile(r"((?:[a-z_]+\.)+[\w.-]+): (.+)", re.DOTALL)


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


@dataclass(frozen=True)
class Reading:
    """What a configuration file says, right or wrong.

    Attributes:
        file: Name of the file.
        problems: Everything wrong with it, by line.
        project: The whole; None where something is wrong with it.
        sources: Sources that are right in themselves.
    """

    file: str
    problems: list[Problem]
    project: Project | None = None
    sources: Mapping[str, Source] = field(default_factory=dict)
    lines: Mapping[KeyPath, int] = field(default_factory=dict)

    def problem(self, key: str, message: str) -> Problem:
        """A problem with a key, with the line of the nearest key that is in the file."""
        return Problem(self.file, key, message, _line(tuple(key.split(".")), self.lines))


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
    reading = read_config(path, environment)
    if reading.project is None:
        raise InvalidConfigError(reading.problems)
    return reading.project


def read_config(path: Path, environment: Mapping[str, str] = os.environ) -> Reading:
    """Read barometer.yaml as far as it goes; see `load_project`."""
    try:
        document, lines = read_document(path)
    except DocumentError as error:
        mend = f"; set {CONFIG_VARIABLE}, or start from a copy of the repository's barometer.yaml"
        message = str(error) + ("" if path.exists() else mend)
        file = path.name if error.line else str(path)
        return Reading(file, [Problem(file, "", message, error.line)])
    unset: list[Problem] = []
    filled = _absolute_roots(
        _Filler(environment, path.name, lines, unset).filled(document), path.parent
    )
    written = {key: text for key, text in _texts(document) if "${" in text}
    project, found = None, []
    try:
        project = Project.model_validate(filled)
        found = list(_kpi_problems(project, path.name, lines))
    except ValidationError as error:
        found = [_as_problem(detail, path.name, lines, written) for detail in error.errors()]
    named = {problem.key for problem in unset}
    problems = unset + [problem for problem in found if problem.key not in named]
    problems.sort(key=lambda problem: problem.line or 0)
    sources = project.sources if project else _right_sources(filled, named)
    return Reading(path.name, problems, None if problems else project, sources, lines)


@dataclass(frozen=True)
class _Filler:
    """Replaces `${NAME}` in texts by what the environment has."""

    environment: Mapping[str, str]
    file: str
    lines: Mapping[KeyPath, int]
    problems: list[Problem]

    def filled(self, value: Any, at: KeyPath = ()) -> Any:
        if isinstance(value, dict):
            return {key: self.filled(item, (*at, str(key))) for key, item in value.items()}
        if isinstance(value, list):
            return [self.filled(item, (*at, str(i))) for i, item in enumerate(value)]
        if not isinstance(value, str) or "$" not in value:
            return value
        return _VARIABLE.sub(lambda match: self._value(match, at), value)

    def _value(self, match: re.Match[str], at: KeyPath) -> str:
        name, default = match.group(1), match.group(2)
        if name is None:
            return "$"
        given = self.environment.get(name) or default
        if given is None:
            message = f"environment variable {name} is not set; set it, or write ${{{name}:-…}}"
            self.problems.append(Problem(self.file, ".".join(at), message, _line(at, self.lines)))
        return given or ""


def _texts(value: Any, at: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """Every text of the document with its key path."""
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from _texts(item, (*at, str(key)))


def _absolute_roots(document: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Local relative roots are meant from the folder of the file."""
    sources = document.get("sources")
    for source in sources.values() if isinstance(sources, dict) else ():
        files = source.get("files") if isinstance(source, dict) else None
        root = files.get("root") if isinstance(files, dict) else None
        if isinstance(files, dict) and isinstance(root, str) and root and "://" not in root:
            files["root"] = str(folder / Path(root).expanduser())
    return document


def _right_sources(document: dict[str, Any], unset: set[str]) -> dict[str, Source]:
    """Sources that can be looked at although something else is wrong."""
    given = document.get("sources")
    found = {}
    for name, source in given.items() if isinstance(given, dict) else ():
        if any(key.startswith(f"sources.{name}.") for key in unset):
            continue
        try:
            found[str(name)] = Source.model_validate(source)
        except ValidationError:
            continue  # told already, with the rest of the file
    return found


def _kpi_problems(project: Project, file: str, lines: Mapping[KeyPath, int]) -> Iterator[Problem]:
    """KPI codes that neither the catalogue nor a variant has, and variants that cannot be."""
    kpis = project.kpis
    named: dict[KeyPath, str] = {("codes", str(i)): code for i, code in enumerate(kpis.codes or ())}
    named |= {("variants", name, "of"): one.of for name, one in kpis.variants.items()}
    targets: dict[KeyPath, str] = {("targets", code): code for code in kpis.targets}
    is_known = True
    for key, code in {**named, **targets}.items():
        allowed = [*CATALOGUE, *(kpis.variants if key in targets else ())]
        if code not in allowed:
            is_known = False
            at = ("kpis", *key)
            message = f"no KPI {code!r}; allowed: {', '.join(allowed)}"
            yield Problem(file, ".".join(at), message, _line(at, lines))
    if is_known:
        try:
            published_kpis(project)
        except ConfigError as error:
            key_path = error.where or "kpis"
            message = f"{error.message}; found {error.found!r}; {error.mend}"
            yield Problem(file, key_path, message, _line(tuple(key_path.split(".")), lines))


def _as_problem(
    detail: Any, file: str, lines: Mapping[KeyPath, int], written: Mapping[KeyPath, str]
) -> Problem:
    location = tuple(str(part) for part in detail["loc"])
    message = detail["msg"].removeprefix("Value error, ")
    kind = detail["type"]
    if kind == "extra_forbidden":
        allowed = ", ".join(_allowed_keys(location[:-1]))
        message = f"no such key; allowed: {allowed}" if allowed else "no such key"
    elif kind == "missing":
        message = "this key is missing"
    else:
        # what Pydantic adds to a location (a branch of a union, "[key]") is not in the file
        location = next(
            (location[:n] for n in range(len(location), 0, -1) if location[:n] in lines), location
        )
        message += _found(detail.get("input"), location)
    if not location and (own := _OWN_KEY.fullmatch(message)):
        location, message = tuple(own.group(1).split(".")), own.group(2)
    if location in written and isinstance(detail.get("input"), str) and detail["input"]:
        # it may be a secret in the wrong place: what came from the environment is shown as written
        message = message.replace(repr(detail["input"]), repr(written[location]))
    return Problem(file, ".".join(location), message, _line(location, lines))


def _found(given: object, location: KeyPath) -> str:
    """What was found, but at keys that hold secrets."""
    if not _SECRET_KEYS.isdisjoint(location) or not location:
        return ""
    if given is None:
        return "; found nothing"
    if isinstance(given, str | int | float | bool):
        return f"; found {given!r}"
    if isinstance(given, dict | list):
        return "; found a list" if isinstance(given, list) else "; found keys and values"
    return ""


def _line(location: KeyPath, lines: Mapping[KeyPath, int]) -> int | None:
    """Line of the key, or of the nearest one above it that is in the file."""
    above = (location[:n] for n in range(len(location), 0, -1))
    return next((lines[part] for part in above if part in lines), None)


def _allowed_keys(location: KeyPath) -> list[str]:
    """Keys that the model at a key path takes."""
    annotation: Any = Project
    for part in location:
        model = _model_in(annotation)
        if model is not None:
            fields = {each.alias or name: each for name, each in model.model_fields.items()}
            annotation = fields[part].annotation if part in fields else None
        else:
            annotation = (*typing.get_args(annotation), None)[-2]
    model = _model_in(annotation)
    return [each.alias or name for name, each in model.model_fields.items()] if model else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        found = [_model_in(argument) for argument in typing.get_args(annotation)]
        return next((model for model in found if model is not None), None)
    return None
