# SPDX-License-Identifier: Apache-2.0
"""How fast this machine is, in the unit in which orders are long."""

from __future__ import annotations

import time

from pmcb_services.fog.solve._kernel import kernel

__all__ = ["mips"]

_PER_TURN = 8  # a multiplication, two shifts, three exclusive ors, an addition, the loop's branch
_TURNS = 2_000_000


def mips(*, seconds: float = 1.0) -> float:
    """Millions of simple operations a second of one core, the best of several runs [MIPS].

    Each turn of the loop needs the one before, so that no processor does several at once; a turn
    counts as eight operations. What matters is that all servers of a fleet are measured alike:
    lengths of orders are in the same unit, and a gateway corrects what is off by what it sees.

    Args:
        seconds: to measure for.
    """
    _turns(1)
    best, ends = 0.0, time.perf_counter() + seconds
    while time.perf_counter() < ends:
        began = time.perf_counter()
        _turns(_TURNS)
        best = max(best, _TURNS * _PER_TURN / 1e6 / (time.perf_counter() - began))
    return best


@kernel
def _turns(turns: int) -> int:
    """Random numbers (xorshift-multiply), thrown away."""
    state = 88172645463325252
    for _ in range(turns):
        state ^= (state << 13) & 0x7FFFFFFFFFFFFFF
        state ^= state >> 7
        state = (state * 31 + 1) & 0x7FFFFFFFFFFFFFF
    return state
