# SPDX-License-Identifier: Apache-2.0
"""DP k-means (DPLloyd): uniform centres, T paid rounds."""

from __future__ import annotations

from fractions import Fraction

from pmcb_services.publishing import Table
from pmcb_services.publishing._measurements import Stage

from ._lloyd import Lloyd

__all__ = ["DPKMeans"]


class DPKMeans(Lloyd):
    """k-means from noisy counts and sums (Blum et al., SuLQ, PODS 2005): pure epsilon.

    Centres begin uniformly in the public box; T rounds cost ε/T each and publish every cell's
    count and sums with Lap((d+1)·T/ε), empty cells too. Parameters and attributes are `Lloyd`'s.

    >>> import numpy as np
    >>> from pmcb_services.publishing import Numeric, Schema
    >>> schema = Schema([Numeric("age", 0, 100)])
    >>> model = DPKMeans(schema=schema, epsilon="1", n_clusters=2, random_state=0)
    >>> model.fit(np.repeat([[20.0], [80.0]], 1000, axis=0)).centres_.shape
    (2, 1)
    >>> [str(each.share) for each in model.measurements_.stages]
    ['1/5', '1/5', '1/5', '1/5', '1/5']
    """

    def _first(self, table: Table, epsilon: Fraction) -> list[Stage]:
        del table, epsilon
        return []
