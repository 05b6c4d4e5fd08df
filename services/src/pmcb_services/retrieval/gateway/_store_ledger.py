# SPDX-License-Identifier: Apache-2.0
"""What the ledger says of one store, and is told."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pmcb_client._ledger import Ledger
from pmcb_client.errors import Conflict, Refused
from pmcb_services.common._repeated import repeated
from pmcb_services.retrieval.errors import AccessError, ForkDetected, LedgerUnavailable

if TYPE_CHECKING:
    from pmcb_client.gateway import Pending

__all__ = ["Contract", "Standing", "StoreLedger", "asked"]

TAKEN = ("EXISTS", "EPOCH_ORDER")
"""What the contract says of numbers that do not follow the last one."""

T = TypeVar("T")


class Contract(Ledger, Protocol):
    """As much of `pmcb_client.gateway.Contract` as stores need."""

    async def submit_async(self, function: str, *args: str) -> Pending:
        """Write, and learn the transaction's id."""


@dataclass(frozen=True)
class Standing:
    """How far a store has come.

    Attributes:
        epoch: the last number that was claimed; 0 before the first.
        claimed_by: the transaction that did.
        version, digest: of the newest root that was anchored; 0 and b"" before the first.
        audit_head: of that anchor, hex.
    """

    epoch: int
    claimed_by: str
    version: int
    digest: bytes
    audit_head: str


async def asked(call: Callable[[], Awaitable[T]]) -> T:
    """The result of a call of the contract, repeated where that is harmless.

    Raises:
        LedgerUnavailable: it does not answer.
        AccessError: it said no.
    """
    try:
        return await repeated(call, LedgerUnavailable)
    except Refused as refused:
        raise _no(refused) from refused


def _no(refused: Refused) -> AccessError:
    return AccessError(f"The ledger refuses: {refused.reason or refused.code}", next_step="")


class StoreLedger:
    """The contract's calls about one store, as an institution of its owner.

    All methods raise `LedgerUnavailable` where the ledger does not answer.

    Args:
        contract: of the network's chaincode.
        dataset: the store's id.
    """

    def __init__(self, contract: Contract, dataset: str) -> None:
        self._contract = contract
        self.dataset = dataset
        self._own: set[str] = set()

    async def register(self, version: str) -> None:
        """Register the store; the same again is no change."""
        await asked(lambda: self._contract.submit("register_dataset", self.dataset, "", version))

    async def standing(self) -> Standing:
        """How far it has come.

        Raises:
            AccessError: the ledger knows no such data set.
        """
        answer = await asked(lambda: self._contract.evaluate("get_store", self.dataset))
        found: dict[str, Any] = json.loads(answer)
        epoch, anchor = found.get("epoch", {}), found.get("anchor", {})
        return Standing(
            int(epoch.get("number", 0)),
            str(epoch.get("tx", "")),
            int(anchor.get("version", 0)),
            bytes.fromhex(anchor.get("digest", "")),
            str(anchor.get("audit_head", "")),
        )

    async def claim(self, number: int) -> None:
        """Claim an epoch's number, the last one plus 1.

        A repeat is refused by the contract, so that after a doubt the ledger is asked whose
        transaction claimed it.

        Raises:
            ForkDetected: it was somebody else's.
            AccessError: the ledger said no for another reason.
        """
        try:
            await repeated(lambda: self._claimed(number), LedgerUnavailable)
        except Refused as refused:
            if refused.code not in TAKEN:
                raise _no(refused) from refused
            standing = await self.standing()
            if standing.epoch == number and standing.claimed_by in self._own:
                return
            raise ForkDetected(f"Epoch {number} was claimed by another writer.") from refused

    async def anchor(self, version: int, digest: bytes, audit_head: str) -> None:
        """Say which root is the newest, and where the audit trail ends."""
        words = (self.dataset, str(version), digest.hex(), audit_head)
        await asked(lambda: self._contract.submit("anchor_store", *words))

    async def _claimed(self, number: int) -> None:
        pending = await self._contract.submit_async("claim_store_epoch", self.dataset, str(number))
        self._own.add(pending.transaction_id)
        status = await pending.status()
        if not status.successful:
            raise Conflict("The transaction was marked invalid.", code=status.code)
