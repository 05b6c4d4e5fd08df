# SPDX-License-Identifier: Apache-2.0
"""A worker may what an institution granted, for a time; a store has one writer at a time."""

import asyncio
import json
from collections import Counter
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import pytest
from tests.scenarios.world import DAY_MS, ORG_B, Person, World, digest, new_id, outcomes, refused

pytestmark = pytest.mark.anyio

NONE = {"allowed": False, "grant": "", "expires": 0}


@dataclass(frozen=True)
class Ward:
    """An institution with a dataset and a pump, and a worker of the other hospital."""

    institution: Person
    worker: Person
    dataset: str
    pump: str

    def scope(self, begin: int, end: int, **changes: Any) -> dict[str, Any]:
        """All of it, for a time."""
        return {
            "datasets": [self.dataset],
            "devices": {self.pump: ["start", "stop"]},
            "purpose": "treatment",
            "not_before": begin,
            "expires": end,
            **changes,
        }

    async def grant(self, scope: dict[str, Any]) -> str:
        """The id of a new grant."""
        made = new_id()
        args = (made, self.worker.msp, self.worker.name, scope)
        await self.institution.submit("grant_retrieval", *args)
        return made

    async def may_search(self, asked: Person | None = None) -> dict[str, Any]:
        """What a gateway of the institution, or somebody else, is told now."""
        args = (self.worker.msp, self.worker.name, self.dataset)
        return await (asked or self.institution).ask("check_grant", *args)

    async def may(self, command: str) -> dict[str, Any]:
        """Whether the worker may give the pump this command now."""
        args = (self.worker.msp, self.worker.name, self.pump, command)
        return await self.institution.ask("check_device", *args)


async def ward(world: World) -> Ward:
    """A new dataset, and nothing granted."""
    institution = await world.person("institution", "institution", ORG_B)
    made = Ward(
        institution, await world.person("doctor", "worker"), new_id(), f"{ORG_B}/{new_id()}"
    )
    await institution.submit("register_dataset", made.dataset, "", new_id())
    return made


async def test_a_grant_is_the_institutions_to_give(world: World):
    """Another institution, and the worker, can neither grant what is there nor revoke."""
    place = await ward(world)
    stranger = await world.person("institution", "institution")
    colleague = await world.person("institution2", "institution", ORG_B)
    scope = place.scope(world.now(), world.now() + DAY_MS)
    made = await place.grant(scope)
    whom = (place.worker.msp, place.worker.name)
    calls: list[tuple[Any, ...]] = [
        ("grant_retrieval", new_id(), *whom, {**scope, "devices": {}}),
        ("grant_retrieval", new_id(), *whom, {**scope, "datasets": []}),
        ("revoke_grant", made, "ended"),
        ("claim_store_epoch", place.dataset, 1),
        ("anchor_store", place.dataset, 1, digest("root"), digest("audit")),
    ]
    for call in calls:
        with refused("NOT_OWNER"):
            await stranger.submit(*call)
        with refused("ROLE_REQUIRED"):
            await place.worker.submit(*call)
    assert (await place.may_search())["grant"] == made
    for call in calls:
        await colleague.submit(*call)


async def test_before_within_after(world: World):
    """From the first moment of a grant to before its last, and for the commands that it names."""
    place, start = await ward(world), world.now()
    begin, end = start + DAY_MS, start + 2 * DAY_MS
    made = await place.grant(place.scope(begin, end))
    found = {"allowed": True, "grant": made, "expires": end}
    for days, expected in ((0, NONE), (1, found), (1.9, found), (2.1, NONE), (9, NONE)):
        world.offset_ms = int(days * DAY_MS)
        assert await place.may_search() == expected
        assert await place.may("start") == expected
        assert await place.may("pause") == NONE
    with refused("BAD_ARGUMENT"):
        await place.grant(place.scope(begin, world.now() + 367 * DAY_MS))


async def test_revoked_is_over(world: World):
    """At once, for everybody, and for good; another grant of the same goes on."""
    place = await ward(world)
    begin, end = world.now() - 1, world.now() + DAY_MS
    first = await place.grant(place.scope(begin, end))
    second = await place.grant(place.scope(begin, end + 1, devices={}))
    assert (await place.may_search())["grant"] == second
    revoked = await place.institution.submit("revoke_grant", second, "misconduct")
    assert await place.institution.submit("revoke_grant", second, "misconduct") == revoked
    for asked in (place.institution, place.worker):
        assert await place.may_search(asked) == {"allowed": True, "grant": first, "expires": end}
    await place.institution.submit("revoke_grant", first, "ended")
    for asked in (place.institution, place.worker):
        assert await place.may_search(asked) == NONE
    assert await place.may("stop") == NONE
    whom = (place.worker.msp, place.worker.name)
    with refused("EXISTS"):
        scope = place.scope(begin, end)
        await place.institution.submit("grant_retrieval", first, *whom, scope)
    assert await place.may_search() == NONE


