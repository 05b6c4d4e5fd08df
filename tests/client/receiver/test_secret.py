# SPDX-License-Identifier: Apache-2.0
"""A subtask's secret, as each of its holders sees it: with more than half of the shares."""

import secrets

import pytest
from tests.client.receiver.ward import QUESTIONS, TEXT
from tests.scenarios.site import identity_of
from tests.scenarios.world import digest

from pmcb_client.content import ContentUnavailable
from pmcb_client.receiver import Secret, open_secret
from pmcb_client.sealing import Context, Kind, Place, Share, seal, threshold, unwrap_for

pytestmark = pytest.mark.anyio


async def joined(ward, n, **how):
    """A task whose key these people have, and they, by slot."""
    task = await ward.publish(slots=n, **how)
    await ward.join(task, *ward.people[:n])
    return task, dict(sorted(ward.tasks[task].claims.items()))


async def pass_on(ward, task, slot, content):
    """What a holder puts into the store as its share."""
    held = ward.tasks[task].claims
    own = Place(task, 0, slot=slot, holder=held[slot].uid)
    others = ward.keys(*(person for at, person in held.items() if at != slot))
    blob, _ = seal(Kind.SHARE, own, content, recipients=others)
    await ward.put(held[slot], blob)


async def test_a_subtask_without_a_secret_says_nothing_of_one(ward):
    """None of its questions has any."""
    task, held = await joined(ward, 1, questions=QUESTIONS[:1])
    assert await ward.secret(task, held[0]) is None


async def test_before_the_deal_there_are_no_shares(ward):
    """Accepting is not over."""
    task, held = await joined(ward, 1)
    assert await ward.secret(task, held[0]) == Secret()


