# SPDX-License-Identifier: Apache-2.0
"""Canonical JSON: one text for one value, so that every endorser writes the same bytes."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

JsonValue: TypeAlias = "str | int | bool | Sequence[JsonValue] | Mapping[str, JsonValue]"
JsonObject: TypeAlias = Mapping[str, JsonValue]

MAX_INT = 2**53 - 1  # what every JSON reader represents exactly
MAX_DEPTH = 16

_SCALAR_SEQUENCES = (str, bytes, bytearray, memoryview)
_SURROGATE = re.compile("[\ud800-\udfff]")


def canonical_dumps(value: JsonValue) -> bytes:
    """UTF-8 JSON with sorted ASCII keys, no spaces, integers only, no null.

    Raises:
        ValueError: a float, a null, an integer above 2^53-1, a key that is not ASCII, a lone
            surrogate, or a depth above 16.

    >>> canonical_dumps({"b": 1, "a": ["x", True]})
    b'{"a":["x",true],"b":1}'
    """
    _check(value, 1)
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain
    )
    return text.encode()


def canonical_loads(data: str | bytes) -> JsonValue:
    """The value of a JSON text in which every number is an integer and no key stands twice.

    Spaces and the order of keys are free on the way in; what is stored is written canonically.

    Raises:
        ValueError: not JSON in UTF-8, a duplicate key, or what ``canonical_dumps`` refuses.

    >>> canonical_loads('{"a": 1}')
    {'a': 1}
    """
    try:
        text = data.decode() if isinstance(data, bytes) else data
        value = json.loads(text, object_pairs_hook=_unique, parse_int=_integer)
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise ValueError("must be JSON in UTF-8") from None
    except RecursionError:
        raise ValueError(f"must not be nested deeper than {MAX_DEPTH}") from None
    _check(value, 1)
    return value  # type: ignore[no-any-return]  # _check established the type


def _integer(digits: str) -> int:
    """Python's own limit, 4,300 digits, speaks of its settings; numbers end long before."""
    if len(digits) > len(str(-MAX_INT)):
        raise ValueError("must hold integers up to 2^53-1 only")
    return int(digits)


def _plain(value: Mapping[str, object] | Sequence[object]) -> object:
    """A read-only mapping or another sequence as json knows it; _check let nothing else pass."""
    return dict(value) if isinstance(value, Mapping) else list(value)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("must not repeat a key")
    return made


def _check(value: object, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError(f"must not be nested deeper than {MAX_DEPTH}")
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not (isinstance(key, str) and key.isascii()):
                raise ValueError("must have ASCII keys")
            _check(item, depth + 1)
    elif isinstance(value, Sequence) and not isinstance(value, _SCALAR_SEQUENCES):
        for item in value:
            _check(item, depth + 1)
    else:
        _check_scalar(value)


def _check_scalar(value: object) -> None:
    if isinstance(value, str):
        if _SURROGATE.search(value):
            raise ValueError("must hold no lone surrogate")
    elif type(value) is int:
        if abs(value) > MAX_INT:
            raise ValueError("must hold integers up to 2^53-1 only")
    elif type(value) is not bool:
        raise ValueError(f"must hold no {type(value).__name__}")