async def test_of_many_writers_one_claims_an_epoch(world: World):
    """Two fogs of one identity among them: whoever is refused has to stop."""
    place = await ward(world)
    colleague = await world.person("institution2", "institution", ORG_B)
    for number in (1, 2):
        results = await asyncio.gather(
            *(
                fog.contract.submit("claim_store_epoch", place.dataset, str(number))
                for fog in (place.institution, place.institution, colleague)
            ),
            return_exceptions=True,
        )
        assert Counter(outcomes(results)) == {"ok": 1, "EXISTS": 2}
        (claimed,) = (json.loads(one) for one in results if isinstance(one, bytes))
        found = await place.worker.ask("get_store", place.dataset)
        assert found == {"dataset": place.dataset, "epoch": claimed}
        assert claimed["number"] == number
    with refused("EPOCH_ORDER"):
        await place.institution.submit("claim_store_epoch", place.dataset, 4)


async def test_two_claims_endorsed_alike_are_not_both_valid(world: World):
    """Both saw the epoch free; who is handed in second is invalid, and is refused when it asks."""
    place = await ward(world)
    made = [
        await place.institution.endorsed("claim_store_epoch", place.dataset, 1) for _ in range(2)
    ]
    for transaction in made:
        await transaction.submit()
    assert [(await one.commit.status()).successful for one in made] == [True, False]
    store = await place.institution.ask("get_store", place.dataset)
    assert store["epoch"]["tx"] == made[0].transaction_id


async def test_anchors_do_not_fall(world: World):
    """Not when asked for, and not by an older one that was endorsed before the newer stood."""
    place = await ward(world)
    older, newer, oldest = (
        ("anchor_store", place.dataset, version, digest(f"root {version}"), digest("audit"))
        for version in (7, 8, 6)
    )
    made = [await place.institution.endorsed(*call) for call in (newer, older)]
    for transaction in made:
        await transaction.submit()
    assert [(await one.commit.status()).successful for one in made] == [True, False]
    for call in (older, oldest):
        with refused("VERSION"):
            await place.institution.submit(*call)
    anchor = (await place.worker.ask("get_store", place.dataset))["anchor"]
    assert (anchor["version"], anchor["digest"]) == (8, digest("root 8"))


async def test_what_happened_is_told_and_kept(world: World):
    """Ids only; a grant's and an anchor's past is there for whoever asks later."""
    place = await ward(world)
    institution, dataset, uid = place.institution, place.dataset, place.worker.uid
    made = await place.grant(place.scope(world.now(), world.now() + DAY_MS))
    await institution.submit("claim_store_epoch", dataset, 1)
    for head in ("first", "second"):
        await institution.submit("anchor_store", dataset, 1, digest("root"), digest(head))
    await institution.submit("revoke_grant", made, "request")
    told = []
    async with aclosing(institution.events(start_block=0)) as events:
        async for event in events:
            payload = json.loads(event.payload)
            if payload.get("dataset") == dataset or payload.get("grant") == made:
                told.append((event.name, payload))
            if told and told[-1][0] == "RetrievalRevoked":
                break
    assert told == [
        ("DatasetRegistered", {"v": 1, "dataset": dataset, "number": 1}),
        ("RetrievalGranted", {"v": 1, "grant": made, "uid": uid}),
        ("StoreEpochClaimed", {"v": 1, "dataset": dataset, "number": 1}),
        ("StoreAnchored", {"v": 1, "dataset": dataset, "version": 1}),
        ("StoreAnchored", {"v": 1, "dataset": dataset, "version": 1}),
        ("RetrievalRevoked", {"v": 1, "grant": made, "uid": uid}),
    ]
    grants = (await place.worker.ask("get_history", "GR", [made]))["items"]
    assert [one["record"]["revoked"] for one in grants] == ["request", ""]
    anchors = (await place.worker.ask("get_history", "SA", [dataset]))["items"]
    assert [one["record"]["audit_head"] for one in anchors] == [digest("second"), digest("first")]
