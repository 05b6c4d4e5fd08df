# SPDX-License-Identifier: Apache-2.0
"""``index.html``: a release's clusters, sizes, intervals, costs and limits, for reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from ._clusters import Clusters, coreset
from ._column import Floats
from ._listed import Nominal
from ._measurements import Measurements, Step
from ._release_document import Origin, parts_of, persons_of
from ._release_limits import limits
from ._release_picture import colour, picture
from ._release_words import BOUGHT, distinctions, number
from ._schema import Schema
from ._sizes import Size
from ._units import COARSE, in_units, labels, shares_of, unit_of

__all__ = ["release_page"]


@dataclass(frozen=True)
class _Cell:
    """A value of a centre, and where within its column's bounds it lies, percent."""

    text: str
    at: float


@dataclass(frozen=True)
class _Cluster:
    """What the page says of one cluster; ``share`` is of all, the others of the bar, percent."""

    colour: str
    size: str
    interval: str
    share: float
    middle: float
    low: float
    high: float
    supported: bool
    words: list[str]


def release_page(
    measurements: Measurements, schema: Schema, origin: Origin, shown: Clusters
) -> bytes:
    """The page of a release."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = (files(__package__) / "release.html.j2").read_text(encoding="utf-8")
    points = coreset(measurements)
    middle = np.average(points.points, axis=0, weights=points.weights)
    whole = persons_of(measurements)
    epsilon = measurements.epsilon
    page = environment.from_string(source).render(
        many=unit_of(schema)[1],
        whole=_counted(whole),
        whole_interval=_interval(whole),
        epsilon=epsilon,
        counted=bool(measurements.of(Step.CLUSTERS)),
        clusters=_clusters(measurements, schema, shown, whole),
        names=labels(schema),
        rows=list(zip(*_cells(schema, np.vstack([middle, shown.centres])), strict=True)),
        picture=picture(measurements, schema, shown),
        parts=[
            (BOUGHT[step], cost, round(100 * float(cost / epsilon), 1))
            for step, cost in parts_of(measurements).items()
        ],
        probe=measurements.probe,
        limits=limits(measurements, schema, origin.ledger),
        origin=origin,
        synthetic=bool(measurements.of(Step.TREE)),
    )
    return (page.strip() + "\n").encode()


def _counted(size: Size) -> str:
    return f"{round(size.persons):,}"


def _interval(size: Size) -> str:
    return f"{round(size.low):,} to {round(size.high):,}"


def _clusters(
    measurements: Measurements, schema: Schema, shown: Clusters, whole: Size
) -> list[_Cluster]:
    everybody = max(whole.persons, 1.0)
    most = max([size.high for size in shown.sizes] + [1.0])
    said = distinctions(measurements, schema, shown)
    return [
        _Cluster(
            colour(place),
            _counted(size),
            _interval(size),
            round(100 * size.persons / everybody, 1),
            round(100 * size.persons / most, 1),
            round(100 * size.low / most, 1),
            round(100 * size.high / most, 1),
            supported,
            words,
        )
        for place, (size, supported, words) in enumerate(
            zip(shown.sizes, shown.supported, said, strict=True)
        )
    ]


def _cells(schema: Schema, centres: Floats) -> list[Sequence[_Cell]]:
    """For each centre a cell for each column."""
    found: list[Sequence[_Cell]] = []
    for row, centre in zip(in_units(schema, centres, COARSE), centres, strict=True):
        shares = shares_of(schema, centre)
        cells = []
        for column, span, value in zip(schema.columns, schema.spans, row, strict=True):
            if isinstance(column, Nominal):
                part = shares[column.name][str(value)]
                cells.append(_Cell(f"{value} ({part:.0%})", round(100 * part, 1)))
            else:
                at = round(50 * (float(centre[span.start]) + 1), 1)
                cells.append(_Cell(number(value), at))
        found.append(cells)
    return found
