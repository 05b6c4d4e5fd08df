# SPDX-License-Identifier: Apache-2.0
"""The figures of the publication on range retrieval through a fog, and what each needs measured."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._fog_returned import STEPS as RETURNED_STEPS
from ._fog_returned import measure_returned
from ._fog_size import STEPS as SIZE_STEPS
from ._fog_size import measure_size
from ._fog_width import STEPS as WIDTH_STEPS
from ._fog_width import measure_width

if TYPE_CHECKING:
    from pmcb_services.retrieval.vitals import Vitals

ATTRIBUTES = 5

Advance = Callable[[int], None]
Document = dict[str, Any]


@dataclass(frozen=True)
class Target:
    """One figure.

    Attributes:
        measure: gives its rows, and more.
        steps: how often it tells of something done.
    """

    measure: Callable[..., Document]
    steps: int


TARGETS: Mapping[str, Target] = {
    "fig7": Target(measure_width, WIDTH_STEPS),
    "fig8": Target(measure_size, SIZE_STEPS),
    "fig9": Target(measure_returned, RETURNED_STEPS),
}


def reproduce(
    name: str, data: "Vitals", *, queries: int, seed: int, advance: Advance = lambda _: None
) -> Document:
    """Measure what a figure shows, one thread.

    Args:
        name: one of ``TARGETS``.
        data: the vitals.
        queries: at each point.
        seed: of keys, records and boxes.
        advance: told how many points are done.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    from ._fog_findings import findings
    from ._fog_verdicts import claims
    from ._machine import machine

    target = TARGETS[name]
    narrowed = data.narrowed(ATTRIBUTES)
    document: Document = {
        "reproduction": "fog",
        "target": name,
        "seed": seed,
        "queries": queries,
        "data": {
            "source": data.source,
            "rows": len(data.codes),
            "attributes": list(narrowed.schema.names),
        },
        "machine": machine(["numba", "numpy", "pmcb-services"]),
    }
    with threadpool_limits(1):
        document |= target.measure(narrowed, queries=queries, seed=seed, advance=advance)
    told = [each.document for each in claims(document)]
    return document | {"claims": told, "findings": findings(document)}
