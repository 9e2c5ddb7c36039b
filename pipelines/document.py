"""Read a YAML file as plain data, with the line of every key; what the keys mean is elsewhere."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml

KeyPath = tuple[str, ...]


class DocumentError(Exception):
    """The file cannot be read as a YAML mapping.

    Attributes:
        line: Line of the file, where it is known.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        self.line = line
        super().__init__(message)


def read_document(path: Path) -> tuple[dict[str, Any], Mapping[KeyPath, int]]:
    """The file's content, and the line of every key path in it.

    Raises:
        DocumentError: There is no such file, or it is no YAML mapping.
    """
    text = _text(path)
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506  a SafeLoader
        lines = _key_lines(yaml.compose(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise DocumentError(f"not valid YAML: {error.problem}", line) from error
    except yaml.YAMLError as error:  # a character that YAML does not allow
        raise DocumentError(f"not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict):
        found = "nothing" if document is None else f"a {type(document).__name__}"
        raise DocumentError(f"the file holds {found}; it must hold keys and values")
    return document, lines


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise DocumentError("there is no such file") from error
    except UnicodeDecodeError as error:
        message = f"not UTF-8 (byte {error.start}); save it as UTF-8"
        raise DocumentError(message) from error
    except OSError as error:
        raise DocumentError(f"the file cannot be read: {error.strerror}") from error


class _Loader(yaml.SafeLoader):
    """Safe YAML that refuses a key given twice, and leaves impossible dates as text."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    seen: dict[Hashable, int] = {}
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        message = None
        if not isinstance(key, Hashable):
            message = "a key must be text, not a list or a mapping (quote braces in a value)"
        elif key in seen:
            message = f"key {key!r} stands here and on line {seen[key]}"
        if message:
            raise yaml.constructor.ConstructorError(None, None, message, key_node.start_mark)
        seen[key] = key_node.start_mark.line + 1
    found: dict[Hashable, Any] = loader.construct_mapping(node, deep=True)
    return found


def _timestamp(loader: _Loader, node: yaml.ScalarNode) -> Any:
    try:
        return loader.construct_yaml_timestamp(node)
    except ValueError:
        return node.value  # 2025-02-30: whoever reads the key says that it is no date


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _timestamp)


def _key_lines(node: yaml.Node | None, at: KeyPath = ()) -> dict[KeyPath, int]:
    lines: dict[KeyPath, int] = {}
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            path = (*at, str(key.value))
            lines[path] = key.start_mark.line + 1
            lines |= _key_lines(value, path)
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            path = (*at, str(i))
            lines[path] = value.start_mark.line + 1
            lines |= _key_lines(value, path)
    return lines
