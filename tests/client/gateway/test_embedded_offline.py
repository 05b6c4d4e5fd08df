# SPDX-License-Identifier: Apache-2.0
"""Signing where the key is, against the embedded network, which checks every signature."""

import json
from contextlib import asynccontextmanager

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.client.gateway.counters import Counters
from tests.client.gateway.persons import enrol

from pmcb_client.errors import CommitStatusError, EndorseError, EvaluateError
from pmcb_client.gateway import NotSigned, P256Signer, connect, open_channel
from pmcb_client.network_file import parse
from pmcb_network.embedded import EmbeddedNetwork


@pytest.fixture(scope="module")
async def network(tmp_path_factory):
    """Two organisations that endorse counters."""
    async with EmbeddedNetwork(tmp_path_factory.mktemp("offline"), contract=Counters()) as network:
        yield network


@pytest.fixture(scope="module")
async def person(network):
    return await enrol(network, "receiver1")


@asynccontextmanager
async def connected(network, identity):
    """A gateway without a signer: the machine of somebody who has no key."""
    org = parse(network.network_file).org(identity.msp_id)
    channel = open_channel(org.gateway, org.tls_ca)
    yield connect(channel, identity)
    await channel.close(grace=None)


async def test_what_nobody_signed_leaves_nothing(network, person):
    """Neither a query nor a transaction."""
    height = network.height
    async with connected(network, person.identity) as gateway:
        contract = gateway.network("pmcb").contract("counters")
        for call in (contract.evaluate("caller"), contract.submit("add", "unsigned")):
            with pytest.raises(NotSigned):
                await call
    assert network.height == height


async def test_a_signature_by_another_key_is_refused(network, person):
    """At each step at which it matters to the network."""
    forge = P256Signer(ec.generate_private_key(ec.SECP256R1()))
    async with connected(network, person.identity) as gateway:
        proposal = gateway.network("pmcb").contract("counters").proposal("add", "forged")
        forged = gateway.signed_proposal(proposal.bytes, forge(proposal.digest))
        with pytest.raises(EvaluateError, match="access denied"):
            await forged.evaluate()
        with pytest.raises(EndorseError, match="access denied"):
            await forged.endorse()
        signed = gateway.signed_proposal(proposal.bytes, person.signer(proposal.digest))
        commit = (await signed.endorse()).commit
        with pytest.raises(CommitStatusError):
            await gateway.signed_commit(commit.bytes, forge(commit.digest)).status(timeout_s=5)


async def test_each_step_passes_with_its_signature(network, person):
    """Query, proposal, transaction and commit, each from bytes and a signature alone."""
    sign = person.signer
    async with connected(network, person.identity) as gateway:
        contract = gateway.network("pmcb").contract("counters")
        query = contract.proposal("caller")
        answer = await gateway.signed_proposal(query.bytes, sign(query.digest)).evaluate()
        assert json.loads(answer)["uid"] == "HospitalAMSP/receiver1"

        proposal = contract.proposal("add", "signed")
        signed = gateway.signed_proposal(proposal.bytes, sign(proposal.digest))
        assert signed.transaction_id == proposal.transaction_id
        endorsed = await signed.endorse()
        transaction = gateway.signed_transaction(endorsed.bytes, sign(endorsed.digest))
        assert transaction.transaction_id == proposal.transaction_id
        assert json.loads(transaction.result) == {"value": 1}
        asked = await transaction.submit()
        status = await gateway.signed_commit(asked.bytes, sign(asked.digest)).status()
        assert (status.name, status.transaction_id) == ("VALID", proposal.transaction_id)
