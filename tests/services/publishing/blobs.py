# SPDX-License-Identifier: Apache-2.0
"""Small tables with known clusters, fitted with seeded noise."""

from fractions import Fraction
from random import Random

import numpy as np

from pmcb_services.publishing import Numeric, Schema, Table
from pmcb_services.publishing._fit import Means, measure_all
from pmcb_services.publishing._plan import Plan


def box(width, step=None):
    """A schema of so many numbers in [-1, 1]."""
    return Schema([Numeric(f"x{place}", -1, 1, step) for place in range(width)])


def blobs(persons, width, *, seed=0, clusters=3, spread=0.05):
    """Rows about centres that lie apart."""
    rng = np.random.default_rng(seed)
    centres = np.linspace(-0.7, 0.7, clusters)[:, None] * rng.choice([-1, 1], width)
    return centres[rng.integers(0, clusters, persons)] + spread * rng.standard_normal(
        (persons, width)
    )


def fitted(rows, schema, epsilon=1, *, seed=0, k=None, with_rows=False, probe=None, executor=None):
    """What one fit measures."""
    plan = Plan(
        Fraction(epsilon),
        schema.width,
        rows=with_rows,
        counted=k is not None,
        probed=probe is not None,
    )
    means = Means(Random(seed), np.random.default_rng(seed), executor)
    table = Table.open(rows, schema)
    return measure_all(table, schema, plan, means, n_clusters=k, probe=probe)
