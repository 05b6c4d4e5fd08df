# SPDX-License-Identifier: Apache-2.0
"""A holder's share of the secret goes to its co-holders, once the holder's own answer stands."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from pmcb_client.sealing import (
    Blob,
    Context,
    Damaged,
    Kind,
    Place,
    SealingError,
    Share,
    seal,
    unwrap_for,
)

from ._claim import co_holders

if TYPE_CHECKING:
    from pmcb_client._ledger import Ledger
    from pmcb_client.content import Receipt
    from pmcb_client.wallet import WalletIdentity

    from ._outbox import Outbox, Parcel

__all__ = ["own_share", "pass_share"]


class Store(Protocol):
    """As much of the content store as is needed here."""

    async def put(self, blob: Blob) -> Receipt:
        """Keep a sealed file."""
        ...


async def pass_share(
    outbox: Outbox, parcel: Parcel, store: Store, ledger: Ledger, identity: WalletIdentity
) -> bool:
    """Whether the share was passed on now; False as long as, or if, there is none.

    It is sealed once, for those to whom a share was dealt, and kept until the store has it: whoever
    is killed in between puts the same file there again.

    Raises:
        LedgerError: ask again later.
        ContentError: the store does not answer, or refuses.
    """
    data = outbox.share(parcel)
    if data is None:
        place = (parcel.task, str(parcel.subtask), str(parcel.slot))
        sealed = json.loads(await ledger.evaluate("get_sealed", *place))
        if "deal" not in sealed:
            task = json.loads(await ledger.evaluate("get_task", parcel.task))
            if "closed" in task:  # nobody will share a secret any more
                outbox.passed(parcel)
            return False
        made = await _sealed(parcel, sealed, ledger, identity)
        if made is None:
            outbox.passed(parcel)
            return False
        data = outbox.share(parcel, made.data)
        assert data is not None
    await store.put(Blob.parse(data))
    outbox.passed(parcel)
    return True


def own_share(identity: WalletIdentity, place: Place, sealed: Mapping[str, Any]) -> Share:
    """The holder's own share, as it was dealt.

    Args:
        identity: the holder.
        place: task, subtask and slot.
        sealed: what the ledger says was sealed for the slot; a share is among it.

    Raises:
        SealingError: it was dealt wrongly: it does not open here, or has another hash.
    """
    context = Context("share", place.task, place.subtask, identity.uid, place.slot)
    wrapped = bytes.fromhex(sealed["share"]["share"])
    share = Share.decode(unwrap_for(identity, wrapped, context))
    if share.hash != sealed["share"]["share_hash"]:
        raise Damaged("The share is not the one whose hash stands on the ledger.")
    return share


async def _sealed(
    parcel: Parcel, sealed: Mapping[str, Any], ledger: Ledger, identity: WalletIdentity
) -> Blob | None:
    """The share for the co-holders; None where it is unusable, or nobody else has one."""
    if "share" not in sealed:  # suspended when the secret was shared
        return None
    place = Place(parcel.task, parcel.subtask, slot=parcel.slot, holder=identity.uid)
    try:
        share = own_share(identity, place, sealed)
    except SealingError:  # passing it on would put the blame on its holder
        return None
    dealt = await co_holders(ledger, parcel.task, parcel.subtask)
    keys = {one.uid: one.key for one in dealt.values() if one.uid != identity.uid}
    if not keys:
        return None
    blob, _ = await asyncio.to_thread(seal, Kind.SHARE, place, share.encode(), recipients=keys)
    return blob