@pytest.mark.parametrize("n", [3, 4, 5])
async def test_every_receivers_view(ward, n):
    """After each answer, for each holder: floor(n / 2) shares open nothing, the threshold does."""
    task, held = await joined(ward, n)
    await ward.deal(task)
    passed: set[int] = set()
    for slot, person in held.items():
        for own, reader in held.items():
            seen = await ward.secret(task, reader)
            here = min(len(passed | {own}), threshold(n))
            assert (seen.present, seen.threshold) == (here, threshold(n))
            assert seen.parts == ({"meds": TEXT} if here > n // 2 else {})
            assert (seen.bad, seen.problem) == ((), "")
        sent = await ward.answer(task, person)
        assert len(sent.passed) == 1
        passed.add(slot)
    for reader in held.values():
        assert (await ward.secret(task, reader)).parts == {"meds": TEXT}


@pytest.mark.parametrize("content", [Share(1, bytes(16), bytes(16)).encode(), b"no share"])
async def test_a_false_share_is_named_and_left_out(ward, content):
    """Others open the secret without it."""
    task, held = await joined(ward, 3)
    await ward.deal(task)
    await pass_on(ward, task, 0, content)
    seen = await ward.secret(task, held[2])
    assert (seen.present, seen.bad, dict(seen.parts)) == (1, (0,), {})
    await ward.answer(task, held[1])
    seen = await ward.secret(task, held[2])
    assert (seen.present, seen.bad, seen.parts) == (2, (0,), {"meds": TEXT})


async def test_who_passes_the_right_one_after_a_wrong_one_is_not_named(ward):
    """Whichever the listing names first."""
    task, held = await joined(ward, 3)
    await ward.deal(task)
    for _ in range(3):
        await pass_on(ward, task, 0, Share(1, secrets.token_bytes(16), bytes(16)).encode())
    await ward.answer(task, held[0])
    seen = await ward.secret(task, held[2])
    assert (seen.bad, seen.parts) == ((), {"meds": TEXT})


async def test_a_share_of_another_task_is_named(ward):
    """A sound one, dealt to the same person elsewhere."""
    other, held = await joined(ward, 3)
    await ward.deal(other)
    task, again = await joined(ward, 3)
    await ward.deal(task)
    slot, person = next(iter(again.items()))
    there = next(at for at, one in held.items() if one.uid == person.uid)
    await ward.answer(other, person)
    reader = next(one for one in again.values() if one.uid != person.uid)
    theirs = await ward.secret(other, reader)
    assert theirs.parts == {"meds": TEXT}
    dealt = (await person.ask("get_sealed", other, 0, there))["share"]
    context = Context("share", other, 0, person.uid, there)
    share = unwrap_for(identity_of(person), bytes.fromhex(dealt["share"]), context)
    assert Share.decode(share).hash == dealt["share_hash"]
    await pass_on(ward, task, slot, share)
    seen = await ward.secret(task, reader)
    assert (seen.present, seen.bad) == (1, (slot,))


async def test_a_share_for_others_or_of_another_slot_is_named(ward):
    """A file that its reader cannot open, and one whose store changed it."""
    task, held = await joined(ward, 3)
    await ward.deal(task)
    ann, bob, _ = held.values()
    place = Place(task, 0, slot=0, holder=ann.uid)
    blob, _ = seal(Kind.SHARE, place, bytes(34), recipients=ward.keys(bob))
    await ward.put(ann, blob)
    assert (await ward.secret(task, held[2])).bad == (0,)
    await ward.answer(task, bob)
    async with ward.store(bob) as store:
        (passed,) = [one.hash for one in await store.shares(task, 0) if one.slot == 1]
    path = ward.path(passed)
    path.write_bytes(path.read_bytes()[:-1])
    assert (await ward.secret(task, held[2])).bad == (0, 1)
    path.unlink()  # named first: it is on its way
    assert (await ward.secret(task, held[2])).bad == (0,)


async def test_who_was_suspended_gets_no_share_and_sees_none(ward):
    """The others open the secret; what they pass on is not for that person."""
    task, held = await joined(ward, 3)
    out = held[0]
    authority, other = await ward.world.authorities()
    await authority.submit("suspend", out.msp, out.name, "investigation")
    await ward.deal(task, suspended=[out])
    await other.submit("reinstate", out.msp, out.name, "cleared")
    for person in (held[1], held[2]):
        await ward.answer(task, person)
    for person in (held[1], held[2]):
        assert (await ward.secret(task, person)).parts == {"meds": TEXT}
    seen = await ward.secret(task, out)
    assert (seen.present, seen.threshold, dict(seen.parts)) == (0, 2, {})
    assert "suspended" in seen.problem
    async with ward.store(out) as store:
        listed = [await store.get(digest) for _, _, digest in await store.shares(task, 0)]
    assert all(out.uid.encode() not in blob for blob in listed)
    sent = await ward.answer(task, out)
    assert (sent.passed, ward.outbox(out).to_pass()) == ((), [])


async def test_a_dealer_who_promised_another_secret_is_caught(ward):
    """Enough shares are here, and what they give does not open the file."""
    task, held = await joined(ward, 1)
    await ward.deal(task, secret=bytes(16))
    seen = await ward.secret(task, held[0])
    assert (seen.present, dict(seen.parts)) == (1, {})
    assert "sealed with another key" in seen.problem


@pytest.mark.parametrize("how", [{"purpose": "key"}, {"share_hash": digest("another")}])
async def test_a_dealer_who_dealt_wrongly_is_caught(ward, how):
    """The own share does not open, or has another hash: it is named, and never passed on."""
    task, held = await joined(ward, 3)
    await ward.deal(task, **how)
    assert (await ward.secret(task, held[0])).bad == (0,)
    sent = await ward.answer(task, held[0])
    assert (sent.passed, sent.problem) == ((), None)
    async with ward.store(held[0]) as store:
        assert await store.shares(task, 0) == []


async def test_a_secret_that_the_store_lost_is_said(ward):
    """The shares are right, and there is nothing to open."""
    task, held = await joined(ward, 1)
    await ward.deal(task)
    ward.path(ward.tasks[task].secret_hash).unlink()
    assert "No file is kept" in (await ward.secret(task, held[0])).problem


async def test_a_store_that_does_not_answer_is_no_problem_of_the_secret(ward):
    """Try again later."""
    task, held = await joined(ward, 1)
    await ward.deal(task)
    opened = await ward.open(task, held[0])

    class Silent:
        async def get(self, digest):
            raise ContentUnavailable("The content store does not answer.")

        async def shares(self, task, subtask):
            return []

    with pytest.raises(ContentUnavailable):
        await open_secret(
            opened, ledger=held[0].contract, store=Silent(), identity=identity_of(held[0])
        )
