# SPDX-License-Identifier: Apache-2.0
"""A worker searches the store, a stranger is refused; what the cloud saw of both."""

from collections.abc import Sequence

import numpy as np

from pmcb_client.wallet import WalletIdentity
from pmcb_services.retrieval import Attribute
from pmcb_services.retrieval._disease import Disease
from pmcb_services.retrieval.errors import GrantDenied
from pmcb_services.retrieval.leakage import Event, Transcript
from pmcb_services.retrieval.vitals import Vitals
from pmcb_services.retrieval.worker import RetrievalClient

from ._result import Question, Search
from ._store import NAME, Store

Ranges = dict[str, tuple[float | None, float | None]]

_SHOCK = Disease.load("shock").ranges
# What is asked, and how many records are wanted at least. The second is the first once more.
_ASKED: Sequence[tuple[str, Ranges, int]] = (
    ("shock", _SHOCK, 0),
    ("shock again", _SHOCK, 0),
    ("sepsis, at least 30", Disease.load("sepsis").ranges, 30),
    ("a wide range", {"HR": (60, None)}, 0),
)


async def search(running: Store, workers: Sequence[WalletIdentity]) -> Search:
    """All questions of the first worker, and one of the second."""
    seen, plain = running.cloud.seen, running.records
    async with RetrievalClient(running.network, workers[0]) as gateway:
        questions = [await _ask(gateway, running, *each) for each in _ASKED]
        sizes = (await gateway.leakage(NAME))["sizes"]
    seen.begin_query()
    async with RetrievalClient(running.network, workers[1]) as gateway:
        refused = await _refused(gateway)
    labels = [label for event in seen.of("fetch") for label in event.labels]
    return Search(
        source=plain.source,
        records=len(plain.codes),
        patients=len(np.unique(plain.carried["patient"])),
        blobs=sizes["buckets"] + sizes["dummies"],
        batch=sizes["batch"],
        questions=questions,
        repeated=len(labels) - len(set(labels)),
        refused=refused,
        refused_batches=len(_batches(seen, seen.queries)),
    )


async def _ask(
    gateway: RetrievalClient, running: Store, title: str, ranges: Ranges, minimum: int
) -> Question:
    seen, plain = running.cloud.seen, running.records
    seen.begin_query()
    found = await gateway.query(NAME, ranges, minimum)
    ids = [row[0] for row in found["rows"]]
    _, patients = np.unique(plain.carried["patient"], return_inverse=True)
    return Question(
        title=title,
        ranges=_spoken(plain, ranges),
        hits=found["hits"],
        is_exact=_is_exact(ids[: found["hits"]], plain, ranges),
        others=len(ids) - found["hits"],
        certified=found["certified"],
        by_patient=np.bincount(patients[ids], minlength=patients.max() + 1).tolist(),
        batches=[_places(event.labels) for event in _batches(seen, seen.queries)],
    )


async def _refused(gateway: RetrievalClient) -> tuple[str, str]:
    """Code and sentence of the answer to somebody without a grant."""
    try:
        await gateway.query(NAME, _SHOCK)
    except GrantDenied as refused:
        return refused.code, str(refused)
    return "OK", ""


def _is_exact(hits: list[int], plain: Vitals, ranges: Ranges) -> bool:
    inside = plain.schema.box(ranges).contains(plain.codes)
    return hits == np.flatnonzero(inside).tolist()


def _batches(seen: Transcript, query: int) -> list[Event]:
    return [event for event in seen.of("fetch") if event.query == query]


def _places(labels: Sequence[bytes]) -> list[float]:
    """Where labels lie among all that there can be, 0 to 1."""
    return [round(int.from_bytes(label[:8], "big") / 2**64, 4) for label in labels]


def _spoken(plain: Vitals, ranges: Ranges) -> str:
    attributes = {each.name: each for each in plain.schema.attributes}
    return ", ".join(_range(attributes[name], bounds) for name, bounds in ranges.items())


def _range(attribute: Attribute, bounds: tuple[float | None, float | None]) -> str:
    """As people say it.

    >>> _range(Attribute("HR", 0, 255, 1, "bpm"), (100, None))
    'HR from 100 bpm'
    """
    low, high = bounds
    words = [attribute.name]
    words += [] if low is None else [f"from {low:g}"]
    words += [] if high is None else [f"{'up ' if low is None else ''}to {high:g}"]
    return " ".join([*words, attribute.unit])
