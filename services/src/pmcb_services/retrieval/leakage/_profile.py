# SPDX-License-Identifier: Apache-2.0
"""What each mode gives away, said and measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pmcb_services.retrieval._box import Codes
from pmcb_services.retrieval._schema import Schema
from pmcb_services.retrieval.cloud import MemoryCloud
from pmcb_services.retrieval.keys import StoreKeys
from pmcb_services.retrieval.oblivious import ObliviousStore

from ._meters import Score, likeness, link, locate
from ._transcript import RecordingCloud
from ._workload import Workload

__all__ = ["PROFILES", "Measured", "measure", "profile_document"]

PROFILES: Mapping[str, Mapping[str, str]] = {
    "oblivious, fixed": {
        "at_rest": "padded number of records, attributes, carried bytes, B, q, T, layouts",
        "per_query": "its time",
        "per_update": "its time; an insert looks like a delete",
    },
    "oblivious, doubling": {
        "at_rest": "padded number of records, attributes, carried bytes, B, q, T, layouts",
        "per_query": "its time and one of log2 T width classes",
        "per_update": "its time; an insert looks like a delete",
    },
    "paper, trees (broken)": {
        "at_rest": "number of records, order of the indexed attributes, links of ids and leaves",
        "per_query": "attributes used, path, signs, result ids, repetition",
        "per_update": "the rank of the record",
    },
    "paper, MRSE scan (broken)": {
        "at_rest": "number of records, linear structure",
        "per_query": "an affine or Moebius image of every value",
        "per_update": "that there is one more record",
    },
}
"""What the cloud learns, by mode."""


@dataclass(frozen=True)
class Measured:
    """Two adversaries on one workload.

    Attributes:
        linking: AUC of telling repeated queries.
        position: |rho| of ordering queries by what they ask for.
        with_rounds: the AUC if a query's number of rounds is used, too.
        queries: how many there were.
    """

    linking: Score
    position: Score
    with_rounds: Score
    queries: int

    def document(self) -> dict[str, object]:
        """For JSON."""
        return {
            "queries": self.queries,
            "linking_auc": self.linking.document(),
            "position_rho": self.position.document(),
            "linking_auc_with_rounds": self.with_rounds.document(),
        }


def measure(
    schema: Schema,
    codes: Codes,
    carried: NDArray[np.void],
    *,
    rounds: str,
    queries: int = 600,
    seed: int = 20,
) -> Measured:
    """Build a store of these records on a recording cloud, ask, and let adversaries guess.

    Args:
        schema: of the records.
        codes: shape (n, a).
        carried: shape (n,).
        rounds: the policy.
        queries: how many, 30 % of which repeat an earlier one.
        seed: of the workload and the permutations; keys are always fresh.
    """
    rng = np.random.default_rng(seed)
    cloud = RecordingCloud(MemoryCloud())
    work = Workload.drawn(schema, codes, queries, rng)
    with ObliviousStore.create(
        cloud, schema, schema.decode(codes), carried, keys=StoreKeys.generate(), rounds=rounds
    ) as store:
        for ranges in work.ranges:
            cloud.seen.begin_query()
            store.query(ranges)
    alike = likeness(cloud.seen.fetched())
    places = cloud.seen.ranks()[:, None]
    counts = np.array(cloud.seen.rounds(), dtype=np.float64)[:, None]
    return Measured(
        linking=link(alike, places, work.asked, rng),
        position=locate(alike, places, work.middle, rng),
        with_rounds=link(alike, np.hstack([places, counts]), work.asked, rng),
        queries=queries,
    )


def profile_document(measured: Mapping[str, Measured]) -> dict[str, dict[str, object]]:
    """All modes for JSON, with the scores of those that were measured."""
    return {
        mode: {**said, **({"measured": measured[mode].document()} if mode in measured else {})}
        for mode, said in PROFILES.items()
    }
