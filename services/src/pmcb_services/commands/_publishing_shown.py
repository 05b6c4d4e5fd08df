# SPDX-License-Identifier: Apache-2.0
"""How clusters of a release are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pmcb_client.terminal import table

if TYPE_CHECKING:
    from pmcb_services.publishing import Release
    from pmcb_services.publishing._clusters import Clusters


def clusters_shown(
    release: Release, k: int, *, medoids: bool = False
) -> tuple[dict[str, object], list[Any]]:
    """Clusters as a document, and for people: sizes, what sets each apart, centres."""
    from pmcb_services.publishing._units import cluster_documents, unit_of

    found = release.medoids(k) if medoids else release.clusters(k)
    listed = cluster_documents(release.schema, found)
    many = unit_of(release.schema)[1]
    document = {"k": k, "unit": many, "clusters": listed}
    return document, [_sizes(release, found, many), _centres(release, found)]


def _sizes(release: Release, found: Clusters, many: str) -> Any:
    from pmcb_services.publishing._release_words import distinctions

    words = distinctions(release.measurements, release.schema, found)
    rows = [
        [
            place,
            round(size.persons),
            f"{round(size.low):,} to {round(size.high):,}",
            "; ".join(said) if supported else "unsupported: noise alone may have made it",
        ]
        for place, (size, supported, said) in enumerate(
            zip(found.sizes, found.supported, words, strict=True), 1
        )
    ]
    return table(("cluster", many, "95 % interval", "what sets it apart"), rows)


def _centres(release: Release, found: Clusters) -> Any:
    from pmcb_services.publishing._release_words import number
    from pmcb_services.publishing._units import COARSE, in_units, labels

    names = labels(release.schema)
    cells = [[number(v) for v in row] for row in in_units(release.schema, found.centres, COARSE)]
    places = [str(place) for place in range(1, len(cells) + 1)]
    if len(places) > len(names):
        return table(("centre", *names), [[p, *row] for p, row in zip(places, cells, strict=True)])
    turned = [[name, *values] for name, *values in zip(names, *cells, strict=True)]
    return table(("centre", *places), turned)
