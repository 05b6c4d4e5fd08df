# SPDX-License-Identifier: Apache-2.0
"""An attack tried on records that are encrypted for it: what was known, what was read."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from pmcb_services.retrieval import Schema
from pmcb_services.retrieval.errors import InputError

from . import attacks
from ._answer import LABEL
from ._aspe import DUMMIES, AspeKey, generator
from ._rangetree import RangeTree

__all__ = ["Attack", "Attempt", "attempt"]

NEAR = 2
"""Steps within which a guess by rank counts as right."""

_LEAF = 64
_VALUES = 3  # that one query takes

Codes = NDArray[np.int64]
Rows = NDArray[np.int64]


class Attack(StrEnum):
    """See `attacks`."""

    LINEAR = "linear"
    PROJECTIVE = "projective"
    QUERY = "query"
    ORDER = "order"


@dataclass(frozen=True)
class Attempt:
    """How an attack ended.

    Attributes:
        attack: which one.
        records: N, that were encrypted.
        known: how many records (of other people for ``order``) the attacker knew.
        had: what else the attacker saw, in words.
        read: share of the values that were read, by attribute; those that were known do not count.
        rate: share of the records of which all these values were read.
        seconds: that reading took.
    """

    attack: Attack
    records: int
    known: int
    had: str
    read: Mapping[str, float]
    rate: float
    seconds: float

    def document(self) -> dict[str, object]:
        """The attempt for JSON, labelled."""
        return {
            "label": LABEL,
            "attack": str(self.attack),
            "records": self.records,
            "known": self.known,
            "had": self.had,
            "read": {name: round(share, 4) for name, share in self.read.items()},
            "rate": round(self.rate, 4),
            "ms": round(1000 * self.seconds, 2),
        }


def attempt(
    attack: Attack,
    schema: Schema,
    codes: NDArray[np.integer],
    patients: NDArray[np.integer] | None = None,
    *,
    known: int | None = None,
    most: int | None = None,
    random_state: int | np.random.Generator | None = None,
) -> Attempt:
    """Encrypt records under a fresh key, and attack them.

    The records of one half of the patients are encrypted; what others' records tell is of the
    other half.

    Args:
        attack: which one.
        schema: of the records.
        codes: shape (n, a).
        patients: whose each record is, shape (n,); without it each is of another person.
        known: how many records the attacker knows; None takes as many as suffice, for ``order``
            all of the others.
        most: encrypt at most so many, drawn at random.
        random_state: seeds keys and draws.

    Raises:
        InputError: there are too few records, or values, for this attack.
    """
    if known is not None and known < 1:
        raise InputError("The attacker knows one record at least.")
    rng = generator(random_state)
    ours = _half(np.arange(len(codes)) if patients is None else patients, rng)
    held = rng.permutation(codes[ours].astype(np.int64))[:most]
    tried = _TRIES[attack](_Case(schema, held, codes[~ours].astype(np.int64), known, rng))
    with np.errstate(divide="ignore", invalid="ignore"):  # where too little is known
        begun = time.perf_counter()
        found = tried.read()
        seconds = time.perf_counter() - begun
    right = np.abs(found - held[:, tried.attributes]) <= tried.within
    right = np.delete(right, tried.told, axis=0)
    shares = right.mean(axis=0).tolist()
    return Attempt(
        attack=attack,
        records=len(held),
        known=tried.known,
        had=tried.had,
        read={schema.names[j]: s for j, s in zip(tried.attributes, shares, strict=True)},
        rate=float(right.all(axis=1).mean()),
        seconds=seconds,
    )


@dataclass(frozen=True, eq=False)
class _Case:
    """What an attack is tried on.

    Attributes:
        schema: of all records.
        held: codes to encrypt, shape (N, a).
        others: codes of other people.
        known: how many records the attacker may know; None for enough.
        rng: the source of keys and draws.
    """

    schema: Schema
    held: Codes
    others: Codes
    known: int | None
    rng: np.random.Generator

    def sealed(self, key: AspeKey, *, scaled: bool = True) -> NDArray[np.float64]:
        """The encrypted records."""
        return key.encrypt(self.held, self.rng, scaled=scaled)

    def drawn(self, n: int, known: int) -> Rows:
        """Rows that the attacker knows, of n; at least one is left to read."""
        if not 0 < known < n:
            raise InputError(
                f"Of {n:,} records the attacker would know {known:,}; some must be left.",
                next_step="Give more records, or a smaller --known.",
            )
        return self.rng.choice(n, known, replace=False)


@dataclass(frozen=True, eq=False)
class _Tried:
    """An attack made ready.

    Attributes:
        read: gives codes of all records, shape (N, attributes).
        attributes: which are read.
        told: rows that the attacker knew.
        known: how many records the attacker knew.
        had: what else.
        within: steps by which a value may be missed.
    """

    read: Callable[[], Codes]
    attributes: list[int]
    told: Rows
    known: int
    had: str
    within: int = 0


def _linear(case: _Case) -> _Tried:
    """Vectors have no factor."""
    return _by_known(case, attacks.linear, _rank(case), scaled=False, had="encrypted vectors")


def _projective(case: _Case) -> _Tried:
    """Each vector has a secret factor: a equations for each known record."""
    a = case.held.shape[1]
    enough = -(-((a + 1) * _rank(case) - 1) // a)
    had = "encrypted vectors, each times a secret factor"
    return _by_known(case, attacks.projective, enough, scaled=True, had=had)


def _rank(case: _Case) -> int:
    """Of the table, at most: 2l - 1, for S is not constant."""
    return 2 * (int(case.held.shape[1]) + DUMMIES) + 1


def _by_known(
    case: _Case, attack: Callable[..., Codes], enough: int, *, scaled: bool, had: str
) -> _Tried:
    held = case.held
    told = case.drawn(len(held), enough if case.known is None else case.known)
    table = case.sealed(AspeKey.generate(case.schema.levels, case.rng), scaled=scaled)
    every = list(range(held.shape[1]))
    return _Tried(lambda: attack(table, told, held[told]), every, told, len(told), had)


def _one_query(case: _Case) -> _Tried:
    """The first attribute: its middle half is asked for; a low, a middle, a high value is known."""
    values, name = case.held[:, 0], case.schema.names[0]
    wanted = _VALUES if case.known is None else case.known
    told = _spread(values, case.drawn(len(values), min(10 * wanted, len(values) - 1)), wanted)
    if len(told) < _VALUES:
        raise InputError(f"At least {_VALUES} known records must differ in '{name}'.")
    middle = np.quantile(values, (0.25, 0.75), method="nearest")
    low, high = case.schema.attributes[0].table[np.minimum(middle, case.schema.levels[0] - 1)]
    box = case.schema.box({name: (float(low), float(high))})
    key = AspeKey.generate(case.schema.levels, case.rng)
    lower, upper = (case.sealed(key) @ key.trapdoor(box, case.rng).bounds.T).T
    had = f"what the cloud computes for one query on {name}"
    return _Tried(
        lambda: attacks.one_query(lower, upper, told, values[told])[:, None],
        [0],
        told,
        len(told),
        had,
    )


def _order(case: _Case) -> _Tried:
    """All attributes, from trees over each and the records of other people."""
    held, seen = case.held, case.rng.permutation(case.others)[: case.known]
    every, ids = list(range(held.shape[1])), np.arange(len(held), dtype=np.int32)
    ranked = [RangeTree.build(held, ids, (j,), _LEAF).pool for j in every]
    return _Tried(
        lambda: np.column_stack([attacks.order(ranked[j], seen[:, j]) for j in every]),
        every,
        np.empty(0, dtype=np.int64),
        len(seen),
        f"the order in the trees; right is within {NEAR} steps",
        NEAR,
    )


_TRIES: Mapping[Attack, Callable[[_Case], _Tried]] = {
    Attack.LINEAR: _linear,
    Attack.PROJECTIVE: _projective,
    Attack.QUERY: _one_query,
    Attack.ORDER: _order,
}


def _half(patients: NDArray[np.integer], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Rows of half of the patients."""
    found = np.unique(patients)
    if len(found) < 2:
        raise InputError("An attack takes the records of two persons or more.")
    return np.isin(patients, rng.permutation(found)[: len(found) // 2])


def _spread(values: Codes, rows: Rows, wanted: int) -> Rows:
    """Of these rows some of different values, from low to high."""
    _, first = np.unique(values[rows], return_index=True)
    places = np.linspace(0, len(first) - 1, min(wanted, len(first))).round().astype(np.int64)
    return rows[first[places]]
