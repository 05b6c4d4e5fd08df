# SPDX-License-Identifier: Apache-2.0
"""The model of each algorithm that may publish."""

from __future__ import annotations

from fractions import Fraction

from ._measurements import Algorithm, Probe
from ._mpdp_k import MPDPK
from ._noise import SYSTEM, Bits
from ._schema import Schema
from .faithful._dp_kmeans import DPKMeans
from .faithful._idp_kmeans import IDPKMeans
from .faithful._lloyd import Lloyd

__all__ = ["model_of"]


def model_of(
    algorithm: Algorithm,
    schema: Schema,
    epsilon: Fraction,
    k: int | None,
    *,
    rows: bool = False,
    probe: Probe | None = None,
    bits: Bits = SYSTEM,
) -> MPDPK | Lloyd:
    """An unfitted model.

    Args:
        algorithm: which.
        schema: the public columns and bounds.
        epsilon: what a fit costs.
        k: clusters; None, with mpdp-k only, to choose later.
        rows: whether synthetic rows may be drawn; mpdp-k only.
        probe: the number of persons, where it was paid for before; of use to mpdp-k only.
        bits: the source of noise; the operating system's by default, a seeded one in tests only.
    """
    if algorithm is Algorithm.MPDP_K:
        return MPDPK(
            schema=schema, epsilon=epsilon, n_clusters=k, rows=rows, probe=probe, bits=bits
        )
    assert k is not None  # asked for, see `check_algorithm`
    kind = DPKMeans if algorithm is Algorithm.DP_KMEANS else IDPKMeans
    return kind(schema=schema, epsilon=epsilon, n_clusters=k, bits=bits)
