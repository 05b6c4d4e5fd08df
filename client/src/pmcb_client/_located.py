# SPDX-License-Identifier: Apache-2.0
"""YAML that remembers its lines, so that a complaint names the place."""

import difflib
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

from pmcb_client.usage_errors import TaskFileError

if TYPE_CHECKING:
    from pathlib import Path

MAX_FILE_BYTES = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_T = TypeVar("_T")


class Section:
    """A mapping of a YAML file: values by key, the line of each key, and typed access.

    Every accessor raises `TaskFileError` with file and line.
    """

    def __init__(self, name: str, line: int, title: str) -> None:
        self.name = name
        self.line = line
        self.title = title
        self.values: dict[str, object] = {}
        self.lines: dict[str, int] = {}

    def fail(self, message: str, key: str = "", next_step: str = "") -> TaskFileError:
        """The error that names this section's place, or that of one of its keys."""
        line = self.lines.get(key, self.line)
        return TaskFileError(message, name=self.name, line=line, next_step=next_step)

    def expect(self, *, required: Iterable[str], optional: Iterable[str] = ()) -> None:
        """Refuse unknown and missing keys."""
        required = list(required)
        known = [*required, *optional]
        for key in self.values:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                # Without quotes, a text with a comma in braces is a key: only a slip is repeated.
                named = (
                    f" '{key}' in {self.title}. Did you mean '{near[0]}'?"
                    if near
                    else (f" in {self.title}; put texts into quotes.")
                )
                raise self.fail(f"unknown key{named}", key)
        for key in required:
            if key not in self.values:
                raise self.fail(f"{self.title} lacks the key '{key}'.")

    def text(self, key: str, *, longest: int, default: str | None = None) -> str:
        """A text of 1..longest characters without control characters."""
        value = self.values.get(key, default)
        if not isinstance(value, str):
            raise self.fail(f"'{key}' must be text; put it into quotes.", key)
        if value is default:
            return value
        if not 0 < len(value.strip()) <= len(value) <= longest or not value.isprintable():
            raise self.fail(f"'{key}' must be 1 to {longest} printable characters.", key)
        return value

    def word(self, key: str) -> str:
        """A name of ``[A-Za-z0-9._-]{1,64}``."""
        value = self.text(key, longest=64)
        return self.check_word(value, key)

    def check_word(self, value: object, key: str) -> str:
        """The value, if it is such a name."""
        if not (isinstance(value, str) and _NAME.fullmatch(value)):
            raise self.fail(
                f"'{key}' takes names of 1 to 64 letters, digits, dots, lines and hyphens.", key
            )
        return value

    def integer(self, key: str, low: int, high: int, *, default: int | None = None) -> int:
        """An integer in ``low..high``."""
        value = self.values.get(key, default)
        if type(value) is not int or not low <= value <= high:
            raise self.fail(f"'{key}' must be a whole number from {low:,} to {high:,}.", key)
        return value

    def items(self, key: str, *, default: list[object] | None = None) -> list[object]:
        """A list."""
        value = self.values.get(key, default)
        if not isinstance(value, list):
            raise self.fail(f"'{key}' must be a list.", key)
        return value

    def each(self, key: str, check: Callable[[object], _T]) -> tuple[_T, ...]:
        """A list, every item checked."""
        return tuple(check(item) for item in self.items(key))


def read_bytes(path: "Path", name: str, *, line: int = 0) -> bytes:
    """A file's bytes, at most 1 MiB.

    Raises:
        TaskFileError: unreadable or too large.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise TaskFileError(f"cannot read {path.name}: {reason}.", name=name, line=line) from error
    if len(data) > MAX_FILE_BYTES:
        raise TaskFileError(f"{path.name} is larger than 1 MiB.", name=name, line=line)
    return data


def parse(data: bytes, name: str, title: str) -> object:
    """The document's value; every mapping in it is a `Section`.

    Raises:
        TaskFileError: not UTF-8, not YAML, a key twice, a key that is not text.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        """The safe loader, with lines and without duplicate keys."""

    def mapping(loader: Loader, node: "yaml.MappingNode") -> Section:
        section = Section(name, node.start_mark.line + 1, title)
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = loader.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise TaskFileError("a key must be text.", name=name, line=line)
            if key in section.values:
                shown = f"the key '{key}'" if _NAME.fullmatch(key) else "a key"
                raise TaskFileError(f"{shown} stands twice.", name=name, line=line)
            section.lines[key] = line
            section.values[key] = loader.construct_object(value_node, deep=True)
        return section

    Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    try:
        return yaml.load(data.decode(), Loader)  # noqa: S506 - a subclass of the safe loader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        problem = error.problem or "it cannot be read"
        raise TaskFileError(f"not valid YAML: {problem}.", name=name, line=line) from error
    except (yaml.YAMLError, ValueError, RecursionError, LookupError, AttributeError) as error:
        # The last two come from PyYAML itself, for values that do not suit an explicit tag.
        raise TaskFileError("not valid YAML in UTF-8.", name=name) from error
