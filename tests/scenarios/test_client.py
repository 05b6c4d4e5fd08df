# SPDX-License-Identifier: Apache-2.0
"""What any client of Fabric's gateway can do and is told, on whichever network."""

import json

import pytest
from tests.scenarios.world import Person, World, refused

from pmcb_client.errors import (
    CommitError,
    CommitStatusError,
    EndorseError,
    EvaluateError,
    LedgerUnavailable,
)
from pmcb_client.gateway import NotSigned, Retry

pytestmark = pytest.mark.anyio

ONCE = Retry(within_s=0.0)


@pytest.fixture
async def person(world: World) -> Person:
    return await world.person("caller")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["get_key", "HospitalAMSP"], "BAD_ARGUMENT"),
        (["get_key", "HospitalAMSP", "a", "b"], "BAD_ARGUMENT"),
        (["get_key", "no msp", "a"], "BAD_ARGUMENT"),
        (["no_such_function"], "UNKNOWN_FUNCTION"),
        (["other:ping"], "UNKNOWN_FUNCTION"),
    ],
)
async def test_a_wrong_call_is_refused_by_name(person: Person, words: list[str], code: str):
    """Too few arguments, too many, a bad one; a function of nobody and of another contract."""
    with refused(code):
        await person.contract.evaluate(*words)
    with refused(code):
        await person.contract.submit(*words)


@pytest.mark.parametrize(("channel", "chaincode"), [("pmcb", "pbmc"), ("pbmc", "pmcb")])
async def test_a_chaincode_or_channel_that_is_not_there_fails_at_once(
    person: Person, channel: str, chaincode: str
):
    """It is no refusal: nobody was asked."""
    async with person.offline() as gateway:
        contract = gateway.network(channel).contract(chaincode)
        sign = person.credentials.signer
        proposal = contract.proposal("ping")
        signed = gateway.signed_proposal(proposal.bytes, sign(proposal.digest))
        with pytest.raises(EvaluateError):
            await signed.evaluate()
        with pytest.raises(EndorseError):
            await signed.endorse()


async def test_an_organisation_that_is_not_there_is_named(person: Person):
    """The gateway cannot tell it from one whose peers are down: the user checks."""
    with pytest.raises(EvaluateError, match="no peers available"):
        await person.contract.evaluate("get_governance", endorsing_orgs=["NoSuchMSP"], retry=ONCE)
    with pytest.raises(LedgerUnavailable, match="NoSuchMSP") as caught:
        await person.contract.submit("ping", endorsing_orgs=["NoSuchMSP"], retry=ONCE)
    assert "endorsing_orgs" in caught.value.next_step


async def test_too_few_organisations_leave_an_invalid_transaction(person: Person):
    """Who chooses the endorsers answers for the policy; left alone, the gateway finds enough."""
    for msp in ("HospitalAMSP", "HospitalBMSP"):
        with pytest.raises(CommitError) as caught:
            await person.contract.submit("ping", endorsing_orgs=[msp])
        assert caught.value.name == "ENDORSEMENT_POLICY_FAILURE"
    await person.contract.submit("ping", endorsing_orgs=["HospitalBMSP", "HospitalAMSP"])
    await person.contract.submit("ping")


async def test_a_signer_with_another_key_is_nobody(person: Person, world: World):
    """For a query, a transaction, and the question what became of one."""
    other = await world.person("impostor")
    async with person.with_signer_of(other).connected() as network:
        contract = network.contract("pmcb")
        with pytest.raises(EvaluateError, match="access denied"):
            await contract.evaluate("get_governance")
        with pytest.raises(EndorseError, match="access denied"):
            await contract.submit("ping")
    pending = await person.contract.submit_async("ping")
    async with person.connected() as network, person.offline() as gateway:
        commit = (await network.contract("pmcb").proposal("ping").endorse()).commit
        forged = gateway.signed_commit(commit.bytes, other.credentials.signer(commit.digest))
        with pytest.raises(CommitStatusError):
            await forged.status(timeout_s=5)
    assert (await pending.status()).successful


async def test_any_organisation_answers_a_query(person: Person, world: World):
    """The own one by default, another when it is named; what was written is read again."""
    await person.submit("announce_key")
    asked = ["get_key", person.msp, person.name]
    written = json.loads(await person.contract.evaluate(*asked))
    assert written["role"] == "receiver"
    await (await world.person("neighbour", msp="HospitalBMSP")).submit("ping")
    there = await person.contract.evaluate(*asked, endorsing_orgs=["HospitalBMSP"])
    assert json.loads(there) == written


async def test_transient_data_change_no_rule(person: Person):
    """They reach the endorsers only; a call that knows none of them goes its way."""
    transient = {"level": b"3", "role": b"authority"}
    assert await person.contract.submit("ping", transient=transient) == b""
    with refused("ROLE_REQUIRED"):
        await person.contract.submit("approve_epoch", "1", transient=transient)


async def test_the_steps_may_be_signed_elsewhere(person: Person):
    """Query, proposal, transaction, commit: each from bytes and a signature; none without."""
    sign = person.credentials.signer
    async with person.offline() as gateway:
        contract = gateway.network("pmcb").contract("pmcb")
        for call in (contract.evaluate("get_governance"), contract.submit("ping")):
            with pytest.raises(NotSigned):
                await call
        query = contract.proposal("get_governance")
        answer = await gateway.signed_proposal(query.bytes, sign(query.digest)).evaluate()
        assert "HospitalAMSP" in json.loads(answer)["orgs"]
        proposal = contract.proposal("ping")
        endorsed = await gateway.signed_proposal(proposal.bytes, sign(proposal.digest)).endorse()
        transaction = gateway.signed_transaction(endorsed.bytes, sign(endorsed.digest))
        asked = await transaction.submit()
        status = await gateway.signed_commit(asked.bytes, sign(asked.digest)).status()
        assert (status.name, status.transaction_id) == ("VALID", proposal.transaction_id)
