# SPDX-License-Identifier: Apache-2.0
"""Canonical JSON: one text for one value, so that every endorser writes the same bytes."""

import json
from collections.abc import Mapping, Sequence
from typing import NoReturn, TypeAlias

JsonValue: TypeAlias = "str | int | bool | Sequence[JsonValue] | Mapping[str, JsonValue]"
JsonObject: TypeAlias = Mapping[str, JsonValue]

MAX_INT = 2**53 - 1  # what every JSON reader represents exactly
MAX_DEPTH = 16


def canonical_dumps(value: JsonValue) -> bytes:
    """UTF-8 JSON with sorted ASCII keys, no spaces, integers only, no null.

    Raises:
        ValueError: a float, a null, an integer above 2^53-1, a key that is not ASCII, or a depth
            above 16.

    >>> canonical_dumps({"b": 1, "a": ["x", True]})
    b'{"a":["x",true],"b":1}'
    """
    _check(value, 1)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def canonical_loads(data: str | bytes) -> JsonValue:
    """The value of a JSON text in which every number is an integer and no key stands twice.

    Spaces and the order of keys are free on the way in; what is stored is written canonically.

    Raises:
        ValueError: not JSON, a duplicate key, a float, NaN, null, or too deep.

    >>> canonical_loads('{"a": 1}')
    {'a': 1}
    """
    try:
        value = json.loads(
            data,
            object_pairs_hook=_unique,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
    except RecursionError as error:
        raise ValueError(f"JSON is nested deeper than {MAX_DEPTH}") from error
    _check(value, 1)
    return value  # type: ignore[no-any-return]  # _check established the type


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice")
    return made


def _no_float(_: str) -> NoReturn:
    raise ValueError("numbers must be integers")


def _check(value: object, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError(f"JSON is nested deeper than {MAX_DEPTH}")
    kind = type(value)
    if kind is int:
        if abs(value) > MAX_INT:  # type: ignore[arg-type]
            raise ValueError("an integer is above 2^53-1")
    elif isinstance(value, str) or kind is bool:
        return
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not (isinstance(key, str) and key.isascii()):
                raise ValueError("keys must be ASCII")
            _check(item, depth + 1)
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        for item in value:
            _check(item, depth + 1)
    else:
        raise ValueError(f"{kind.__name__} has no canonical form")
