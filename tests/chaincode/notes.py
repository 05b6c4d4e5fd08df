# SPDX-License-Identifier: Apache-2.0
"""A second, tiny contract that uses all of the bridge, so that it is tested apart from PMCB."""

import asyncio
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated

from pmcb_chaincode.bridge import (
    Bool,
    Code,
    Context,
    Contract,
    Hash,
    Id,
    Int,
    Json,
    JsonObject,
    ListOf,
    Match,
    Ratio,
    Refusal,
    Row,
    canonical_dumps,
    composite,
    one_of,
    query,
    split_composite,
    text,
    transaction,
)

Text = Annotated[str, text(40)]
Key = Annotated[str, Match(r"[ -~\x00\u00e9]{0,64}", "a key")]


@dataclass(frozen=True)
class Tag:
    """A field inside a field."""

    word: Annotated[str, one_of("red", "blue")]
    weight: Annotated[Fraction, Ratio()]


@dataclass(frozen=True)
class Draft:
    """What a note holds."""

    title: Annotated[str, text(20)]
    pinned: Annotated[bool, Bool()]
    tags: Annotated[tuple[Tag, ...], ListOf(Json(Tag), 0, 3)]
    place: Annotated[tuple[int, int], Row((Int(0, 9), Int(0, 9)))]


