# SPDX-License-Identifier: Apache-2.0
"""Keeping what came: its hash checked, counted against a quota, acknowledged."""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from pmcb_client.content import Receipt
from pmcb_client.http_identity import Caller
from pmcb_client.sealing import Blob, Kind
from pmcb_client.wallet import WalletIdentity
from pmcb_services.common import ErrorCode, ServiceError

from ._blobs import DAY_MS, Blobs, Shelf

__all__ = ["Keeper", "check_hash"]

REMEMBERED = 10_000


@dataclass(frozen=True)
class Keeper:
    """Puts files and notices where they belong, and signs for them.

    Attributes:
        blobs: where they are.
        identity: signs receipts.
        quota_bytes: what a person may put on a day (UTC).
        clock: milliseconds UTC.
        today: bytes by person and day, as far as they were asked for.
        turns: one call of a person counts at a time.
    """

    blobs: Blobs
    identity: WalletIdentity
    quota_bytes: int
    clock: Callable[[], int]
    today: dict[tuple[str, int], int] = field(default_factory=dict)
    turns: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def keep_blob(self, blob: Blob, caller: Caller) -> dict[str, str | int]:
        """Keep a sealed file; the same one again is the same. The receipt."""
        return await self._keep(blob.hash, blob.data, caller, "blobs", blob)

    async def keep_notice(self, digest: str, data: bytes, caller: Caller) -> dict[str, str | int]:
        """Keep a notice; the same one again is the same. The receipt."""
        return await self._keep(digest, data, caller, "notices")

    async def _keep(
        self, digest: str, data: bytes, caller: Caller, shelf: Shelf, blob: Blob | None = None
    ) -> dict[str, str | int]:
        kept = await self.blobs.find(digest, shelf=shelf)
        if kept is None:
            await self._count(digest, len(data), caller)
            if blob is not None and blob.kind is Kind.SHARE:
                # named first: a name without a file is a file on its way
                await self.blobs.add_share(blob.place, digest)
            kept = await self.blobs.put(digest, data, shelf=shelf)
        made = Receipt.sign(digest, len(data), caller.uid, kept.at_ms, self.identity)
        return made.as_document()

    async def _count(self, digest: str, size: int, caller: Caller) -> None:
        """Count a new file against the caller's quota; calls at once take turns."""
        now_ms = self.clock()
        day = (caller.uid, now_ms // DAY_MS)
        async with self.turns[caller.uid]:
            if day not in self.today:
                if len(self.today) >= REMEMBERED:
                    self.today.clear()  # read again from the store when it is asked for
                self.today[day] = await self.blobs.used(caller.uid, now_ms)
            if self.today[day] + size > self.quota_bytes:
                raise ServiceError(
                    ErrorCode.QUOTA, f"{self.quota_bytes:,} bytes a day are yours; try tomorrow."
                )
            await self.blobs.count(caller.uid, now_ms, digest, size)
            self.today[day] += size


def check_hash(data: bytes, digest: str) -> bytes:
    """The bytes, if they have that hash.

    Raises:
        ServiceError: ``HASH_MISMATCH``.
    """
    if hashlib.sha256(data).hexdigest() != digest:
        raise ServiceError(ErrorCode.HASH_MISMATCH, "The bytes have another hash.", field="digest")
    return data
