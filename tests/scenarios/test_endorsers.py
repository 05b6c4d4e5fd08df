# SPDX-License-Identifier: Apache-2.0
"""Who endorses what: peers that refuse, disagree or are chosen, and a contract that is not there.

Told with a contract of the tests' own, since PMCB's never does such things.
"""

import asyncio
import json
from typing import Any

import pytest
from tests.fabric import Servers
from tests.scenarios.place import Place
from tests.scenarios.world import ORG_A, ORG_B, Person, World, new_id

from pmcb_client.errors import CommitError, Conflict, EndorseError, GatewayError, Refused
from pmcb_client.gateway import Retry

pytestmark = pytest.mark.anyio

ONCE = Retry(within_s=0.0, conflicts=0)


async def value(person: Person, key: str) -> str | None:
    """What stands under a key, for this person's organisation."""
    found = await person.ask("get", key)
    return found["value"] if found["found"] else None


@pytest.mark.parametrize(
    ("msps", "error"),
    [([ORG_A], Refused), ([ORG_B], Conflict), ([ORG_A, ORG_B], Refused)],
)
async def test_a_peer_that_refuses_stops_the_transaction(
    either: World, msps: list[str], error: type[Exception]
):
    """Where the own one endorses and another refuses, usually one of them is a block behind."""
    person = await either.person("refusing")
    with pytest.raises(error):
        await person.contract.proposal("falter", json.dumps(msps)).endorse()
    with pytest.raises(Refused) as caught:
        await person.contract.submit("falter", json.dumps(msps), retry=ONCE)
    assert (caught.value.code, caught.value.status) == ("NOT_FOUND", 404)
    await person.contract.submit("falter", "[]")


async def test_a_query_asks_one_organisation(either: World):
    """The own one by default; another one's refusal is heard when it is named."""
    person = await either.person("asking")
    await person.contract.evaluate("falter", json.dumps([ORG_B]))
    with pytest.raises(Refused):
        await person.contract.evaluate("falter", json.dumps([ORG_A]))
    if either.place.kind == "fabric":  # one process that cannot tell whom it serves first
        with pytest.raises(Refused):
            await person.contract.evaluate("falter", json.dumps([ORG_B]), endorsing_orgs=[ORG_B])


async def test_peers_that_disagree_are_a_conflict(either: World):
    """A contract that is not deterministic is never ordered."""
    person, key = await either.person("differing"), new_id()
    for orgs in (None, [ORG_A, ORG_B], [ORG_B, ORG_A]):
        with pytest.raises(Conflict):
            await person.contract.submit("differ", key, endorsing_orgs=orgs, retry=ONCE)
    assert await value(person, key) is None


@pytest.mark.parametrize("msp", [ORG_A, ORG_B])
async def test_one_chosen_endorser_does_not_satisfy_the_policy(either: World, msp: str):
    """Whoever chooses answers for it: the transaction stands in a block, and is not valid."""
    person, key = await either.person("choosing"), new_id()
    with pytest.raises(CommitError) as caught:
        await person.contract.submit("put", key, "1", endorsing_orgs=[msp])
    assert caught.value.name == "ENDORSEMENT_POLICY_FAILURE"
    assert await value(person, key) is None
    await person.contract.submit("put", key, "2", endorsing_orgs=[ORG_B, ORG_A])
    assert await value(person, key) == "2"


async def test_a_defect_of_the_contract_is_a_failure_without_its_words(either: World):
    """No refusal, no conflict: nothing is ordered, and the operator finds class and place."""
    person, words = await either.person("failing"), new_id()
    for call in (person.contract.evaluate, person.contract.submit):
        with pytest.raises(GatewayError, match="INTERNAL: tx") as caught:
            await call("fail_with", words, transient={"words": words.encode()}, retry=ONCE)
        assert words not in str(caught.value) + repr(caught.value.details)


async def test_what_was_written_before_a_refusal_is_not(either: World):
    """Neither the value nor the event."""
    person, key = await either.person("late"), new_id()
    with pytest.raises(Refused):
        await person.submit("refuse_late", key, "1")
    assert await value(person, key) is None


@pytest.fixture
def servers(fabric_whole: tuple[Place, Servers]) -> Any:
    """The chaincode servers; all of them run again at the end."""
    yield fabric_whole[1]
    for msp in (ORG_A, ORG_B):
        fabric_whole[1].start_again(msp)


@pytest.mark.fabric
async def test_a_killed_contract_is_told_and_found_again(whole: World, servers: Servers):
    """Nothing is ordered without it; the next proposal after its return succeeds."""
    person, key = await whole.person("patient"), new_id()
    servers.kill(ORG_A)
    with pytest.raises(EndorseError, match="could not launch chaincode"):
        await person.contract.submit("put", key, "1", retry=ONCE)
    servers.kill(ORG_B)
    with pytest.raises(GatewayError, match="could not launch chaincode"):
        await person.contract.evaluate("get", key, retry=ONCE)
    waiting = asyncio.create_task(person.contract.submit("put", key, "2"))
    for msp in (ORG_A, ORG_B):
        servers.start_again(msp)
    await waiting
    assert await value(person, key) == "2"


@pytest.mark.fabric
async def test_another_organisation_answers_while_the_own_contract_is_down(
    whole: World, servers: Servers
):
    """A query needs one peer, and the gateway knows them all."""
    person, key = await whole.person("helped"), new_id()
    neighbour = await whole.person("neighbour", msp=ORG_B)
    await person.submit("put", key, "1")
    await neighbour.submit("ping")
    servers.kill(ORG_A)
    answer = await person.contract.evaluate("get", key, endorsing_orgs=[ORG_B])
    assert json.loads(answer)["value"] == "1"
    assert json.loads(await person.contract.evaluate("get", key))["value"] == "1"
