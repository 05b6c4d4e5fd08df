# SPDX-License-Identifier: Apache-2.0
"""From a schema's document back to the schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._column import Column, Number
from ._listed import Nominal, Ordinal
from ._numeric import Numeric
from ._schema import Schema
from .errors import SchemaError

__all__ = ["schema_of"]


def schema_of(document: Mapping[str, Any]) -> Schema:
    """The schema whose `Schema.document` this is.

    Raises:
        SchemaError: it is none.

    >>> schema = Schema([Numeric("pulse", 30, 220, step=0.5), Nominal("sex", ["f", "m"])])
    >>> schema_of(schema.document()) == schema
    True
    """
    try:
        rest = {key: value for key, value in document.items() if key != "columns"}
        schema = Schema([_column(dict(each)) for each in document["columns"]], **rest)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise SchemaError("this is no schema's document.") from error
    if schema.document() != document:
        raise SchemaError("this is no schema's document.")
    return schema


def _column(parts: dict[str, Any]) -> Column:
    kind = parts.pop("kind")
    if kind == "numeric":
        numbers = {key: _number(parts[key]) for key in parts.keys() - {"name", "unit"}}
        return Numeric(**{**parts, **numbers})
    if kind == "nominal":
        return Nominal(**{**parts, "weight": _number(parts["weight"])})
    if kind == "ordinal":
        return Ordinal(**parts)
    raise ValueError


def _number(text: str) -> Number:
    return float(text) if "." in text else int(text)
