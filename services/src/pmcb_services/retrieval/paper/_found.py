# SPDX-License-Identifier: Apache-2.0
"""What a search on the cloud gives back, and what it took: counts are free of noise."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["NOTHING", "Found"]


class Found(NamedTuple):
    """Record numbers, ascending (by score in a top-k), with the work of finding them.

    Attributes:
        ids: shape (m,), int32.
        tests: scalar products of an encrypted record or node with a token.
        nodes: segments of a tree that were looked at.
    """

    ids: NDArray[np.int32]
    tests: int
    nodes: int

    def beside(self, other: Found) -> Found:
        """Both together."""
        ids = np.sort(np.concatenate([self.ids, other.ids]))
        return Found(ids, self.tests + other.tests, self.nodes + other.nodes)


NOTHING = Found(np.empty(0, dtype=np.int32), 0, 0)
