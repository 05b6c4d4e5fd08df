# SPDX-License-Identifier: Apache-2.0
"""``release.json``: what the release is, in one document."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from hashlib import sha256

from ._clusters import Clusters, coreset, scores
from ._measurements import WHOLE, Measurements, Step
from ._release_limits import limits
from ._release_words import BOUGHT
from ._schema import Schema
from ._sizes import Size, Term, size_of
from ._units import cluster_documents, size_document, unit_of
from ._verify import FORMAT

__all__ = [
    "ALGORITHM_VERSION",
    "Ledger",
    "Origin",
    "parts_of",
    "persons_of",
    "release_document",
    "shown_k",
]

ALGORITHM_VERSION = 1
MOST_SHOWN = 10


class Ledger(StrEnum):
    """Who kept the budget that a release was paid from."""

    NONE = "none"
    FILE = "budget-file"
    EMBEDDED = "embedded"
    FABRIC = "fabric"

    @property
    def is_shared(self) -> bool:
        """Whether others can be asked what was recorded."""
        return self in {Ledger.EMBEDDED, Ledger.FABRIC}


@dataclass(frozen=True)
class Origin:
    """What a release was paid from.

    Attributes:
        ledger: who kept the budget.
        cohort: whose budget; "" where nobody kept one.
        request_hash: SHA-256 of the request, hex; "" likewise.
    """

    ledger: Ledger = Ledger.NONE
    cohort: str = ""
    request_hash: str = ""


def release_document(
    measurements: Measurements,
    schema: Schema,
    origin: Origin,
    shown: Clusters,
    files: Mapping[str, bytes],
) -> dict[str, object]:
    """All of release.json.

    Args:
        measurements: of the fit.
        schema: the public one.
        origin: what it was paid from.
        shown: clusters that it begins with.
        files: the others of the release, by name.
    """
    epsilon = measurements.epsilon
    one, many = unit_of(schema)
    return {
        "format": FORMAT,
        "algorithm": measurements.algorithm,
        "algorithm_version": ALGORITHM_VERSION,
        "epsilon": str(epsilon),
        "epsilon_of_replacing": str(2 * epsilon),
        "adjacency": f"add or remove one {one}",
        "unit": many,
        "parts": [
            {"step": step, "epsilon": str(cost), "buys": BOUGHT[step]}
            for step, cost in parts_of(measurements).items()
        ],
        "route": measurements.route,
        "size": size_document(persons_of(measurements)),
        "sizes": "counted" if measurements.of(Step.CLUSTERS) else "sums of measured cells",
        "clusters": cluster_documents(schema, shown),
        "schema": schema.document(),
        "schema_hash": schema.hash,
        "ledger": origin.ledger,
        "cohort": origin.cohort,
        "request_hash": origin.request_hash,
        "limits": limits(measurements, schema, origin.ledger),
        "files": {name: sha256(data).hexdigest() for name, data in sorted(files.items())},
    }


def parts_of(measurements: Measurements) -> dict[Step, Fraction]:
    """What each step cost; the parts sum to epsilon exactly."""
    costs: dict[Step, Fraction] = {}
    for stage in measurements.stages:
        costs[stage.step] = costs.get(stage.step, Fraction(0)) + stage.share
    return costs


def persons_of(measurements: Measurements) -> Size:
    """How many there are in all, with a 95 % interval: all counts of the whole table, pooled."""
    terms = [Term(*stage.law, number=len(stage.values)) for stage in measurements.of(*WHOLE)]
    if measurements.probe is not None:
        terms.append(Term(1, float(measurements.probe.share)))
    trusts = [1.0 / term.variance for term in terms]
    pooled = [
        replace(term, factor=trust / sum(trusts)) for term, trust in zip(terms, trusts, strict=True)
    ]
    return size_of(measurements.persons[0], pooled)


def shown_k(measurements: Measurements) -> int:
    """How many clusters the page shows: as many as were asked for, else 2 to 10, at most √points.

    The best by Calinski and Harabasz of those whose clusters are all supported; of all, if none is.
    With more clusters than the root of the coreset's points the index tells of points, not persons.
    """
    for stage in measurements.of(Step.CLUSTERS, Step.ROUND):
        return len(stage.values)
    most = min(math.isqrt(len(coreset(measurements).points)), MOST_SHOWN)
    found = [s for s in scores(measurements, range(2, most + 1)) if s.calinski_harabasz > 0]
    best = max(found, key=lambda s: (s.supported == s.k, s.calinski_harabasz), default=None)
    return best.k if best else 1
