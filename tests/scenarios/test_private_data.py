# SPDX-License-Identifier: Apache-2.0
"""Private data: of one organisation, of the other, of both; and what everybody else sees.

Fabric only: the embedded network says by name that it has none.
"""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from contextlib import aclosing

import pytest
from fabric_protos.ledger.rwset.kvrwset.kv_rwset_pb2 import KVRWSet
from tests.scenarios.world import ORG_A, ORG_B, Person, World, new_id

from pmcb_client.errors import CommitError, EndorseError, EvaluateError
from pmcb_client.gateway import Block, BlockKind, Retry

pytestmark = [pytest.mark.anyio, pytest.mark.fabric]

ONCE = Retry(within_s=0.0, conflicts=0)
ABSENT = {"found": False, "value": ""}
CLOSED = "PEER_ERROR"  # the peer keeps a collection closed; the contract never learns why
Orgs = Sequence[str] | None


@pytest.fixture
async def ann(whole: World) -> Person:
    return await whole.person("ann")


@pytest.fixture
async def bob(whole: World) -> Person:
    return await whole.person("bob", msp=ORG_B)


async def keep(person: Person, coll: str, key: str, value: str, *, by: Orgs = None) -> None:
    """Write a value in the only way that keeps it private: as transient data."""
    await person.world.catch_up(person)
    transient = {"value": value.encode()}
    await person.contract.submit(
        "put_private", coll, key, transient=transient, endorsing_orgs=by, retry=ONCE
    )


async def kept(person: Person, coll: str, key: str, *, by: Orgs = None) -> str | None:
    """A value as this person is told it."""
    await person.world.catch_up(person)
    told = await person.contract.evaluate("get_private", coll, key, endorsing_orgs=by, retry=ONCE)
    found = json.loads(told)
    return found["value"] if found["found"] else None


def both_ways(ann: Person, bob: Person) -> list[tuple[str, Person, Person]]:
    """Each organisation's own collection, a member, and somebody who is none."""
    return [("own_a", ann, bob), ("own_b", bob, ann)]


@pytest.mark.parametrize("by", [None, [ORG_A], [ORG_B], [ORG_A, ORG_B]])
async def test_a_stranger_does_not_write_a_foreign_collection(ann: Person, bob: Person, by: Orgs):
    """Whichever organisation's peer is asked."""
    for coll, member, stranger in both_ways(ann, bob):
        key = new_id()
        with pytest.raises(EndorseError, match=CLOSED):
            await keep(stranger, coll, key, "forged", by=by)
        assert await kept(member, coll, key) is None


@pytest.mark.parametrize("by", [None, [ORG_A], [ORG_B]])
async def test_a_stranger_does_not_read_a_foreign_collection(ann: Person, bob: Person, by: Orgs):
    """Neither a value, nor that there is none, nor several, nor a range."""
    for coll, member, stranger in both_ways(ann, bob):
        key = new_id()
        await keep(member, coll, key, "secret")
        await stranger.submit("ping")
        for call in (
            ["get_private", coll, key],
            ["get_private", coll, new_id()],
            ["get_many_private", coll, json.dumps([key, "other"])],
            ["list_private", coll, "", ""],
        ):
            with pytest.raises(EvaluateError, match=CLOSED):
                await stranger.contract.evaluate(*call, endorsing_orgs=by, retry=ONCE)


async def test_a_foreign_peer_does_not_have_a_members_data(ann: Person, bob: Person):
    """A member that asks there is told of an error, not of an absent value."""
    for coll, member, stranger in both_ways(ann, bob):
        key = new_id()
        await keep(member, coll, key, "secret")
        await stranger.submit("ping")
        with pytest.raises(EvaluateError, match=CLOSED):
            await kept(member, coll, key, by=[stranger.msp])
        assert await kept(member, coll, key, by=[member.msp]) == "secret"


async def test_the_own_collection_needs_the_own_endorsement_only(ann: Person, bob: Person):
    """Left alone the gateway asks just that organisation; another's signature does not count."""
    for coll, member, stranger in both_ways(ann, bob):
        key = new_id()
        with pytest.raises(CommitError) as caught:
            await keep(member, coll, key, "unsigned", by=[stranger.msp])
        assert caught.value.name == "ENDORSEMENT_POLICY_FAILURE"
        enough: list[Orgs] = [None, [member.msp], [ORG_A, ORG_B]]
        for by in enough:
            value = new_id()
            await keep(member, coll, key, value, by=by)
            assert await kept(member, coll, key) == value


async def test_a_shared_collection_is_written_and_read_by_both(ann: Person, bob: Person):
    """Its rule asks for both endorsements, of chosen endorsers too; either peer tells the value."""
    key = new_id()
    for writer, reader in ((ann, bob), (bob, ann)):
        for msp in (ORG_A, ORG_B):
            with pytest.raises(CommitError):
                await keep(writer, "shared", key, "half", by=[msp])
        enough: list[Orgs] = [None, [ORG_B, ORG_A]]
        for by in enough:
            value = new_id()
            await keep(writer, "shared", key, value, by=by)
            assert await kept(reader, "shared", key) == value
            assert await kept(writer, "shared", key, by=[reader.msp]) == value


async def test_a_collection_that_is_not_there_is_an_error(ann: Person):
    """Not an absent value, and nothing is ordered."""
    with pytest.raises(EndorseError, match=CLOSED):
        await keep(ann, "nowhere", new_id(), "1")
    with pytest.raises(EvaluateError, match=CLOSED):
        await kept(ann, "nowhere", new_id())


