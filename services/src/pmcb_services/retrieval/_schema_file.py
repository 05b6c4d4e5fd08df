# SPDX-License-Identifier: Apache-2.0
"""Schemas as they are written down."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from .errors import SchemaError

__all__ = ["made", "mapping", "read", "texts"]

_Part = TypeVar("_Part")


def read(path: Path) -> object:
    """What a YAML file holds.

    Raises:
        SchemaError: it cannot be read, or is no YAML.
    """
    import yaml

    try:
        return yaml.safe_load(path.read_bytes())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SchemaError(f"{path.name} cannot be read ({reason}).") from error
    except (yaml.YAMLError, UnicodeDecodeError):
        raise SchemaError(f"{path.name} is no YAML.") from None


def mapping(document: object, what: str) -> dict[str, object]:
    """The document as a mapping from texts.

    Raises:
        SchemaError: it is none.
    """
    if not isinstance(document, Mapping):
        raise SchemaError(f"{what} must be a mapping.")
    return {str(key): value for key, value in document.items()}


def made(kind: type[_Part], documents: object) -> list[_Part]:
    """One part of a schema per document.

    Raises:
        SchemaError: a key is unknown or missing.
    """
    if not isinstance(documents, list):
        raise SchemaError("attributes and carried must be lists.")
    name = kind.__name__.lower()
    try:
        return [kind(**mapping(each, f"each of {name}")) for each in documents]
    except TypeError:
        raise SchemaError(f"a key of {name} is unknown or missing.") from None


def texts(value: object) -> object:
    """A document with numbers as text and without nulls: canonical JSON holds neither.

    >>> texts({"min": 0.05, "unit": None})
    {'min': '0.05'}
    """
    if isinstance(value, dict):
        return {key: texts(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [texts(each) for each in value]
    return repr(value) if isinstance(value, int | float) else value
