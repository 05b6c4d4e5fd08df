# SPDX-License-Identifier: Apache-2.0
"""Keys with endorsement policies of their own: set, enforced, changed, and found by the gateway.

Fabric only: the embedded network says by name that it has none.
"""

import json
from collections.abc import Sequence

import pytest
from fabric_protos.common.common_pb2 import Payload
from fabric_protos.msp.identities_pb2 import SerializedIdentity
from fabric_protos.peer.transaction_pb2 import ChaincodeActionPayload, Transaction
from tests.scenarios.world import ORG_A, ORG_B, Person, World, new_id

from pmcb_chaincode.bridge import endorsed_by
from pmcb_client.errors import CommitError, EndorseError
from pmcb_client.gateway import Proposal, Retry

pytestmark = [pytest.mark.anyio, pytest.mark.fabric]

ONCE = Retry(within_s=0.0, conflicts=0)
BOTH = [ORG_A, ORG_B]


@pytest.fixture
async def ann(whole: World) -> Person:
    return await whole.person("ann")


@pytest.fixture
async def bob(whole: World) -> Person:
    return await whole.person("bob", msp=ORG_B)


async def guarded(person: Person, *msps: str) -> str:
    """A new key whose writes these organisations endorse."""
    key = new_id()
    await person.submit("put", key, "0")
    await person.submit("set_policy", key, list(msps))
    return key


async def not_enough(person: Person, *call: str, by: Sequence[str]) -> None:
    """These endorsers do not do: the transaction stands in a block, and is not valid."""
    with pytest.raises(CommitError) as caught:
        await person.contract.submit(*call, endorsing_orgs=by)
    assert caught.value.name == "ENDORSEMENT_POLICY_FAILURE"


async def policy(person: Person, key: str) -> bytes:
    return bytes.fromhex((await person.ask("get_policy", key))["policy"])


async def endorsers(proposal: Proposal) -> set[str]:
    """Whom the gateway asked, left alone."""
    endorsed = await proposal.endorse()
    (action,) = Transaction.FromString(Payload.FromString(endorsed.bytes).data).actions
    signed = ChaincodeActionPayload.FromString(action.payload).action.endorsements
    return {SerializedIdentity.FromString(each.endorser).mspid for each in signed}


@pytest.mark.parametrize(("chosen", "other"), [(ORG_A, ORG_B), (ORG_B, ORG_A)])
async def test_a_key_is_written_with_its_own_policy_only(ann: Person, chosen: str, other: str):
    """One organisation is enough where the channel asks for two; the other one never is."""
    key = await guarded(ann, chosen)
    await not_enough(ann, "put", key, "1", by=[other])
    await not_enough(ann, "delete", key, by=[other])
    await ann.contract.submit("put", key, "2", endorsing_orgs=[chosen])
    assert (await ann.ask("get", key))["value"] == "2"


async def test_a_policy_is_changed_as_the_key_is_written(ann: Person):
    """By those whom it names until then."""
    key = await guarded(ann, ORG_B)
    await not_enough(ann, "set_policy", key, json.dumps([ORG_A]), by=[ORG_A])
    assert await policy(ann, key) == endorsed_by(ORG_B)
    wanted = json.dumps(BOTH)
    await ann.contract.submit("set_policy", key, wanted, endorsing_orgs=[ORG_B])
    assert await policy(ann, key) == endorsed_by(*BOTH)
    for msp in BOTH:
        await not_enough(ann, "put", key, "1", by=[msp])
    await ann.contract.submit("put", key, "2", endorsing_orgs=BOTH)
    assert (await ann.ask("get", key))["value"] == "2"


async def test_a_policy_outlives_writes_and_goes_with_its_key(ann: Person):
    """A key that is deleted and written again goes by the channel's rule."""
    key = await guarded(ann, ORG_A)
    await ann.submit("put", key, "1")
    assert await policy(ann, key) == endorsed_by(ORG_A)
    await ann.submit("delete", key)
    assert await policy(ann, key) == b""
    await not_enough(ann, "put", key, "2", by=[ORG_A])
    await ann.submit("put", key, "3")


async def test_a_key_that_is_not_there_gets_no_policy(ann: Person):
    """Peers drop it, and the transaction is valid all the same."""
    key = new_id()
    await ann.submit("set_policy", key, [ORG_A])
    assert await policy(ann, key) == b""


@pytest.mark.parametrize("msps", [[ORG_A], [ORG_B], BOTH])
async def test_the_gateway_finds_whom_a_key_asks_for(ann: Person, bob: Person, msps: list[str]):
    """It runs the call, sees the keys that it writes, and asks whoever is missing."""
    key = await guarded(ann, *msps)
    for person in (ann, bob):
        await person.submit("put", key, "1")
        assert await endorsers(person.contract.proposal("put", key, "2")) == set(msps)
    assert await endorsers(ann.contract.proposal("ping")) == set(BOTH)


async def test_the_gateway_finds_whom_a_collection_asks_for(ann: Person, bob: Person):
    """Its members, not the channel's majority."""
    secret = {"value": b"1"}
    for person, coll, wanted in (
        (ann, "own_a", {ORG_A}),
        (bob, "own_b", {ORG_B}),
        (ann, "shared", set(BOTH)),
    ):
        call = person.contract.proposal("put_private", coll, new_id(), transient=secret)
        assert await endorsers(call) == wanted


async def test_a_policy_that_nobody_can_satisfy_is_told_before_anything_is_ordered(ann: Person):
    """A key that only an organisation without peers may endorse is locked for ever."""
    key = await guarded(ann, "NowhereMSP")
    with pytest.raises(EndorseError, match="no combination of peers"):
        await ann.contract.submit("put", key, "1", retry=ONCE)
    await not_enough(ann, "put", key, "1", by=BOTH)
    assert (await ann.ask("get", key))["value"] == "0"
