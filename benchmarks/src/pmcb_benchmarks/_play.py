# SPDX-License-Identifier: Apache-2.0
"""Receivers who take whatever is published and answer it; and what became of that in the end."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pmcb_client.content import ContentClient, ContentError
from pmcb_client.errors import LedgerError
from pmcb_client.gateway import Contract, Network
from pmcb_client.levels_registry import active_epoch
from pmcb_client.network_file import NetworkFile, load
from pmcb_client.receiver import (
    Outbox,
    Parcel,
    accept,
    listing,
    open_subtask,
    queue_answer,
    receiver_folder,
)
from pmcb_client.tasks import announced_keys, prepare, preview, publish, read_task_file
from pmcb_client.usage_errors import KeyPending
from pmcb_client.wallet import Wallet, WalletIdentity

LEVELS = 2
PER_LEVEL = 3
DRAINED_WITHIN_S = 300.0
QUIET_S = 3.0


@dataclass
class Play:
    """A network, its people, and what they were told is done.

    ``queued`` are the answers whose outbox said that they are kept, by uid and task.
    """

    home: Path
    file: NetworkFile
    wallet: Wallet
    contracts: dict[str, Contract]
    network: Network
    receivers: list[WalletIdentity]
    tasks: list[str] = field(default_factory=list)
    claims: dict[tuple[str, str], WalletIdentity] = field(default_factory=dict)
    queued: dict[tuple[str, str], Parcel] = field(default_factory=dict)

    async def feed(self) -> None:
        """Publish tasks, accept their subtasks, queue answers; until cancelled."""
        while True:
            with suppress(ContentError):  # the store may be dead just now
                await self._publish()
            for _ in range(4):
                await self._answer_some()
                await asyncio.sleep(0.5)

    async def drain(self) -> int:
        """Queue what is still to be answered; wait until all is paid; how much is not."""
        deadline = time.monotonic() + DRAINED_WITHIN_S
        while time.monotonic() < deadline:
            await self._answer_some()
            unpaid = len(self.claims) - len(await self._payments())
            if not unpaid:
                return 0
            await asyncio.sleep(1.0)
        return unpaid

    async def look(self) -> dict[str, object]:
        """What is missing, twice, or not as it was acknowledged."""
        rows = {
            (row["holder"], task): row for task in self.tasks for row in await self._submitted(task)
        }
        parcels = self.queued
        told = await self._told()
        earned = sum(row["payment"]["amount"] for row in rows.values() if "payment" in row)
        kept = await self._kept([parcel.hash for parcel in parcels.values()])
        balances = [await self._balance(who.uid, who.label) for who in self.receivers]
        return {
            "tasks": len(self.tasks),
            "acknowledged": len(parcels),
            "missing_on_the_ledger": sum(
                key not in rows or rows[key]["content_hash"] != parcel.hash
                for key, parcel in parcels.items()
            ),
            "missing_in_the_store": len(parcels) - kept,
            "not_acknowledged": len(set(rows) - set(parcels)),
            "submitted_twice": _twice(told["DataSubmitted"]),
            "judged_twice": _twice(told["SubmissionVerified"]),
            "paid_twice": _twice(told["RewardsSettled"]),
            "rejected": sum(
                one["verdict"] == "reject" for row in rows.values() for one in row["verdicts"]
            ),
            "credit_off": earned - sum(balances),
        }

    async def _publish(self) -> None:
        folder = self.home.parent / "task"
        file = read_task_file(folder / "task.yaml")
        ledger, releaser = self.contracts["releaser"], self.wallet.get("releaser")
        epoch = await active_epoch(ledger)
        keys = await announced_keys(ledger, {*file.verifiers, file.institution, releaser.uid})
        record = prepare(
            self.home / "tasks",
            file,
            preview(file, epoch["per_level"]),
            releaser=releaser.uid,
            recipients=keys,
            now_ms=_now_ms(),
        )
        async with ContentClient(load(self.home / "network.json"), releaser) as store:
            await publish(ledger, store, self.home / "tasks", record)
        self.tasks.append(record.task)
        for number, receiver in enumerate(self.receivers):
            subtask = number // PER_LEVEL
            await accept(self.contracts[receiver.label], record.task, subtask)
            self.claims[receiver.uid, record.task] = receiver

    async def _answer_some(self) -> None:
        """Queue the answers of those whose key was delivered."""
        for key in [key for key in self.claims if key not in self.queued]:
            receiver = self.claims[key]
            network = load(self.home / "network.json")
            with suppress(KeyPending, ContentError, LedgerError):
                ledger = self.contracts[receiver.label]
                async with ContentClient(network, receiver) as store:
                    opened = await open_subtask(
                        key[1], ledger=ledger, store=store, identity=receiver
                    )
                source = self.home.parent / f"answer-{opened.instructions.subtask}.json"
                outbox = Outbox(receiver_folder(self.home, receiver) / "outbox.sqlite3")
                self.queued[key] = queue_answer(outbox, opened, source, now_ms=_now_ms())

    async def _submitted(self, task: str) -> list[dict[str, Any]]:
        ledger = self.contracts["releaser"]
        return [
            row
            for subtask in range(LEVELS)
            async for row in listing(ledger, "list_submissions", task, str(subtask))
        ]

    async def _payments(self) -> list[object]:
        rows = [row for task in self.tasks for row in await self._submitted(task)]
        return [row["payment"] for row in rows if "payment" in row]

    async def _balance(self, uid: str, label: str) -> int:
        answer = await self.contracts[label].evaluate("get_balance", *uid.split("/"))
        return int(json.loads(answer)["balance"])

    async def _kept(self, hashes: Sequence[str]) -> int:
        """How many of the files the store still has, whole."""
        kept = 0
        async with ContentClient(
            load(self.home / "network.json"), self.wallet.get("verifier")
        ) as store:
            for digest in hashes:
                with suppress(ContentError):
                    await store.get(digest)
                    kept += 1
        return kept

    async def _told(self) -> dict[str, Counter[str]]:
        """Which slots events tell of, and how often, over the ledger's whole life."""
        told = {name: Counter[str]() for name in _TOLD}
        reader = self.network.chaincode_events(self.file.chaincode, start_block=0)
        async with aclosing(reader) as events:
            with suppress(TimeoutError):
                while True:
                    async with asyncio.timeout(QUIET_S):
                        event = await anext(events)
                    if event.name in told:
                        told[event.name].update(_slots(json.loads(event.payload)))
        return told


_TOLD = ("DataSubmitted", "SubmissionVerified", "RewardsSettled")


def _slots(payload: Mapping[str, object]) -> list[str]:
    slots = payload.get("slots", [payload.get("slot")])
    assert isinstance(slots, list)
    return [f"{payload['task']} {payload['subtask']} {slot}" for slot in slots]


def _twice(counted: Counter[str]) -> int:
    return sum(number > 1 for number in counted.values())


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
