# SPDX-License-Identifier: Apache-2.0
"""Readiness, and the directory of keys that others seal to."""

from pmcb_chaincode.bridge import Context, JsonObject, transaction

from ._assets import AnnouncedKey
from ._governance import ROLES
from ._governed import Governed


class Directory(Governed):
    """``ping`` and ``announce_key``."""

    @transaction()
    async def ping(self, ctx: Context) -> None:
        """Write nothing: endorsing, ordering and committing it shows that the network works."""

    @transaction(roles=ROLES)
    async def announce_key(self, ctx: Context) -> JsonObject:
        """Enter the caller's certificate key; whoever seals to somebody takes it from here."""
        caller = ctx.caller
        place = AnnouncedKey.key_of(caller.uid)
        key = caller.p256_key()
        stored = await AnnouncedKey.load(ctx, place)
        if stored is not None and (stored.role, stored.key) == (caller.role, key):
            return stored.as_json()
        record = AnnouncedKey(role=caller.role, key=key, at=ctx.time_ms)
        ctx.ledger.put(place, record.encode())
        ctx.set_event("KeyAnnounced", {"v": 1, "uid": caller.uid})
        return record.as_json()
