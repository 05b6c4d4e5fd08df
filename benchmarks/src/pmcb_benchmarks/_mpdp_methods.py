# SPDX-License-Identifier: Apache-2.0
"""The clusterings that stand beside each other: published ones and ``mpdp-k``."""

import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pmcb_services.publishing import NotEnoughData, Table
from pmcb_services.publishing.datasets import DataSet
from pmcb_services.publishing.faithful import DPKMeans, DPKMedoids, IDPKMeans, MPDPKMedoids

from ._mpdp_names import OURS, PUBLISHED

if TYPE_CHECKING:
    from pmcb_services.publishing._measurements import Measurements

Floats = NDArray[np.float64]


def centres(
    method: str, data: DataSet, epsilon: str, ks: Sequence[int], seed: int
) -> Mapping[int, Floats]:
    """Centres of one run, by k: each of shape (k, d), in [-1, 1]; none where it was refused.

    The published algorithms spend epsilon anew for every k. ``mpdp-k`` spends it once: every k
    follows from the same measurements, and no cluster sizes are counted.
    """
    if method == OURS:
        return _ours(data, epsilon, ks, seed)
    return {k: _published(method, data, epsilon, k, seed) for k in ks}


def _published(method: str, data: DataSet, epsilon: str, k: int, seed: int) -> Floats:
    table = Table.open(data.rows, data.schema)
    if method in {PUBLISHED, "dp-kmedoids"}:
        raw = MPDPKMedoids if method == PUBLISHED else DPKMedoids
        model = raw(schema=data.schema, epsilon=epsilon, n_clusters=k, random_state=seed)
        return model.fit(table).centres_
    paid = DPKMeans if method == "dp-kmeans" else IDPKMeans
    return (
        paid(
            schema=data.schema,
            epsilon=epsilon,
            n_clusters=k,
            random_state=seed,
            bits=random.Random(seed),
        )
        .fit(table)
        .centres_
    )


def fitted(
    data: DataSet, epsilon: str, seed: int, *, n_clusters: int | None = None, rows: bool = False
) -> "Measurements | None":
    """What one fit of ``mpdp-k`` measures, its noise seeded; None where it was refused."""
    from pmcb_services.publishing import MPDPK

    model = MPDPK(
        schema=data.schema,
        epsilon=epsilon,
        n_clusters=n_clusters,
        rows=rows,
        random_state=seed,
        bits=random.Random(seed),
    )
    try:
        return model.fit(data.rows).measurements_
    except NotEnoughData:
        return None


def _ours(data: DataSet, epsilon: str, ks: Sequence[int], seed: int) -> Mapping[int, Floats]:
    from pmcb_services.publishing._clusters import clusters

    found = fitted(data, epsilon, seed)
    return {} if found is None else {k: clusters(found, k).centres for k in ks}
