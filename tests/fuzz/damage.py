# SPDX-License-Identifier: Apache-2.0
"""Valid bytes, damaged: what finds more in a parser than noise, which it refuses at its first byte.

`messages` damages protobuf by its fields, through bytes that are messages themselves; `documents`
damages JSON by its members; `lines` damages text by its lines; `scarred` damages any bytes.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_NUMBERS = (0, 1, 2, 3, 127, 128, 255, 2**31 - 1, 2**31, 2**32, 2**53, 2**63 - 1, 2**63, 2**64 - 1)
_HUGE = "a number of 5,000 digits"
_ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**53, -(2**63), 2**64, _HUGE, 0.5, float("nan"), float("inf"),
    "", " ", "0", "\x00", "\ud800", "\u00e9\U0001f600", "x" * 5000, [], {}, [[]], {"": {}},
)  # fmt: skip
_DEEP = 100_000
_Wire = list[tuple[int, int, Any]]


def scarred(*samples: bytes) -> st.SearchStrategy[bytes]:
    """A sample with one to three wounds: bits, cuts, repeats, insertions, splices."""
    return _wounded(samples, lambda draw, raw: _scar(draw, raw, samples))


def messages(*samples: bytes) -> st.SearchStrategy[bytes]:
    """A protobuf message whose fields, at any depth, are missing, doubled, swapped or odd."""
    return _wounded(samples, lambda draw, raw: _message(draw, raw, samples))


def lines(*samples: bytes) -> st.SearchStrategy[bytes]:
    """A text whose lines are missing, doubled, swapped or scarred."""
    return _wounded(samples, lambda draw, raw: _lines(draw, raw, samples))


def documents(*samples: Any) -> st.SearchStrategy[bytes]:
    """A JSON document whose members, at any depth, are missing, doubled, renamed or odd."""
    singles = [(sample, place) for sample in samples for place in _places(sample)]

    @st.composite
    def damaged(draw: st.DrawFn) -> bytes:
        if draw(st.booleans()):
            sample, place = draw(st.sampled_from(singles))
            value = _with(sample, place, draw(st.sampled_from(_ODD)))
        else:
            value = draw(st.sampled_from(samples))
            for _ in range(draw(st.integers(1, 3))):
                value = _member(draw, value)
        text = json.dumps(value).replace(json.dumps(_HUGE), "9" * 5000).encode()
        how = draw(st.integers(0, 15))
        if how == 0:
            return b"[" * _DEEP + text
        return _scar(draw, text, (text,)) if how < 5 else text

    return damaged()


def _wounded(
    samples: Sequence[bytes], wound: Callable[[st.DrawFn, bytes], bytes]
) -> st.SearchStrategy[bytes]:
    @st.composite
    def damaged(draw: st.DrawFn) -> bytes:
        raw = draw(st.sampled_from(samples))
        for _ in range(draw(st.integers(1, 3))):
            raw = wound(draw, raw)
        return raw

    return damaged()


def _scar(draw: st.DrawFn, raw: bytes, others: Sequence[bytes]) -> bytes:
    start = draw(st.integers(0, len(raw)))
    end = min(len(raw), start + draw(st.sampled_from((1, 1, 2, 8, 64))))
    before, hit, after = raw[:start], raw[start:end], raw[end:]
    match draw(st.sampled_from(("bit", "set", "cut", "repeat", "insert", "end", "splice"))):
        case "bit" if hit:
            return before + bytes([hit[0] ^ 1 << draw(st.integers(0, 7))]) + hit[1:] + after
        case "set":
            return before + bytes([draw(st.integers(0, 255))]) + hit[1:] + after
        case "cut":
            return before + after
        case "repeat":
            return before + hit * draw(st.integers(2, 9)) + after
        case "insert":
            before += draw(st.binary(max_size=9)) + hit + after
        case "splice":
            before += draw(st.sampled_from(others))[start:]
    return before


def _message(draw: st.DrawFn, raw: bytes, others: Sequence[bytes], depth: int = 0) -> bytes:
    fields = wire(raw)
    if not fields or depth > 12:
        return _scar(draw, raw, others)
    at = draw(st.integers(0, len(fields) - 1))
    number, kind, value = fields[at]
    inner = kind == _BYTES and len(value) > 1 and bool(wire(value))
    if inner and draw(st.integers(0, 4)) > 0:
        fields[at] = (number, kind, _message(draw, value, others, depth + 1))
        return unwire(fields)
    match draw(st.sampled_from(("drop", "double", "swap", "move", "number", "kind", "value"))):
        case "drop":
            del fields[at]
        case "double":
            fields.insert(draw(st.integers(0, len(fields))), fields[at])
        case "swap":
            other = draw(st.integers(0, len(fields) - 1))
            fields[at] = (number, *fields[other][1:])
            fields[other] = (fields[other][0], kind, value)
        case "move":
            fields.append(fields.pop(at))
        case "number":
            fields[at] = (draw(st.integers(1, 16)), kind, value)
        case "kind":
            fields[at] = (number, _VARINT, draw(st.sampled_from(_NUMBERS)))
        case _:
            fields[at] = (number, kind, _value(draw, kind, value, others))
    return unwire(fields)


def _value(draw: st.DrawFn, kind: int, value: Any, others: Sequence[bytes]) -> Any:
    if kind == _VARINT:
        return draw(st.sampled_from(_NUMBERS))
    if kind != _BYTES:
        return draw(st.binary(min_size=len(value), max_size=len(value)))
    return draw(
        st.one_of(
            st.sampled_from((b"", b"\x00", b"\xff", b"\xf4\x8f\xbf\xbf", b"k" * 600, *others)),
            st.just(value).map(lambda raw: raw * 2),
            st.binary(max_size=40),
        )
    )


def wire(raw: bytes) -> _Wire:
    """The fields of a message as (number, wire type, value); empty when the bytes are none."""
    found: _Wire = []
    at = 0
    try:
        while at < len(raw):
            key, at = _varint(raw, at)
            number, kind = key >> 3, key & 7
            if not 0 < number < 2**12:
                return []
            if kind == _VARINT:
                value, at = _varint(raw, at)
                found.append((number, kind, value))
                continue
            size = {_FIXED64: 8, _FIXED32: 4}.get(kind)
            if kind == _BYTES:
                size, at = _varint(raw, at)
            if size is None or at + size > len(raw):
                return []
            found.append((number, kind, raw[at : at + size]))
            at += size
    except IndexError:
        return []
    return found


def unwire(fields: _Wire) -> bytes:
    """The bytes of these fields."""
    made = bytearray()
    for number, kind, value in fields:
        made += _varint_bytes(number << 3 | kind)
        if kind == _VARINT:
            made += _varint_bytes(value)
        else:
            made += (_varint_bytes(len(value)) if kind == _BYTES else b"") + value
    return bytes(made)


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = raw[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _varint_bytes(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


class _Pairs(dict[str, Any]):
    """An object that may hold a key twice."""

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = list(pairs)

    def items(self) -> Any:
        return self.pairs

    def __iter__(self) -> Iterator[str]:
        return iter([key for key, _ in self.pairs])

    def __len__(self) -> int:
        return len(self.pairs)


def _places(value: Any) -> Iterator[tuple[Any, ...]]:
    """The way to every member of a document, the document itself first."""
    yield ()
    children = value.items() if isinstance(value, dict) else ()
    for key, child in enumerate(value) if isinstance(value, list) else children:
        yield from ((key, *rest) for rest in _places(child))


def _with(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    """The document with another value in one place."""
    if not place:
        return new
    made = value.copy()
    made[place[0]] = _with(value[place[0]], place[1:], new)
    return made


def _member(draw: st.DrawFn, value: Any) -> Any:
    children = list(value.items() if isinstance(value, dict) else ())
    if isinstance(value, list):
        children = list(enumerate(value))
    if not children or not draw(st.integers(0, 9)):
        return draw(st.sampled_from(_ODD))
    at = draw(st.integers(0, len(children) - 1))
    key, child = children[at]
    how = draw(st.sampled_from(("deeper", "deeper", "deeper", "odd", "drop", "double", "rename")))
    match how:
        case "drop":
            del children[at]
        case "double":
            children.append((key, child))
        case "rename" if isinstance(value, dict):
            children[at] = (draw(st.sampled_from(("", "x", key + "x", key.upper()))), child)
        case "odd":
            children[at] = (key, draw(st.sampled_from(_ODD)))
        case _:
            children[at] = (key, _member(draw, child))
    return _Pairs(children) if isinstance(value, dict) else [child for _, child in children]


def _lines(draw: st.DrawFn, raw: bytes, others: Sequence[bytes]) -> bytes:
    parts = re.split(rb"(?<=\n)", raw)
    at, other = (draw(st.integers(0, len(parts) - 1)) for _ in range(2))
    match draw(st.sampled_from(("scar", "scar", "drop", "double", "swap", "long", "bytes"))):
        case "scar":
            parts[at] = _scar(draw, parts[at], others)
        case "drop":
            del parts[at]
        case "double":
            parts.insert(other, parts[at])
        case "swap":
            parts[at], parts[other] = parts[other], parts[at]
        case "long":
            parts[at] *= 40
        case _:
            return _scar(draw, raw, others)
    return b"".join(parts)
