# SPDX-License-Identifier: Apache-2.0
"""A picture of the clusters as SVG: the coreset's points in the two columns that tell most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._clusters import Clusters, coreset
from ._column import Floats
from ._kmeans import nearest
from ._measurements import Measurements
from ._release_words import number
from ._schema import Schema
from ._units import COARSE, in_units, labels

__all__ = ["Picture", "picture"]

COLOURS = ("#3366a8", "#c4572e", "#3f8f5b", "#8a5aa8", "#a88a1e", "#2f97a3", "#b8456f", "#6b7280")
WIDTH, HEIGHT, LEFT, BOTTOM, EDGE = 640, 400, 70, 48, 14
LARGEST = 26.0
"""Pixels: the radius of a point that would hold everybody."""

TICKS = 5


@dataclass(frozen=True)
class Dot:
    """A point of the picture, in pixels."""

    x: float
    y: float
    radius: float
    colour: str


@dataclass(frozen=True)
class Tick:
    """A mark of an axis, in pixels."""

    at: float
    text: str


@dataclass(frozen=True)
class Picture:
    """What the page draws.

    Attributes:
        names: of the two columns.
        dots: points of the coreset, the area as their weight.
        centres: of the clusters, in order.
        across, up: the axes' marks.
    """

    names: tuple[str, str]
    dots: list[Dot]
    centres: list[Dot]
    across: list[Tick]
    up: list[Tick]


def colour(place: int) -> str:
    """Of a cluster, the largest first."""
    return COLOURS[place % len(COLOURS)]


def picture(measurements: Measurements, schema: Schema, clusters: Clusters) -> Picture | None:
    """The picture; None where fewer than two columns have an order."""
    points = coreset(measurements)
    spans = zip(schema.columns, schema.spans, strict=True)
    ordered = [span.start for column, span in spans if column.width == 1]
    if len(ordered) < 2:
        return None
    owners, _ = nearest(points.points, clusters.centres)
    x, y = _telling(points.points, points.weights, clusters.centres[owners], ordered)
    across, up = (_Axis.of(points.points[:, place]) for place in (x, y))
    radii = LARGEST * np.sqrt(points.weights / points.weights.sum())
    order = np.argsort(-points.weights, kind="stable")
    starts = [span.start for span in schema.spans]
    columns = dict(zip(starts, labels(schema), strict=True))
    return Picture(
        (columns[x], columns[y]),
        [
            Dot(
                across.across(points.points[i, x]),
                up.up(points.points[i, y]),
                round(max(float(radii[i]), 1.2), 1),
                colour(int(owners[i])),
            )
            for i in order.tolist()
        ],
        [
            Dot(across.across(centre[x]), up.up(centre[y]), 9, colour(place))
            for place, centre in enumerate(clusters.centres)
        ],
        [Tick(across.across(at), text) for at, text in _ticks(schema, x, across)],
        [Tick(up.up(at), text) for at, text in _ticks(schema, y, up)],
    )


def _telling(points: Floats, weights: Floats, centres: Floats, ordered: list[int]) -> list[int]:
    """The two columns in which clusters differ most, in their order."""
    middle = np.average(points, axis=0, weights=weights)
    between = weights @ (centres - middle) ** 2
    best = np.argsort(-between[ordered], kind="stable")[:2]
    return sorted(ordered[place] for place in best.tolist())


@dataclass(frozen=True)
class _Axis:
    """From where to where the points lie, in [-1, 1], with a margin."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Floats) -> _Axis:
        low, high = float(values.min()), float(values.max())
        margin = max(0.06 * (high - low), 0.01)
        return cls(max(low - margin, -1.02), min(high + margin, 1.02))

    def _part(self, value: float) -> float:
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def across(self, value: float) -> float:
        return round(LEFT + self._part(float(value)) * (WIDTH - LEFT - EDGE), 1)

    def up(self, value: float) -> float:
        return round(HEIGHT - BOTTOM - self._part(float(value)) * (HEIGHT - BOTTOM - EDGE), 1)


def _ticks(schema: Schema, place: int, axis: _Axis) -> list[tuple[float, str]]:
    places = np.linspace(max(axis.low, -1.0), min(axis.high, 1.0), TICKS)
    points = np.zeros((TICKS, schema.width))
    points[:, place] = places
    column = [span.start for span in schema.spans].index(place)
    rows = in_units(schema, points, COARSE)
    texts = [number(row[column]) for row in rows]
    told = zip(places.tolist(), texts, ["", *texts], strict=False)
    return [(at, text) for at, text, before in told if text != before]
