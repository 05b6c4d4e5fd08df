# SPDX-License-Identifier: Apache-2.0
"""The yardstick on our bridge and on Node's shim is one contract: what is measured is the rest."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.interop.conftest import packages
from tests.interop.node_server import NodeServer
from tests.interop.test_node_contract import free_address, until_ready
from tests.network.conftest import person

from pmcb_benchmarks._node import HERE
from pmcb_benchmarks._yardstick import Yardstick
from pmcb_client.gateway import Identity, P256Signer, connect, open_channel
from pmcb_network.embedded import EmbeddedNetwork
from pmcb_network.embedded._protos import common, proposal, response, transaction
from pmcb_network.embedded._rwset import decode

pytestmark = [pytest.mark.interop, pytest.mark.anyio]

CALLS = ["a", "a", "b", "a"]


class Namesake(Yardstick):
    """Its keys are in the namespace in which the embedded network keeps those of a server."""

    name = "pmcb"


@pytest.fixture(scope="module")
def node() -> Iterator[NodeServer]:
    with NodeServer(packages(HERE / "yardstick"), free_address(), HERE / "yardstick") as made:
        made.until_it_listens()
        yield made


async def left_by(network: EmbeddedNetwork) -> list[tuple[bytes, bytes]]:
    """The read/write set and the answer of each transaction of the same calls."""
    alice = person(network, "alice")
    org = network.network_file["orgs"][0]
    channel = open_channel(org["gateway"], org["tls_ca"])
    identity = Identity(alice.msp_id, alice.certificate)
    async with connect(channel, identity, P256Signer(alice.key)) as gateway:
        contract = gateway.network("pmcb").contract(network.network_file["chaincode"])
        for key in CALLS:
            await contract.submit("mark", key)
        answers = [await contract.evaluate("get_marks", key) for key in ("a", "b", "c")]
    await channel.close(None)
    assert answers == [b'{"marks":3}', b'{"marks":1}', b'{"marks":0}']
    snapshot = network._store.current
    return [_effect(snapshot.block(number)) for number in range(1, snapshot.height)]


def _effect(block: bytes | None) -> tuple[bytes, bytes]:
    assert block is not None
    (message,) = common.Block.FromString(block).data.data
    payload = common.Payload.FromString(common.Envelope.FromString(message).payload)
    (action,) = transaction.Transaction.FromString(payload.data).actions
    inner = transaction.ChaincodeActionPayload.FromString(action.payload)
    endorsed = response.ProposalResponsePayload.FromString(inner.action.proposal_response_payload)
    made = proposal.ChaincodeAction.FromString(endorsed.extension)
    return made.results, made.response.payload


async def test_both_yardsticks_leave_the_same_read_write_sets_and_answers(
    tmp_path: Path, node: NodeServer
):
    """Byte for byte, versions too: on absent keys, on present ones, and in between."""
    async with EmbeddedNetwork(tmp_path / "node", chaincode=node.address) as network:
        await until_ready(network)
        theirs = await left_by(network)
    async with EmbeddedNetwork(tmp_path / "ours", contract=Namesake()) as network:
        ours = await left_by(network)
    assert len(ours) == len(CALLS)
    assert ours == theirs


async def test_a_mark_reads_three_keys_and_writes_two(tmp_path: Path):
    """What the figures are said to be of."""
    async with EmbeddedNetwork(tmp_path / "ours", contract=Yardstick()) as network:
        for raw, _ in await left_by(network):
            found = decode("yardstick", raw)
            assert found is not None
            assert (len(found.reads), len(found.writes)) == (3, 2)
