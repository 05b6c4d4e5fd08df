# SPDX-License-Identifier: Apache-2.0
"""From opened buckets to an answer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pmcb_services.retrieval._answer import Answer
from pmcb_services.retrieval._box import Box
from pmcb_services.retrieval._numbers import Floats

from ._entry import EMPTY, Entries, raw
from ._held import Held
from ._planner import Plan, nearest
from ._rounds import Rounds

__all__ = ["answer_of", "gathered", "of_patient", "picked", "selected"]


def gathered(held: Held, rounds: Rounds, made: Plan, box: Box, minimum: int) -> Answer:
    """Hits of the layout's cached buckets and of the log, then the nearest of the others.

    Args:
        held: the store.
        rounds: of the epoch, after the plan's rounds.
        made: the plan; its buckets of gap 0 are cached.
        box: the query.
        minimum: k.
    """
    hits = _inside(held, _entries(held, rounds, made.overlaps), box)
    missing = max(0, min(minimum, held.alive) - len(hits)) if minimum else 0
    if not missing:
        return answer_of(held, hits, made.rounds)
    assert made.gaps is not None
    span = held.contents.shape.of_layout(made.layout)
    is_seen = rounds.is_cached[span]
    seen = np.where(is_seen, made.gaps, np.inf)
    unseen = float(np.min(np.where(is_seen, np.inf, made.gaps)))
    fill, gap = _fillers(held, rounds, seen, span.start, box, missing)
    certified = bool(np.isinf(unseen) or gap[-1] < unseen)
    return answer_of(held, hits, made.rounds, fill, gap, certified=certified)


def selected(held: Held, entries: Entries, box: Box, minimum: int, rounds: int) -> Answer:
    """The answer where every entry of the pool is at hand."""
    hits = _inside(held, entries, box)
    missing = max(0, min(minimum, held.alive) - len(hits))
    fill, gap = _nearest(_alive(held, _joined(entries, held.log.inserted)), box, missing)
    return answer_of(held, hits, rounds, fill, gap)


def picked(held: Held, rounds: Rounds, made: Plan, patient: int) -> Answer:
    """All records of one patient, from the cached buckets of the plan."""
    return of_patient(held, _entries(held, rounds, made.overlaps), patient, made.rounds)


def of_patient(held: Held, entries: Entries, patient: int, rounds: int) -> Answer:
    """All records of one patient among these entries and those of the log."""
    name = held.contents.build.schema.patient
    found = _joined(entries, held.log.inserted)
    mine = _taken(found, np.flatnonzero(found["carried"][name] == patient))
    return answer_of(held, _by_id(_alive(held, mine)), rounds)


def answer_of(
    held: Held,
    hits: Entries,
    rounds: int,
    fill: Entries | None = None,
    gap: Floats | None = None,
    *,
    certified: bool = True,
) -> Answer:
    """Hits, then fillers with their gaps."""
    schema = held.contents.build.schema
    entries = hits if fill is None else np.concatenate([hits, fill])
    gaps = np.zeros(len(entries))
    if gap is not None:
        gaps[len(hits) :] = gap
    carried = entries["carried"] if schema.carried else np.zeros(len(entries), schema.carried_dtype)
    return Answer(
        ids=entries["id"].copy(),
        values=schema.decode(entries["code"]),
        carried=carried.copy(),
        in_range=np.arange(len(entries)) < len(hits),
        gap=gaps,
        rounds=rounds,
        certified=certified,
        schema=schema,
    )


def _entries(held: Held, rounds: Rounds, buckets: NDArray[np.intp]) -> Entries:
    return rounds.cached(buckets).reshape(-1).view(held.contents.build.dtype)


def _inside(held: Held, entries: Entries, box: Box) -> Entries:
    """Live entries inside the box, of the buckets and of the log, by id."""
    found = [
        _taken(each, np.flatnonzero(box.contains(each["code"])))
        for each in (entries, held.log.inserted)
    ]
    return _by_id(_alive(held, _joined(*found)))


def _fillers(
    held: Held, rounds: Rounds, seen: Floats, start: int, box: Box, missing: int
) -> tuple[Entries, Floats]:
    """The nearest live entries outside the box among the buckets seen and the log.

    First those of as many buckets as surely hold enough; then of all buckets, too, whose bound is
    no farther than the last one found.
    """
    counts = held.contents.directory.counts[start : start + len(seen)]
    order = nearest(seen, len(seen))
    reached = np.cumsum(counts[order], dtype=np.int64)
    enough = int(np.searchsorted(reached, missing + len(held.log))) + 1
    while True:
        entries = _entries(held, rounds, order[:enough] + start)
        fill, gap = _nearest(_alive(held, _joined(entries, held.log.inserted)), box, missing)
        bound = gap[-1] if len(fill) == missing else np.inf
        needed = int(np.searchsorted(seen[order], bound, side="right"))
        if needed <= enough:
            return fill, gap
        enough = needed


def _nearest(entries: Entries, box: Box, missing: int) -> tuple[Entries, Floats]:
    """The first ``missing`` entries outside the box by (gap, id)."""
    gap = box.gap(np.ascontiguousarray(entries["code"]))
    outside = np.flatnonzero(gap > 0)
    if missing < len(outside):
        last = np.partition(gap[outside], missing - 1)[missing - 1] if missing else 0.0
        outside = outside[gap[outside] <= last]
    order = np.lexsort((entries["id"][outside], gap[outside]))[:missing]
    chosen = outside[order]
    return _taken(entries, chosen), gap[chosen]


def _alive(held: Held, entries: Entries) -> Entries:
    """Without empty slots and without what was deleted."""
    ids = entries["id"]
    filled = np.flatnonzero(ids != EMPTY)
    return _taken(entries, filled[held.live[ids[filled]]])


def _by_id(entries: Entries) -> Entries:
    return _taken(entries, np.argsort(entries["id"], kind="stable"))


def _joined(one: Entries, other: Entries) -> Entries:
    return np.concatenate([one, other]) if len(other) else one


def _taken(entries: Entries, rows: NDArray[np.intp]) -> Entries:
    """Rows as bytes: moving them field by field is five times slower."""
    return raw(entries)[rows].reshape(-1).view(entries.dtype)
