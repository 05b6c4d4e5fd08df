# SPDX-License-Identifier: Apache-2.0
"""What a release says in words: what epsilon bought, and what sets clusters apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ._clusters import Clusters, coreset
from ._column import Floats, Value
from ._listed import Nominal
from ._measurements import Measurements, Step
from ._schema import Schema
from ._units import COARSE, in_units, shares_of

__all__ = ["BOUGHT", "distinctions", "number"]

BOUGHT = {
    Step.SIZE: "how many there are",
    Step.MOMENTS: "mean and spread of every column",
    Step.FIRST: "counts and sums of a first partition",
    Step.SECOND: "counts and sums of a second one, where the first was full",
    Step.GRID: "counts of a grid",
    Step.LOCAL: "counts and sums where the grid was full",
    Step.CLUSTERS: "how many there are in each of the clusters asked for",
    Step.TREE: "each column's own distribution, for synthetic rows",
    Step.LOTS: "counts and sums of groups drawn by lot",
    Step.ROUND: "counts and sums around the means of the round before",
}

TOLD = 3
APART = 0.4
"""In deviations of the column: nearer to the mean of all a centre is not told of."""

LEAST_SPREAD = 0.05


def distinctions(measurements: Measurements, schema: Schema, clusters: Clusters) -> list[list[str]]:
    """What sets each cluster apart: its three columns farthest from the mean of all, in deviations.

    Args:
        measurements: of the release.
        schema: of the release.
        clusters: derived from the measurements.
    """
    points = coreset(measurements)
    middle = np.average(points.points, axis=0, weights=points.weights)
    spread = np.average((points.points - middle) ** 2, axis=0, weights=points.weights) ** 0.5
    away = (clusters.centres - middle) / np.maximum(spread, LEAST_SPREAD)
    everybody = _told(schema, middle)
    found = []
    for centre, gaps in zip(clusters.centres, away, strict=True):
        order = np.argsort(-np.abs(gaps), kind="stable")
        places = [place for place in order.tolist() if abs(gaps[place]) >= APART]
        own = _told(schema, centre)
        said = dict.fromkeys(_word(own, everybody, place, gaps[place] > 0) for place in places)
        found.append(list(said)[:TOLD])
    return found


def _told(schema: Schema, place: Floats) -> list[tuple[str, str]]:
    """Name and value of each encoded column; of a nominal one the value and its share."""
    (row,) = in_units(schema, place[None], COARSE)
    shares = shares_of(schema, place)
    told: list[tuple[str, str]] = []
    for column, value in zip(schema.columns, row, strict=True):
        if isinstance(column, Nominal):
            parts = shares[column.name].items()
            told += [(f"share of {column.name} {text}", f"{part:.0%}") for text, part in parts]
        else:
            told.append((column.name, number(value)))
    return told


def number(value: Value) -> str:
    """A number with separators, a text as it is.

    >>> number(12345), number(0.25), number("much")
    ('12,345', '0.25', 'much')
    """
    if isinstance(value, str):
        return value
    return f"{value:,}"


def _word(
    own: Sequence[tuple[str, str]], everybody: Sequence[tuple[str, str]], place: int, more: bool
) -> str:
    name, value = own[place]
    return f"{'higher' if more else 'lower'} {name}, {value} (all: {everybody[place][1]})"
