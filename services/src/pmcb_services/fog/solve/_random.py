# SPDX-License-Identifier: Apache-2.0
"""Random numbers inside compiled loops."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._kernel import kernel

__all__ = ["State", "below", "bits", "stream"]

State = NDArray[np.uint64]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_LOW = np.uint64(0xFFFFFFFF)


def stream(rng: np.random.Generator) -> State:
    """(1,): the state of a stream of its own, which `bits` moves on.

    numba's ``np.random`` is one hidden state per thread, so that plans would depend on threads.
    """
    return rng.integers(0, 2**64, 1, dtype=np.uint64)


@kernel
def bits(state: State) -> np.uint64:
    """64 random bits: splitmix64 (Steele, Lea, Flood 2014, figure 15)."""
    state[0] += _STEP
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    return np.uint64(z ^ (z >> np.uint64(31)))


@kernel
def below(count: int, drawn: np.uint64) -> np.int64:
    """A number below ``count`` from the lower 32 of some bits."""
    return np.int64(((drawn & _LOW) * np.uint64(count)) >> np.uint64(32))
