# SPDX-License-Identifier: Apache-2.0
"""How much room measured values have, and the mark by which the same answer is known again."""

from __future__ import annotations

import hashlib
import hmac
import json
import math
from collections.abc import Iterable
from decimal import Decimal

from pmcb_client.answers import Answer, Instructions
from pmcb_client.fields import Field

__all__ = ["ENOUGH_BITS", "fingerprint", "measured", "resolution", "room_bits", "steps"]

ENOUGH_BITS = 40.0
MOST_BITS = 10.0
"""What one value counts at most: a third of a beat has many digits and little room."""
_FINEST = 1e-9  # of a field's range: no meter tells more apart


def measured(answer: Answer, field: Field) -> list[float]:
    """The numbers given for a field that has a range, in order; none for any other field."""
    if field.low is None or field.high is None:
        return []
    return [float(value) for value in answer.column(field.name) if not isinstance(value, str)]


def resolution(field: Field, values: Iterable[float]) -> float:
    """The field's step; where it names none, that of the digits which are given.

    That is 1 at most, but a billionth of the field's range at least.

    >>> resolution(Field("temperature", "C", 34, 42), [36.6, 37.0])
    0.1
    """
    if field.step is not None:
        return float(field.step)
    assert field.low is not None
    assert field.high is not None
    digits = [-int(Decimal(repr(value)).normalize().as_tuple().exponent) for value in values]
    return max(10.0 ** -max([0, *digits]), (field.high - field.low) * _FINEST)


def steps(field: Field, values: Iterable[float]) -> float:
    """How many values the field can take.

    >>> steps(Field("pulse", "1/min", 30, 220), [61.0, 64.0])
    191.0
    """
    assert field.low is not None
    assert field.high is not None
    return (field.high - field.low) / resolution(field, values) + 1


def room_bits(answer: Answer, instructions: Instructions) -> float:
    """By how much chance is ruled out when two answers are equal, in bits.

    The sum of log2(steps) over the *different* values of each continuous field that is not shared;
    at most ten bits a value. Values that stand still say little, and whoever measures the same
    thing as others may well read the same.
    """
    bits = 0.0
    for field in _own(instructions):
        values = measured(answer, field)
        if values:
            bits += len(set(values)) * min(math.log2(steps(field, values)), MOST_BITS)
    return bits


def fingerprint(answer: Answer, instructions: Instructions, key: bytes) -> str | None:
    """A keyed hash of what `room_bits` counts: hex, or None where chance is not ruled out.

    Times do not count: whoever gives old values again gives them new times.

    Args:
        answer: of any task; the same fields and values give the same hash.
        instructions: what was asked.
        key: the verifier's own, 32 bytes.
    """
    if room_bits(answer, instructions) < ENOUGH_BITS:
        return None
    columns = {field.name: measured(answer, field) for field in _own(instructions)}
    given = {name: values for name, values in columns.items() if values}
    return hmac.new(key, json.dumps(given, sort_keys=True).encode(), hashlib.sha256).hexdigest()


def _own(instructions: Instructions) -> list[Field]:
    names = sorted(instructions.names - instructions.shared_fields)
    return [instructions.fields[name] for name in names if name in instructions.fields]