class Notes(Contract):
    """Notes, and some ways to go wrong."""

    name = "notes"

    @transaction(roles=("releaser",))
    async def put_note(self, ctx: Context, note_id: Id, words: Text) -> JsonObject:
        """Write a note, its index entry and an event."""
        place = composite("NOTE", note_id)
        if await ctx.ledger.get(place) is not None:
            raise Refusal(Code.EXISTS, "There is such a note.")
        ctx.ledger.put(place, canonical_dumps({"by": ctx.caller.uid, "words": words}))
        ctx.ledger.put(f"last:{ctx.caller.uid}", note_id.encode())
        ctx.set_event("NotePut", {"v": 1, "note": note_id})
        return {"note": note_id, "at": ctx.time_ms}

    @transaction()
    async def drop_notes(self, ctx: Context) -> JsonObject:
        """Delete every note."""
        dropped = [row.key async for row in ctx.ledger.by_prefix("NOTE")]
        for key in dropped:
            ctx.ledger.delete(key)
        return {"dropped": [split_composite(key)[1] for key in dropped]}

    @transaction()
    async def fill(self, ctx: Context, count: Annotated[int, Int(0, 5000)]) -> None:
        """Write many keys."""
        for number in range(count):
            ctx.ledger.put(f"k{number:05}", b"1")

    @transaction()
    async def copy(self, ctx: Context, source: Key, target: Key) -> None:
        """Read one key, write another."""
        value = await ctx.ledger.get(source)
        ctx.ledger.put(target, value or b"absent")

    @query()
    async def read(self, ctx: Context, key: Key) -> JsonObject:
        """One value."""
        value = await ctx.ledger.get(key)
        return {"value": "" if value is None else value.decode()}

    @query()
    async def read_many(
        self, ctx: Context, keys: Annotated[tuple[str, ...], ListOf(Match(".*", "a key"), 0, 5000)]
    ) -> JsonObject:
        """Values in order; "-" for an absent one."""
        found = await ctx.ledger.get_many(keys)
        return {"values": ["-" if value is None else value.decode() for value in found]}

    @query()
    async def list_range(self, ctx: Context, start: Key, end: Key) -> JsonObject:
        """All keys of a range."""
        return {"keys": [row.key async for row in ctx.ledger.range(start, end)]}

    @transaction()
    async def first_of(self, ctx: Context) -> JsonObject:
        """Abandon a range after its first key, then write."""
        async for row in ctx.ledger.range():
            ctx.ledger.put("first", row.key.encode())
            return {"key": row.key}
        return {"key": ""}

    @query()
    async def list_page(
        self, ctx: Context, size: Annotated[int, Int(0, 500)], bookmark: Key
    ) -> JsonObject:
        """One page."""
        page = await ctx.ledger.page("", "", size=size, bookmark=bookmark)
        keys = [row.key for row in page.items]
        return {"keys": keys, "bookmark": page.bookmark, "count": page.count}

    @query()
    async def who(self, ctx: Context) -> JsonObject:
        """The caller, as the contract sees it."""
        caller = ctx.caller
        return {
            "uid": caller.uid,
            "role": caller.role,
            "attributes": caller.attributes,
            "tx": ctx.tx_id,
            "channel": ctx.channel,
            "time_ms": ctx.time_ms,
        }

    @query()
    async def my_key(self, ctx: Context) -> JsonObject:
        """The caller's key, if on P-256."""
        return {"key": ctx.caller.p256_key()}

    @query()
    async def hint_size(self, ctx: Context) -> JsonObject:
        """Transient data reach the contract, and only the contract."""
        return {"size": len(ctx.transient.get("hint", b""))}

    @query()
    async def echo(
        self,
        ctx: Context,
        number: Annotated[int, Int(-5, 5)],
        flag: Annotated[bool, Bool()],
        ident: Id,
        digest: Hash,
        words: Text,
        share: Annotated[Fraction, Ratio()],
        draft: Annotated[Draft, Json(Draft)],
        pair: Annotated[tuple[int, int], Row((Int(0, 9), Int(0, 9)))],
    ) -> JsonObject:
        """Every kind of parameter, read and written again."""
        return {
            "number": number,
            "flag": flag,
            "ident": ident,
            "digest": digest,
            "words": words,
            "share": str(share),
            "tags": [f"{tag.word} {tag.weight}" for tag in draft.tags],
            "pinned": draft.pinned,
            "place": draft.place,
            "pair": pair,
        }

    @query()
    async def large(self, ctx: Context, size: Annotated[int, Int(0, 2**24)]) -> JsonObject:
        """A result of a given size."""
        return {"text": "x" * size}

    @transaction()
    async def page_and_write(self, ctx: Context) -> None:
        """Refused by every peer."""
        await ctx.ledger.page("", "", size=1)

    @query()
    async def write_in_query(self, ctx: Context, delete: Annotated[bool, Bool()]) -> None:
        """A query may not write."""
        if delete:
            ctx.ledger.delete("k")
        else:
            ctx.ledger.put("k", b"v")

    @transaction()
    async def write_badly(self, ctx: Context, key: Key, value: Key) -> None:
        """Empty keys and values."""
        ctx.ledger.put(key, value.encode())

    @transaction()
    async def two_events(self, ctx: Context) -> None:
        """Fabric keeps one."""
        ctx.set_event("One", {})
        ctx.set_event("Two", {})

    @transaction()
    async def refuse_late(self, ctx: Context, source: Key) -> None:
        """A refusal after writes and an event."""
        ctx.ledger.put("k", b"v")
        ctx.set_event("Never", {})
        value = await ctx.ledger.get(source)
        raise Refusal(Code.SUSPENDED, f"You cannot, with {len(value or b'')} bytes.")

    @transaction()
    async def raise_with(self, ctx: Context, words: Text, source: Key) -> None:
        """A defect whose message holds an argument, a value and transient data."""
        value = await ctx.ledger.get(source)
        ctx.ledger.put("k", b"v")
        raise RuntimeError(words, value, dict(ctx.transient))

    @transaction()
    async def cancel_itself(self, ctx: Context) -> None:
        """A defect that looks like a cancelled task."""
        raise asyncio.CancelledError

    @transaction()
    async def gather_reads(self, ctx: Context, count: Annotated[int, Int(0, 50)]) -> JsonObject:
        """Reads that a careless author starts at once."""
        reads = (ctx.ledger.get(f"k{number:05}") for number in range(count))
        found = await asyncio.gather(*reads)
        ctx.ledger.put("sum", str(len(found)).encode())
        return {"values": [(value or b"-").decode() for value in found]}

    @transaction()
    async def swallow(self, ctx: Context) -> JsonObject:
        """Go on after a failed call, as nobody should."""
        try:
            await ctx.ledger.get("first")
        except Exception:  # noqa: BLE001
            value = await ctx.ledger.get("second")
            return {"value": (value or b"-").decode()}
        return {"value": "first"}

    @transaction()
    async def give_up(self, ctx: Context) -> JsonObject:
        """Stop waiting for one call and make the next, whose answer is another."""
        first = asyncio.ensure_future(ctx.ledger.get("first"))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        value = await ctx.ledger.get("second")
        return {"value": (value or b"-").decode()}

    @query()
    async def null_result(self, ctx: Context) -> JsonObject:
        """A result without canonical form."""
        return {"ratio": 0.5}  # type: ignore[dict-item]  # the defect under test

    async def unmarked(self, ctx: Context) -> JsonObject:
        """Public, and yet no function of the contract."""
        return {"never": True}
