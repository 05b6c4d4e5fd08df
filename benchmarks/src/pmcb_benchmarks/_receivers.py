# SPDX-License-Identifier: Apache-2.0
"""Made-up receivers: honest, noisy, lazy and malicious ones, and what they answer."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from pmcb_client.answers import Answer, Asked, Instructions, Row
from pmcb_client.fields import Field

__all__ = ["DAY_MS", "START_MS", "Kind", "diaries", "diary", "readings", "ward"]

DAY_MS = 86_400_000
START_MS = 1_800_000_000_000
NOISY = 4.0  # times the error of an honest reading
ALIKE = 0.1  # of that error: how far colluders miss what they agreed upon
MISREAD = 0.05  # of the honest readings of a word

_WARD = {
    "pm25": (Field("pm25", "ug/m3", 0, 500, 1), 35.0, 2.0),
    "temperature": (Field("temperature", "C", -10, 50, 0.1), 21.5, 0.3),
    "humidity": (Field("humidity", "%", 0, 100, 1), 45.0, 1.5),
    "noise": (Field("noise", "dB", 20, 120, 1), 52.0, 1.0),
}
"""The air of a ward: what is measured, the truth, the standard deviation of an honest reading."""

_WINDOW = Field("window", values=("open", "closed"))
_DIARY = {
    "systolic": (Field("systolic", "mmHg", 60, 260, 1), 125.0, 15.0, 7.0),
    "diastolic": (Field("diastolic", "mmHg", 30, 160, 1), 80.0, 10.0, 5.0),
    "pulse": (Field("pulse", "1/min", 30, 220, 1), 68.0, 10.0, 4.0),
}
"""A week of a person: mean of all, standard deviation between persons, and between days."""


class Kind(StrEnum):
    """How somebody answers.

    Malicious ones agree on a shifted truth; constant, copied and random ones are lazy.
    """

    HONEST = "honest"
    NOISY = "noisy"
    MALICIOUS = "malicious"
    CONSTANT = "constant"
    COPIED = "copied"
    RANDOM = "random"


def ward(numbers: int, *, word: bool = False) -> Instructions:
    """One shared question on the air of a ward: so many numbers, and whether a window is open."""
    fields = [_WARD[name][0] for name in list(_WARD)[:numbers]]
    return _instructions([*fields, _WINDOW] if word else fields, shared=True)


def diary() -> Instructions:
    """One question about a person's own week."""
    return _instructions([field for field, *_ in _DIARY.values()], shared=False)


def readings(
    rng: np.random.Generator,
    kinds: Sequence[Kind],
    asked: Instructions,
    *,
    shift: float = 6.0,
    heavy_tails: bool = False,
) -> list[Answer]:
    """One row of each receiver in the ward.

    Args:
        rng: where chance comes from.
        kinds: of the receivers; lazy ones are constant, copied or random in their own diaries only,
            and random here.
        asked: `ward`.
        shift: of what malicious ones agree upon, in standard deviations of an honest reading.
        heavy_tails: whether honest errors are Student's with five degrees of freedom.
    """
    columns: dict[str, Sequence[float | str]] = {
        name: _column(rng, kinds, name, shift, heavy_tails)
        for name in sorted(asked.names & _WARD.keys())
    }
    if _WINDOW.name in asked.names:
        columns[_WINDOW.name] = [_word(rng, kind) for kind in kinds]
    return [
        Answer((Row(START_MS, {name: column[n] for name, column in columns.items()}),))
        for n in range(len(kinds))
    ]


def diaries(rng: np.random.Generator, kinds: Sequence[Kind], *, days: int = 7) -> list[Answer]:
    """A week of each receiver; who copies gives what somebody before gave."""
    made: list[Answer] = []
    for kind in kinds:
        if kind is Kind.COPIED and made:
            made.append(made[int(rng.integers(len(made)))])
            continue
        columns = {name: _week(rng, kind, name, days) for name in _DIARY}
        made.append(
            Answer(
                tuple(
                    Row(START_MS + day * DAY_MS, {name: columns[name][day] for name in columns})
                    for day in range(days)
                )
            )
        )
    return made


def _instructions(fields: Sequence[Field], *, shared: bool) -> Instructions:
    names = tuple(field.name for field in fields)
    question = Asked("made-up", "What is it?", names, shared=shared)
    described = {field.name: field for field in fields}
    return Instructions("0" * 32, 0, 1, "Made-up", "0" * 64, (question,), described)


def _column(
    rng: np.random.Generator, kinds: Sequence[Kind], name: str, shift: float, heavy_tails: bool
) -> list[float]:
    field, truth, error = _WARD[name]
    n = len(kinds)
    honest = rng.standard_t(5, n) if heavy_tails else rng.standard_normal(n)
    off = {
        Kind.HONEST: honest,
        Kind.NOISY: NOISY * rng.standard_normal(n),
        Kind.MALICIOUS: shift + ALIKE * rng.standard_normal(n),
    }
    anywhere = rng.random(n)
    assert field.low is not None
    assert field.high is not None
    span = field.high - field.low
    return [
        _on_step(
            field, truth + error * off[kind][k] if kind in off else field.low + span * anywhere[k]
        )
        for k, kind in enumerate(kinds)
    ]


def _word(rng: np.random.Generator, kind: Kind) -> str:
    wrong = {Kind.HONEST: MISREAD, Kind.NOISY: NOISY * MISREAD, Kind.MALICIOUS: 1.0}.get(kind, 0.5)
    return _WINDOW.values[int(rng.random() < wrong)]


def _week(rng: np.random.Generator, kind: Kind, name: str, days: int) -> list[float]:
    field, mean, between, within = _DIARY[name]
    if kind is Kind.RANDOM:
        assert field.low is not None
        assert field.high is not None
        return [_on_step(field, rng.uniform(field.low, field.high)) for _ in range(days)]
    own = rng.normal(mean, between)
    spread = {Kind.CONSTANT: 0.0, Kind.NOISY: NOISY * within}.get(kind, within)
    return [_on_step(field, rng.normal(own, spread)) for _ in range(days)]


def _on_step(field: Field, value: float) -> float:
    """The nearest value that the field can take."""
    assert field.low is not None
    assert field.high is not None
    assert field.step is not None
    inside = min(max(value, field.low), field.high)
    return round(field.low + round((inside - field.low) / field.step) * field.step, 6)
