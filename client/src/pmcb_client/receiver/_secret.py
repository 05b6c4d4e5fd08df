# SPDX-License-Identifier: Apache-2.0
"""The secret that a subtask's holders open together: more than half of them, or nobody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from pmcb_client.content import ContentError, ContentMissing, ContentTampered, ContentUnavailable
from pmcb_client.sealing import (
    BadShare,
    Blob,
    Damaged,
    Kind,
    Place,
    SealingError,
    Share,
    combine,
    open_for,
)

from ._claim import CoHolder, co_holders
from ._passing import own_share

if TYPE_CHECKING:
    from pmcb_client._ledger import Ledger
    from pmcb_client.content import PassedShare
    from pmcb_client.wallet import WalletIdentity

    from ._opened import Opened

__all__ = ["Secret", "open_secret"]

VERSION = 1


class Store(Protocol):
    """As much of the content store as is needed here."""

    async def get(self, digest: str) -> bytes:
        """The bytes under a hash."""
        ...

    async def shares(self, task: str, subtask: int) -> list[PassedShare]:
        """What was passed on."""
        ...


@dataclass(frozen=True)
class Secret:
    """How far a holder is with the subtask's secret.

    Attributes:
        parts: texts by question id; empty while it does not open.
        present, threshold: sound shares that are here, and how many it takes; both 0 before the
            secret was shared.
        bad: slots whose share is not the one that was dealt; their shares were left out.
        problem: why it will not open whatever else is passed on, else "".
    """

    parts: Mapping[str, str] = field(default_factory=dict, repr=False)
    present: int = 0
    threshold: int = 0
    bad: tuple[int, ...] = ()
    problem: str = ""


async def open_secret(
    opened: Opened, *, ledger: Ledger, store: Store, identity: WalletIdentity
) -> Secret | None:
    """The secret of an opened subtask, as far as it opens; None if no question has one.

    Who was dealt no share, being suspended then, is passed none either.

    Raises:
        LedgerError: the ledger does not answer.
        ContentUnavailable: the store does not.
    """
    if not opened.has_secret:
        return None
    place = opened.place
    where = (place.task, str(place.subtask), str(place.slot))
    sealed = json.loads(await ledger.evaluate("get_sealed", *where))
    deal = sealed.get("deal")
    if deal is None:
        return Secret()
    threshold = int(deal["threshold"])
    if "share" not in sealed:
        return Secret(threshold=threshold, problem="You were suspended when it was shared.")
    found = _Shares(await co_holders(ledger, place.task, place.subtask), threshold)
    found.take_own(identity, place, sealed)
    await found.take_passed(identity, place, store)
    so_far = Secret(present=len(found.sound), threshold=threshold, bad=found.named_bad)
    if len(found.sound) < threshold:
        return so_far
    try:
        return replace(so_far, parts=await _parts(opened, deal, found, store))
    except ContentUnavailable:
        raise
    except (SealingError, ContentError) as error:
        return replace(so_far, problem=str(error))


class _Shares:
    """Shares by slot, each checked against the hash that was dealt to the slot."""

    def __init__(self, dealt: Mapping[int, CoHolder], threshold: int) -> None:
        self.threshold = threshold
        self.sound: dict[int, Share] = {}
        self.dealt = dealt
        self._bad: set[int] = set()

    @property
    def named_bad(self) -> tuple[int, ...]:
        """Who passed on a wrong share, and no right one."""
        return tuple(sorted(self._bad - set(self.sound)))

    def take_own(self, identity: WalletIdentity, place: Place, sealed: Mapping[str, Any]) -> None:
        """The caller's own."""
        assert place.slot is not None
        try:
            self.sound[place.slot] = own_share(identity, place, sealed)
        except SealingError:
            self._bad.add(place.slot)

    async def take_passed(self, identity: WalletIdentity, place: Place, store: Store) -> None:
        """Those of others, until there are enough."""
        for slot, holder, digest in await store.shares(place.task, place.subtask):
            if len(self.sound) >= self.threshold:
                return
            dealt = self.dealt.get(slot)
            if slot in self.sound or dealt is None or dealt.uid != holder:
                continue  # anybody enrolled may name a slot; only its holder's share counts
            sender = Place(place.task, place.subtask, slot=slot, holder=holder)
            try:
                blob = Blob.parse(await store.get(digest))
                content = open_for(identity, blob, kind=Kind.SHARE, place=sender)
                self._take(slot, Share.decode(content))
            except ContentMissing:  # named first: a name without a file is a file on its way
                continue
            except (SealingError, ContentTampered):
                self._bad.add(slot)

    def _take(self, slot: int, share: Share) -> None:
        if share.hash != self.dealt[slot].share_hash:
            raise BadShare(slot)
        self.sound[slot] = share


async def _parts(
    opened: Opened, deal: Mapping[str, Any], found: _Shares, store: Store
) -> dict[str, str]:
    """The secret's texts, by question."""
    asked = opened.instructions
    shares = {slot: (share, found.dealt[slot].share_hash) for slot, share in found.sound.items()}
    key = await asyncio.to_thread(combine, asked.task, asked.subtask, deal, shares)
    blob = Blob.parse(await store.get(deal["blob_hash"]))
    place = Place(asked.task, asked.subtask, level=asked.level)
    content = blob.open(key, kind=Kind.SECRET, place=place)
    try:
        document = json.loads(content)
        if document["version"] != VERSION:
            raise Damaged("The secret is of another version: update PMCB.")
        parts = document["secrets"]
        return {str(name): str(parts[name]) for name in _ids(opened) if name in parts}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Damaged("The sealed file holds no secret.") from error


def _ids(opened: Opened) -> list[str]:
    return [question.id for question in opened.instructions.questions if question.secret]
