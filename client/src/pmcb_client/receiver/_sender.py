# SPDX-License-Identifier: Apache-2.0
"""From the outbox to the store, and on to the ledger, until it is so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pmcb_client.content import ContentError, ContentRefused
from pmcb_client.errors import LedgerError
from pmcb_client.errors import Refused as LedgerRefused
from pmcb_client.sealing import Blob

from ._claim import submit
from ._outbox import Outbox, Parcel, State

if TYPE_CHECKING:
    from pmcb_client._ledger import Ledger
    from pmcb_client.content import Receipt

__all__ = ["Sent", "send"]


class Store(Protocol):
    """As much of the content store as is needed here."""

    async def put(self, blob: Blob) -> Receipt:
        """Keep a sealed file."""
        ...


@dataclass(frozen=True)
class Sent:
    """What one round came to.

    Attributes:
        submitted: parcels that the ledger has now.
        refused: parcels that it will never have, each with its code.
        waiting: parcels that go on waiting.
        problem: why, "" where nothing waits.
    """

    submitted: tuple[Parcel, ...]
    refused: tuple[Parcel, ...]
    waiting: tuple[Parcel, ...]
    problem: str = ""


async def send(outbox: Outbox, uid: str, store: Store, ledger: Ledger) -> Sent:
    """One round over what waits: each parcel goes as far as it can.

    May be killed at any point and repeated: the store keeps the same bytes once, and the ledger
    answers a repeat with what stands. The copy in the outbox goes only when the transaction that
    names it is valid.
    """
    problem = ""
    for parcel in outbox.pending(uid):
        try:
            if parcel.state is State.WAITING:
                await store.put(Blob.parse(outbox.data(parcel.hash)))
                outbox.uploaded(parcel.hash)
            await submit(
                ledger,
                parcel.task,
                parcel.subtask,
                content_hash=parcel.hash,
                size_bytes=parcel.size,
            )
            outbox.submitted(parcel.hash)
        except (LedgerRefused, ContentRefused) as refused:
            if refused.code == "QUOTA":
                problem = problem or str(refused)
                continue
            outbox.refused(parcel.hash, refused.code)
        except (LedgerError, ContentError) as error:  # no answer, or a doubt: it goes on waiting
            problem = problem or str(error)
    found = outbox.all(uid)
    return Sent(
        tuple(one for one in found if one.state is State.SUBMITTED),
        tuple(one for one in found if one.state is State.REFUSED),
        tuple(outbox.pending(uid)),
        problem,
    )
