# SPDX-License-Identifier: Apache-2.0
"""Opening a subtask: the key that was delivered, the envelope that the ledger names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from pmcb_client.answers import Instructions
from pmcb_client.sealing import Blob, Context, Damaged, Kind, Place, unwrap_for
from pmcb_client.usage_errors import KeyPending

from ._claim import held_claim
from ._opened import Opened

if TYPE_CHECKING:
    from pmcb_client._ledger import Ledger
    from pmcb_client.wallet import WalletIdentity

__all__ = ["open_subtask"]


class Store(Protocol):
    """As much of the content store as is needed here."""

    async def get(self, digest: str) -> bytes:
        """The bytes under a hash."""
        ...


async def open_subtask(
    task: str, *, ledger: Ledger, store: Store, identity: WalletIdentity
) -> Opened:
    """The subtask of ``task`` whose slot the caller holds, with its questions.

    Raises:
        Refused: ``NOT_HOLDER``.
        KeyPending: the releaser has not delivered the key yet.
        ContentError: the envelope is not there, or not what the ledger names.
        SealingError: it does not open, or holds something else than this subtask's questions.
    """
    claim = await held_claim(ledger, task)
    record = json.loads(await ledger.evaluate("get_task", task))
    number, slot = claim["subtask"], claim["slot"]
    part = record["subtasks"][number]
    sealed = json.loads(await ledger.evaluate("get_sealed", task, str(number), str(slot)))
    if "key" not in sealed:
        raise KeyPending(
            f"The key of task {task} was not delivered to you yet.",
            next_step="The releaser's `pmcb task serve` delivers it; try again later.",
        )
    context = Context("key", task, number, identity.uid, slot)
    key = unwrap_for(identity, bytes.fromhex(sealed["key"]["wrapped"]), context)
    envelope = Blob.parse(await store.get(part["envelope_hash"]))
    place = Place(task, number, level=part["level"])
    instructions = Instructions.decode(envelope.open(key, kind=Kind.INSTRUCTIONS, place=place))
    _check(instructions, record, part)
    return Opened(
        holder=identity.uid,
        slot=slot,
        since_ms=claim["at"],
        submit_until=record["submit_until"],
        readers=await _readers(ledger, record),
        instructions=instructions,
    )


def _check(instructions: Instructions, record: Mapping[str, Any], part: Mapping[str, Any]) -> None:
    """A releaser might show one notice and mean another."""
    told = (instructions.task, instructions.subtask, instructions.level, instructions.notice_hash)
    if told != (record["task"], part["subtask"], part["level"], record["notice_hash"]):
        raise Damaged("The envelope holds the questions of another task, or under another notice.")


async def _readers(ledger: Ledger, record: Mapping[str, Any]) -> dict[str, str]:
    """The keys, from the ledger alone, of the verifiers and of who gets the results."""
    to = record["institution"] if record["results_to"] == "institution" else record["releaser"]
    keys: dict[str, str] = {}
    for uid in sorted({*record["verifiers"], to}):
        announced = json.loads(await ledger.evaluate("get_key", *uid.split("/")))
        keys[uid] = announced["key"]
    return keys
