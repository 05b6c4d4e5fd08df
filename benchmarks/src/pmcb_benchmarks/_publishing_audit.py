# SPDX-License-Identifier: Apache-2.0
"""How much privacy runs can be shown to lose: ours, and two that promise the same epsilon."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np

from pmcb_services.publishing import Numeric, Schema
from pmcb_services.publishing._fit import Means
from pmcb_services.publishing.audit import FitPair, Pair, audit, pairs
from pmcb_services.publishing.faithful import MPDPKMedoids

from ._mpdp_names import NAMES, PUBLISHED
from ._publishing_anchors import diffprivlib_centres, installed
from ._publishing_cases import DIFFPRIVLIB
from ._publishing_pool import each

PRIMITIVE = "empty and one-record cell"
WIDTH = 6
MANY = 200
_BOX = Schema([Numeric(f"x{place}", -1, 1) for place in range(WIDTH)])


@dataclass(frozen=True)
class FarRecord:
    """Rows in a corner, and the same with one in the opposite corner: who is alone is seen.

    diffprivlib draws its first centres in the middle half of each column and leaves a cluster that
    nobody is in where it was, without noise; with one record its noise takes it elsewhere.
    """

    name: str = DIFFPRIVLIB
    factor: int = 1

    def outcome(self, side: int, epsilon: Fraction, means: Means) -> list[float]:
        """How far the centre that is farther from the crowd lies from the middle."""
        rows = np.vstack([-np.ones((MANY, WIDTH)), np.ones((side, WIDTH))])
        seed = int(means.rng.integers(2**31))
        found = diffprivlib_centres(rows, _BOX, float(epsilon), 2, seed)
        lone = found[np.linalg.norm(found + 1, axis=1).argmax()]
        return [float(np.abs(lone).max()), float(np.abs(found).max(axis=1).min())]


@dataclass(frozen=True)
class MedoidTie:
    """As many rows in one corner as in the other, and one more: the medoid crosses the domain."""

    name: str = PUBLISHED
    factor: int = 1

    def outcome(self, side: int, epsilon: Fraction, means: Means) -> list[float]:
        """Which corner the noisy medoid is nearer to, as Laplace's law weighs it."""
        heaps = [-np.ones((2, WIDTH)), np.ones((2 + side, WIDTH))]
        model = MPDPKMedoids(schema=_BOX, epsilon=epsilon, n_clusters=1, random_state=means.rng)
        (centre,) = model.fit(np.vstack(heaps)).centres_
        return [float(np.abs(centre - 1).sum() - np.abs(centre + 1).sum())]


@dataclass(frozen=True)
class Audited:
    """One pair, and how often it is run on each table."""

    place: int | str
    runs: int
    seed: int


def audited(*, runs: int, fits: int, seed: int) -> list[Audited]:
    """The primitive, every whole fit, and the two others.

    Args:
        runs: of the primitive on each table.
        fits: of the others.
        seed: of noise and choices.
    """
    known = pairs()
    asked = [Audited(n, fits, seed) for n, pair in enumerate(known) if isinstance(pair, FitPair)]
    names = [pair.name for pair in known]
    asked.insert(0, Audited(names.index(PRIMITIVE), runs, seed))
    if installed(DIFFPRIVLIB):
        asked.append(Audited(DIFFPRIVLIB, fits, seed))
    return [*asked, Audited(PUBLISHED, fits, seed)]


def audits(
    executor: Executor,
    asked: Sequence[Audited],
    advance: Callable[[int], None] = lambda _: None,
) -> list[dict[str, Any]]:
    """What each is shown to lose at an epsilon of 1; ``advance`` hears how many are done."""
    return each(executor, _found, asked, advance)


def _found(asked: Audited) -> dict[str, Any]:
    others: Mapping[int | str, Pair] = {DIFFPRIVLIB: FarRecord(), PUBLISHED: MedoidTie()}
    pair = pairs()[asked.place] if isinstance(asked.place, int) else others[asked.place]
    bits = Random(asked.seed)
    found = audit(pair, Fraction(1), asked.runs, bits=bits, random_state=asked.seed)
    return {
        "pair": NAMES.get(found.pair, found.pair),
        "ours": isinstance(asked.place, int),
        "whole": isinstance(pair, FitPair),
        "runs": asked.runs,
        "nominal": float(found.nominal),
        "certified": round(found.certified, 4),
        "sure": round(found.sure, 4),
        "exceeds": found.exceeds,
    }
