# SPDX-License-Identifier: Apache-2.0
"""The classical list heuristics on completion times; ties to the lowest index.

Ibarra, Kim, "Heuristic Algorithms for Scheduling Independent Tasks on Nonidentical Processors",
J. ACM 24, 1977; Maheswaran et al., "Dynamic Mapping of a Class of Independent Tasks onto
Heterogeneous Computing Systems", JPDC 59, 1999. All but `lpt` look at time alone, not at energy.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pmcb_services.fog.model import Instance

from ._kernel import kernel
from ._listing import listed

__all__ = ["lpt", "maxmin", "mct", "minmin", "sufferage"]

Floats = NDArray[np.float64]
Ids = NDArray[np.int32]

_LEAST, _MOST, _SUFFERS = 0, 1, 2


@kernel
def _two_best(row: Floats, ready: Floats) -> tuple[int, float, float]:
    """The server that completes an order first, when, and when the second best would."""
    place, first, second = 0, np.inf, np.inf
    for j in range(len(ready)):
        done = ready[j] + row[j]
        if done < first:
            place, first, second = j, done, first
        elif done < second:
            second = done
    return place, first, second


@kernel
def _mapped(etc: Floats, at: Floats, rule: int) -> Ids:
    """Map one order after another, the one that the rule picks, to where it completes first."""
    n = etc.shape[0]
    ready = at.copy()
    place, keys = np.empty(n, np.int32), np.empty(n)
    waits, stale = np.ones(n, np.bool_), np.ones(n, np.bool_)
    for _ in range(n):
        picked = -1
        for i in range(n):
            if not waits[i]:
                continue
            if stale[i]:  # what changed is the completion on one server alone
                place[i], first, second = _two_best(etc[i], ready)
                keys[i] = second - first if rule == _SUFFERS else first
                if rule == _LEAST:
                    keys[i] = -first
                stale[i] = False
            if picked < 0 or keys[i] > keys[picked]:
                picked = i
        waits[picked] = False
        j = place[picked]
        ready[j] += etc[picked, j]
        for i in range(n):
            stale[i] = stale[i] or place[i] == j or rule == _SUFFERS
    return place


@kernel
def _mct(etc: Floats, at: Floats) -> Ids:
    ready, place = at.copy(), np.empty(len(etc), np.int32)
    for i in range(len(etc)):
        place[i] = _two_best(etc[i], ready)[0]
        ready[place[i]] += etc[i, place[i]]
    return place


def minmin(instance: Instance) -> Ids:
    """First the order that can complete first."""
    return _mapped(instance.etc, instance.ready, _LEAST)


def maxmin(instance: Instance) -> Ids:
    """First the order whose earliest completion is the latest."""
    return _mapped(instance.etc, instance.ready, _MOST)


def sufferage(instance: Instance) -> Ids:
    """First the order that would lose most if it got its second best server."""
    return _mapped(instance.etc, instance.ready, _SUFFERS)


def mct(instance: Instance) -> Ids:
    """In the order of the rows, each to where it completes first."""
    return _mct(instance.etc, instance.ready)


def lpt(instance: Instance) -> Ids:
    """The longest order first, each to the server where it adds least to the cost."""
    return listed(instance, np.ones(instance.m))
