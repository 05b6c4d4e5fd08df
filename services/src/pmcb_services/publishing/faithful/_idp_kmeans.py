# SPDX-License-Identifier: Apache-2.0
"""IDP k-means: DP k-means whose centres begin as the noisy means of random groups."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from pmcb_services.publishing import Table
from pmcb_services.publishing._measurements import Stage, Step
from pmcb_services.publishing._noise import SYSTEM, Bits

from ._lloyd import Lloyd, paid_round

__all__ = ["IDPKMeans"]


class IDPKMeans(Lloyd):
    """IDP k-means ("improved"): each record falls into one of k groups by lot: pure epsilon.

    The groups' noisy means are the first centres; T + 1 rounds cost ε/(T + 1) each. The lots are
    as secret as the noise, and independent: one record more leaves the others' law as it is.
    Parameters and attributes are `Lloyd`'s.
    """

    def _first(self, table: Table, epsilon: Fraction) -> list[Stage]:
        bits = self.bits or SYSTEM
        share = epsilon / (self.rounds + 1)
        return [paid_round(Step.LOTS, table, _Lots(self.n_clusters, bits), share, bits)]


@dataclass(frozen=True)
class _Lots:
    """A partition by lot: every row, equal ones too, falls into a cell of its own luck."""

    size: int
    bits: Bits

    def assign(self, x: NDArray[np.float64]) -> NDArray[np.int64]:
        """Uniform cells, shape (m,)."""
        drawn = (self.bits.randrange(self.size) for _ in range(len(x)))
        return np.fromiter(drawn, np.int64, len(x))
