# SPDX-License-Identifier: Apache-2.0
"""Made-up tables of shapes that the constants of ``mpdp-k`` were not chosen on; fixed seeds."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from pmcb_services.publishing import Nominal, Numeric, Schema
from pmcb_services.publishing.datasets import DataSet

Floats = NDArray[np.float64]

_SEED = 11
_GENERATED = "generated"


def _box(width: int) -> Schema:
    return Schema([Numeric(f"x{place}", -1, 1) for place in range(width)])


def rings() -> DataSet:
    """Two rings, one in the other: clusters that no means describe."""
    rng, n = np.random.default_rng(_SEED), 5_000
    angle, radius = rng.uniform(0, 2 * np.pi, n), rng.choice([0.3, 0.8], n)
    rows = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return DataSet("rings", _box(2), rows + rng.normal(0, 0.04, (n, 2)), _GENERATED)


def uneven() -> DataSet:
    """Five clusters in ten columns, of 80, 15, 3, 1.5 and .5 % of the rows."""
    rng, n, d = np.random.default_rng(_SEED), 20_000, 10
    centres = rng.uniform(-0.7, 0.7, (5, d))
    which = rng.choice(5, n, p=[0.8, 0.15, 0.03, 0.015, 0.005])
    return DataSet("uneven", _box(d), centres[which] + rng.normal(0, 0.08, (n, d)), _GENERATED)


def heavy_tails() -> DataSet:
    """Six lognormal columns in bounds that hold nearly all: most rows crowd in a corner."""
    rng, n, d = np.random.default_rng(_SEED), 20_000, 6
    schema = Schema([Numeric(f"x{place}", 0, 100) for place in range(d)])
    shared = rng.normal(0, 0.7, (n, 1))
    return DataSet(
        "heavy-tails", schema, np.exp(1 + shared + rng.normal(0, 0.8, (n, d))), _GENERATED
    )


def no_clusters() -> DataSet:
    """Even noise in six columns: nothing to find."""
    rng = np.random.default_rng(_SEED)
    return DataSet("no-clusters", _box(6), rng.uniform(-1, 1, (20_000, 6)), _GENERATED)


def wards() -> DataSet:
    """Patients by two numbers and two Nominal columns, which five groups share."""
    rng, n = np.random.default_rng(_SEED), 10_000
    schema = Schema(
        [
            Numeric("age", 0, 110, step=1),
            Numeric("temperature", 34, 43, step=0.1),
            Nominal("ward", range(5)),
            Nominal("blood", range(4)),
        ]
    )
    group = rng.choice(5, n, p=[0.35, 0.25, 0.2, 0.15, 0.05])
    age = np.maximum(rng.normal(np.array([30, 75, 60, 8, 45])[group], 9), 0)
    temperature = rng.normal(np.array([36.8, 37.2, 38.6, 37.9, 36.9])[group], 0.4)
    ward = np.where(rng.random(n) < 0.85, group, rng.integers(0, 5, n))
    blood = rng.choice(4, n, p=[0.45, 0.4, 0.11, 0.04])
    rows = np.column_stack([np.rint(age), temperature.round(1), ward, blood])
    return DataSet("wards", schema, rows, _GENERATED)


def visits() -> DataSet:
    """5,000 persons of 1 to 40 visits each; a person counts once, however often they came."""
    return _visits("visits")


def visits_by_row() -> DataSet:
    """The same persons; each of at most eight kept visits counts for an eighth of a person."""
    return _visits("visits-by-row", by_row=True)


def _visits(name: str, *, by_row: bool = False) -> DataSet:
    rng, persons = np.random.default_rng(_SEED), 5_000
    columns = [
        Numeric("systolic", 60, 240),
        Numeric("diastolic", 30, 160),
        Numeric("pulse", 30, 200),
        Numeric("weight", 30, 200),
    ]
    alike = {"weigh": "row", "cap": 8} if by_row else {}
    schema = Schema(columns, subject="patient", **alike)  # type: ignore[arg-type]  # by their names
    kind = rng.choice(4, persons, p=[0.5, 0.25, 0.15, 0.1])
    usual = np.array([[118, 76, 68, 70], [150, 94, 74, 88], [125, 80, 98, 60], [105, 65, 58, 110]])
    own = usual[kind] + rng.normal(0, [8, 6, 7, 10], (persons, 4))
    who = np.repeat(
        np.arange(persons), np.minimum(rng.geometric(np.array([0.3, 0.1])[kind % 2]), 40)
    )
    rows = own[who] + rng.normal(0, [9, 6, 8, 1], (len(who), 4))
    return DataSet(name, schema, np.column_stack([rows, who]), _GENERATED)


SHAPES: Mapping[str, Callable[[], DataSet]] = {
    "rings": rings,
    "uneven": uneven,
    "heavy-tails": heavy_tails,
    "no-clusters": no_clusters,
    "wards": wards,
    "visits": visits,
    "visits-by-row": visits_by_row,
}
