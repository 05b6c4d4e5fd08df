# SPDX-License-Identifier: Apache-2.0
"""Receivers who take what is published and answer it, however often they have to ask."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from pmcb_client.content import ContentClient, ContentError, ContentRefused
from pmcb_client.errors import LedgerError, NetworkFileError, Refused
from pmcb_client.levels_registry import active_epoch
from pmcb_client.receiver import (
    Opened,
    Outbox,
    Parcel,
    accept,
    open_subtask,
    queue_answer,
    receiver_folder,
)
from pmcb_client.tasks import announced_keys, prepare, preview, publish, read_task_file
from pmcb_client.usage_errors import KeyPending
from pmcb_client.wallet import WalletIdentity
from pmcb_services.publishing.errors import ServiceUnavailable
from pmcb_services.retrieval.errors import GatewayUnavailable

from ._organisation_people import PER_LEVEL, People
from ._organisation_site import Site

__all__ = ["Crowd", "Queued", "patiently"]

_AGAIN_S = 0.2
_WITHIN_S = 180.0
_RANGES = ((30, 220), (60, 260))
_AWAY = (
    LedgerError, ContentError, NetworkFileError, KeyPending, GatewayUnavailable, ServiceUnavailable,
)  # fmt: skip

_T = TypeVar("_T")


@dataclass(frozen=True)
class Queued:
    """An answer whose outbox said that it is kept.

    Attributes:
        parcel: as the outbox names it.
        at: of its only row, milliseconds UTC.
        values: of that row.
    """

    parcel: Parcel
    at: int
    values: dict[str, int]


class Crowd:
    """Tasks of one releaser, and what receivers were told is done.

    Attributes:
        tasks: that the ledger has taken.
        answers: by task and label.
    """

    def __init__(self, site: Site, people: People, seed: int) -> None:
        self._site, self._people = site, people
        self._draws = random.Random(f"{seed} crowd")
        self.tasks: list[str] = []
        self.answers: dict[tuple[str, str], Queued] = {}

    async def publish(self) -> str:
        """A task with a slot for every receiver."""
        people = self._people
        file = read_task_file(self._site.folder / "task" / "task.yaml")
        ledger, releaser = people.contract("releaser"), people.get("releaser")
        epoch = await patiently(lambda: active_epoch(ledger))
        readers = {*file.verifiers, file.institution, releaser.uid}
        keys = await patiently(lambda: announced_keys(ledger, readers))
        folder = self._site.home / "tasks"
        parts = preview(file, epoch["per_level"])
        who, now_ms = releaser.uid, _now_ms()
        record = prepare(folder, file, parts, releaser=who, recipients=keys, now_ms=now_ms)

        async def send() -> None:
            async with ContentClient(self._site.network(), releaser) as store:
                await publish(ledger, store, folder, record)

        await patiently(send)
        self.tasks.append(record.task)
        return record.task

    async def accept(self, task: str) -> None:
        """Everybody takes the slot of its level."""
        for number, who in enumerate(self._people.receivers):
            subtask = number // PER_LEVEL
            await patiently(partial(accept, self._people.contract(who.label), task, subtask))

    async def open(self, task: str, label: str) -> Opened:
        """What somebody is asked, once its key is delivered."""
        ledger, who = self._people.contract(label), self._people.get(label)

        async def look() -> Opened:
            async with ContentClient(self._site.network(), who) as store:
                return await open_subtask(task, ledger=ledger, store=store, identity=who)

        return await patiently(look)

    def answer(self, opened: Opened, who: WalletIdentity) -> Queued:
        """Queue it, as `pmcb receiver answer` does; blocks for some milliseconds."""
        fields = sorted(opened.instructions.names)
        values = {name: self._draws.randint(*_RANGES[name == "systolic"]) for name in fields}
        source = self._site.folder / f"answer-{who.label}.json"
        source.write_text(json.dumps(values))
        outbox = Outbox(receiver_folder(self._site.home, who) / "outbox.sqlite3")
        at = _now_ms()
        parcel = queue_answer(outbox, opened, source, now_ms=at)
        queued = Queued(parcel, at, values)
        self.answers[parcel.task, who.label] = queued
        return queued


async def patiently(work: Callable[[], Awaitable[_T]], *, within_s: float = _WITHIN_S) -> _T:
    """The same again while ledger, a service or a key are not there; refusals are final.

    Raises:
        TimeoutError: they did not come back.
    """
    ends = time.monotonic() + within_s
    while True:
        try:
            return await work()
        except (Refused, ContentRefused):
            raise
        except _AWAY as error:
            if time.monotonic() > ends:
                raise TimeoutError(f"{type(error).__name__} for {within_s:g} s") from error
        await asyncio.sleep(_AGAIN_S)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
