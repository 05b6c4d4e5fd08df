# SPDX-License-Identifier: Apache-2.0
"""What a revoked certificate meets at the peers and the orderer, in Fabric's words."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from tests.network.ca_wire import Ca, names
from tests.network.contracts import Notes
from tests.network.wire import Wire, connect, propose
from tests.network.words import CODES, ENDORSE_FAILED, A, denied, refusal

from pmcb_client.gateway import Identity
from pmcb_client.network_file import parse
from pmcb_client.wallet import Wallet
from pmcb_network.embedded import EmbeddedNetwork
from pmcb_network.introduce import registrar_of

NO_MEMBER = (
    "implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires"
    " 1 of the '{}' sub-policies to be satisfied"
)
NO_WRITER = (
    "received unsuccessful response from orderer: status=FORBIDDEN,"
    f" info={NO_MEMBER.format('Writers')}: permission denied"
)
NO_READER = (
    "Failed evaluating policy on signed data during check policy on channel [pmcb] with policy"
    f" [/Channel/Application/Readers]: [{NO_MEMBER.format('Readers')}]"
)


class Town:
    """A network with its registrar, and a way to each organisation's gateway."""

    def __init__(self, ca, registrar, wires):
        self.ca, self.registrar, self.wires = ca, registrar, wires

    async def revoke(self, **fields):
        assert (await self.ca.call("revoke", fields, self.registrar))[:2] == (200, [])


@asynccontextmanager
async def opened(network):
    ca = Ca.of(network)
    async with ca.http, connect(network) as first, connect(network, 1) as second:
        yield Town(ca, await ca.registrar(), [Wire(first), Wire(second)])


@pytest.fixture
async def town(network):
    async with opened(network) as made:
        yield made


async def refused_everywhere(wires, who, envelope, tx_id):
    """Every front of every gateway says no; `envelope` was endorsed while `who` was somebody."""
    signed, _ = propose(who, "get", "a")
    for wire in wires:
        code, message, details = await refusal(wire.evaluate(signed))
        assert code is CODES.FAILED_PRECONDITION
        assert message == f"evaluate call to endorser returned error: {denied(A)}"
        code, message, details = await refusal(wire.endorse(signed))
        assert (code, message) == (CODES.ABORTED, ENDORSE_FAILED)
        assert [text for _, text in details] == [denied(A)]
        code, message, _ = await refusal(wire.submit(who, envelope))
        assert (code, message) == (CODES.ABORTED, NO_WRITER)
        for call in (wire.status(who, tx_id), anext(aiter(wire.events(who)))):
            code, message, _ = await refusal(call)
            assert (code, message) == (CODES.PERMISSION_DENIED, NO_READER)


async def test_a_revoked_certificate_is_refused_at_once_by_every_front(network, town):
    """Of its own organisation and of the other, cached as it is; what it did before stands."""
    bob = await town.ca.person(town.registrar, "bob")
    wire = town.wires[0]
    for each in town.wires:
        await each.evaluate(propose(bob.identity, "whoami")[0])
    assert await wire.run(bob.identity, "put", "a", "1") == 0
    signed, tx_id = propose(bob.identity, "put", "b", "2")
    envelope = await wire.endorse(signed)
    height = network.height
    await town.revoke(id=bob.name)
    await refused_everywhere(town.wires, bob.identity, envelope, tx_id)
    assert network.height == height
    answer = await wire.evaluate(propose(town.registrar, "get", "a")[0])
    assert answer.payload == b'{"value":"1"}'


async def test_only_the_certificate_named_is_refused(network, town):
    """Its owner's other one goes on, as the same person; so does everybody else."""
    bob = await town.ca.person(town.registrar, "bob")
    other = await town.ca.again(bob)
    await town.revoke(**names(bob.identity.x509))
    wire = town.wires[0]
    code, *_ = await refusal(wire.evaluate(propose(bob.identity, "whoami")[0]))
    assert code is CODES.FAILED_PRECONDITION
    answer = await wire.evaluate(propose(other, "whoami")[0])
    assert f'"uid":"{A}/{bob.name}"'.encode() in answer.payload
    assert await wire.run(other, "put", "a", "1") == 0


async def test_what_was_ordered_before_a_revocation_stands(network, town):
    """Accepted a moment before, committed a moment after: as on Fabric, order decides."""
    bob = await town.ca.person(town.registrar, "bob")
    wire = town.wires[0]
    held = [propose(bob.identity, "put", key, "1") for key in ("a", "b")]
    first, second = [await wire.endorse(signed) for signed, _ in held]
    committing, network._orderer._commit = network._orderer._commit, asyncio.Event()
    may_commit = network._orderer._commit

    async def later(batch):
        await may_commit.wait()
        await committing(batch)

    network._orderer._commit = later
    await wire.submit(bob.identity, first)
    await town.revoke(id=bob.name)
    await refusal(wire.submit(bob.identity, second))
    may_commit.set()
    assert (await wire.status(town.registrar, held[0][1])).result == 0
    assert network._store.current.get("b") is None


async def test_a_revoked_certificate_stays_refused_after_a_restart(tmp_path):
    """From the first call that a front answers; the network file carries the list."""
    async with EmbeddedNetwork(tmp_path, contract=Notes()) as network, opened(network) as town:
        assert network.network_file["orgs"][0]["crl"] == ""
        bob = await town.ca.person(town.registrar, "bob")
        signed, tx_id = propose(bob.identity, "put", "a", "1")
        envelope = await town.wires[0].endorse(signed)
        await town.revoke(id=bob.name)
        assert "BEGIN X509 CRL" in network.network_file["orgs"][0]["crl"]
        assert network.network_file["orgs"][1]["crl"] == ""
    async with EmbeddedNetwork(tmp_path, contract=Notes()) as network, opened(network) as town:
        assert "BEGIN X509 CRL" in network.network_file["orgs"][0]["crl"]
        await refused_everywhere(town.wires, bob.identity, envelope, tx_id)


async def test_a_revoked_registrar_counts_as_none(network, town, tmp_path):
    """So that `pmcb network up` enrols it again, and its organisation goes on."""
    me = town.registrar
    wallet = Wallet(tmp_path / "wallet")
    wallet.put(f"registrar.{A}", Identity(A, me.certificate), me.key)
    assert registrar_of(wallet, parse(network.network_file).org(A)) is not None
    await town.revoke(**names(me.x509))
    assert registrar_of(wallet, parse(network.network_file).org(A)) is None
    again = await town.ca.registrar()
    assert (await town.ca.register(again, id="bob"))[:2] == (201, [])