async def test_an_organisation_is_left_a_letter(ann: Person, bob: Person):
    """Everybody writes to an organisation's implicit collection; its peers alone read it."""
    key, letters = new_id(), f"_implicit_org_{ORG_A}"
    await keep(bob, letters, key, "dear ann", by=[ORG_A])
    assert await kept(ann, letters, key) == "dear ann"
    with pytest.raises(EvaluateError, match=CLOSED):
        await kept(bob, letters, key)


async def test_everybody_compares_the_hash(ann: Person, bob: Person):
    """Whoever is told a value elsewhere proves it; an absent one has no hash."""
    key = new_id()
    await keep(ann, "own_a", key, "secret")
    digest = hashlib.sha256(b"secret").hexdigest()
    for person in (ann, bob):
        assert await person.ask("hash_private", "own_a", key) == {"found": True, "sha256": digest}
        assert not (await person.ask("hash_private", "own_a", new_id()))["found"]
        for value, same in ((b"secret", True), (b"guess", False)):
            answer = await person.contract.evaluate(
                "verify_private", "own_a", key, transient={"value": value}
            )
            assert json.loads(answer) == {"same": same}


async def test_what_depends_on_private_data_is_endorsed_by_members(ann: Person):
    """What all of them know can be made public under the usual rule; what one knows cannot."""
    own, shared = new_id(), new_id()
    await keep(ann, "own_a", own, "mine")
    await keep(ann, "shared", shared, "ours")
    with pytest.raises(EndorseError, match="no combination of peers"):
        await ann.contract.submit("copy_private", "own_a", own, retry=ONCE)
    assert await ann.submit("copy_private", "shared", shared) == {"found": True}
    assert (await ann.ask("get", shared))["value"] == "ours"


async def test_a_private_value_is_deleted_and_purged(ann: Person, bob: Person):
    """For every member; after a purge it may be written again."""
    for function in ("delete_private", "purge_private"):
        key = new_id()
        await keep(ann, "shared", key, "1")
        await ann.submit(function, "shared", key)
        for person in (ann, bob):
            assert await kept(person, "shared", key) is None
            assert not (await person.ask("hash_private", "shared", key))["found"]
        await keep(bob, "shared", key, "2")
        assert await kept(ann, "shared", key) == "2"


async def test_many_private_values_and_their_range(ann: Person, bob: Person):
    """More than a peer takes or gives at a time; composite keys stay out of simple ranges."""
    value = {"value": b"row"}
    await ann.world.catch_up(ann)
    await ann.contract.submit("put_many_private", "shared", "2500", transient=value)
    assert await bob.ask("count_private", "shared") == {"count": 2500}
    first, last = sorted((new_id(), new_id()))
    for key in (first, last):
        await keep(ann, "shared", key, "1")
    names = [last, "nobody", first]
    told = await bob.ask("get_many_private", "shared", names)
    assert [each["found"] for each in told["values"]] == [True, False, True]
    listed = (await bob.ask("list_private", "shared", first, last))["keys"]
    assert listed[0] == first
    assert last not in listed
    assert (await bob.ask("list_private", "shared", last, last + "0"))["keys"] == [last]


async def test_writes_of_every_kind_keep_their_order(ann: Person):
    """Public and private ones, a policy and a purge in one transaction: the last one stands."""
    await ann.submit("everything", "shared")
    assert await kept(ann, "shared", "a") == "3"
    assert await ann.ask("get", "a") == ABSENT


async def test_a_transaction_does_not_write_after_a_private_range(ann: Person):
    """A peer would refuse the write when the work is done: the bridge refuses the range."""
    with pytest.raises(EndorseError, match="INTERNAL"):
        await ann.contract.submit("list_and_write", "shared", retry=ONCE)


async def next_blocks(person: Person, kind: BlockKind, start: int, last: int) -> list[Block]:
    """The blocks from one number to another, as this person's peer tells them."""
    found: list[Block] = []
    async with (
        asyncio.timeout(60),
        person.connected() as network,
        aclosing(network.block_events(kind, start_block=start)) as blocks,
    ):
        while not found or found[-1].number < last:
            found.append(await anext(blocks))
    return found


def private_values(blocks: list[Block]) -> set[tuple[str, str]]:
    """Collection and value of each private write that came with blocks."""
    return {
        (coll.collection_name, write.value.decode())
        for block in blocks
        for sent in block.message.private_data_map.values()
        for contract in sent.ns_pvt_rwset
        for coll in contract.collection_pvt_rwset
        for write in KVRWSet.FromString(coll.rwset).writes
    }


async def test_blocks_bring_the_private_data_of_the_readers_organisation(ann: Person, bob: Person):
    """Others' are in no kind of block: there stand hashes."""
    values = {coll: f"value {new_id()}" for coll in ("own_a", "own_b", "shared")}
    start = (await (await ann.contract.submit_async("ping")).status()).block_number
    for coll, person in (("own_a", ann), ("own_b", bob), ("shared", ann)):
        await keep(person, coll, new_id(), values[coll])
    last = (await (await ann.contract.submit_async("ping")).status()).block_number
    for person, own in ((ann, "own_a"), (bob, "own_b")):
        told = await next_blocks(person, "private", start, last)
        assert private_values(told) == {(coll, values[coll]) for coll in (own, "shared")}
        for kind in ("filtered", "full"):
            for block in await next_blocks(person, kind, start, last):
                raw = block.message.SerializeToString()
                assert not [value for value in values.values() if value.encode() in raw]
