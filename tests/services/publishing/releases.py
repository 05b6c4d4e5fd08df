# SPDX-License-Identifier: Apache-2.0
"""A few releases of every kind, made once: fits with seeded noise."""

from dataclasses import replace
from fractions import Fraction
from functools import cache
from random import Random

import numpy as np
from tests.services.publishing.blobs import blobs, box, fitted

from pmcb_services.publishing import Ledger, Nominal, Numeric, Ordinal, Origin, Release, Schema
from pmcb_services.publishing._measurements import Probe
from pmcb_services.publishing.faithful import DPKMeans, IDPKMeans

RECORDED = Origin(Ledger.FABRIC, "ward7", "ab" * 32)


def mixed_schema():
    """Columns of all three kinds, of persons with several rows."""
    return Schema(
        [
            Numeric("age", 18, 90, step=1),
            Nominal("sex", ["f", "m"]),
            Ordinal("pain", ["none", "some", "much"]),
            Numeric("crp, mg/l", 0, 300.5),
        ],
        subject="id",
        cap=16,
    )


def mixed_rows(rows=6000):
    """Three groups that differ in age, pain and CRP; two rows of each person."""
    rng = np.random.default_rng(5)
    group = rng.integers(0, 3, rows)
    return np.array(
        [
            [
                int(40 + 15 * g + 4 * rng.normal()),
                "fm"[rng.integers(2)],
                ["none", "some", "much"][g],
                20 * g + 9 * rng.random(),
                f"p{row // 2}",
            ]
            for row, g in enumerate(group)
        ],
        dtype=object,
    )


def _mixed():
    schema = mixed_schema()
    return Release(schema, fitted(mixed_rows(), schema, 1, k=3, with_rows=True, seed=1))


def _grid():
    schema = box(2)
    return Release(schema, fitted(blobs(400, 2), schema, 1, seed=3))


def _one_partition():
    schema = box(4)
    return Release(schema, fitted(blobs(700, 4), schema, Fraction(1, 2), seed=2), RECORDED)


def _many_columns():
    schema = box(30)
    probe = Probe(3000 * 2**20, Fraction(1, 50))
    return Release(schema, fitted(blobs(3000, 30), schema, Fraction(1, 3), probe=probe))


def _rounds(model, **given):
    one = model(schema=box(3), n_clusters=4, random_state=2, bits=Random(2), **given)
    return one.fit(blobs(900, 3)).release_


KINDS = {
    "mixed": _mixed,
    "grid": _grid,
    "one": _one_partition,
    "many": _many_columns,
    "dp-kmeans": lambda: _rounds(DPKMeans, epsilon="3"),
    "idp-kmeans": lambda: replace(_rounds(IDPKMeans, epsilon="2/3"), origin=RECORDED),
}


@cache
def released(kind):
    """The release of that kind."""
    return KINDS[kind]()
