# SPDX-License-Identifier: Apache-2.0
"""A certificate's life: enrolled, renewed, revoked; the person and what it did stay."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace

import pytest
from cryptography import x509
from tests.fabric import Fabric, programs
from tests.scenarios.place import Enrolled
from tests.scenarios.world import ORG_A, ORG_B, Person, World, holders

from pmcb_client.enrolment import CaClient
from pmcb_client.errors import CaRefused
from pmcb_client.gateway import (
    CommitStatusError,
    Contract,
    EndorseError,
    EvaluateError,
    GatewayError,
    SubmitError,
)
from pmcb_client.revocation import Revocation, RevocationReason
from pmcb_network.fabric import _revocation

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Office:
    """An organisation's CA with its registrar, and how peers hear of it where they must."""

    ca: CaClient
    registrar: Enrolled
    fabric: Fabric | None

    async def renew(self, person: Person) -> Person:
        """The same person with one more certificate."""
        made = await self.ca.reenroll(person.credentials)
        return replace(person, credentials=Enrolled.of(person.msp, made))

    async def revoke(self, person: Person) -> Revocation:
        reason = RevocationReason.CESSATION_OF_OPERATION
        return await self.ca.revoke(self.registrar, person.name, reason=reason)

    async def tell_peers(self, done: Revocation) -> None:
        """What `pmcb network crl` does; the embedded network's peers know at once."""
        if self.fabric is None:
            return
        network = self.fabric.network
        [org] = [each for each in network.topology.organisations if each.msp == ORG_A]
        revocation = _revocation.Revocation(network.topology, network.layout, programs())
        await asyncio.to_thread(revocation.tell, org, done.crl_pem, lambda _: None)


@pytest.fixture
async def office(world: World, request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    fabric = request.getfixturevalue("fabric") if world.place.kind == "fabric" else None
    org = world.place.file.org(ORG_A)
    await world.person("first")  # brings the registrar
    async with CaClient(org.ca_url, org.tls_ca, org.ca_name) as ca:
        yield Office(ca, world.place.registrar_ids[ORG_A], fabric)


@asynccontextmanager
async def contract_of(person: Person) -> AsyncIterator[Contract]:
    """The contract, called with the certificate that the person has now."""
    async with person.connected() as network:
        yield network.contract(person.world.place.file.chaincode)


def serial(person: Person) -> str:
    certificate = x509.load_pem_x509_certificate(person.credentials.identity.certificate_pem)
    return f"{certificate.serial_number:x}"


async def claimed(world: World, person: Person) -> str:
    """The id of a task whose first subtask the person took."""
    await world.epoch(3, {person: 1})
    task = await world.task()
    await person.submit("accept_subtask", task, 0)
    return task


async def test_only_the_own_organisations_registrar_ends_a_certificate(world: World, office):
    """Not another member, and not the registrar of the other organisation."""
    person, other = await world.people(2, group="kept")
    await world.person("second", msp=ORG_B)
    for stranger in (other.credentials, world.place.registrar_ids[ORG_B]):
        with pytest.raises(CaRefused):
            await office.ca.revoke(stranger, person.name)
    assert await office.renew(person)


async def test_a_renewed_certificate_is_the_same_person(world: World, office):
    """The old one works until it ends; the new one has the same claims, and announces its key."""
    person = await world.person("renewing")
    task = await claimed(world, person)
    before = await person.submit("announce_key")
    renewed = await office.renew(person)
    assert serial(renewed) != serial(person)
    async with contract_of(renewed) as contract:
        await contract.submit("announce_key")
        found = await contract.evaluate("list_my_claims", "10", "")
    assert task.encode() in found
    after = await person.ask("get_key", person.msp, person.name)
    assert (after["role"], after["key"] != before["key"]) == (before["role"], True)
    assert (await person.ask("list_my_claims", 10, ""))["items"][0]["task"] == task


async def test_a_revoked_person_is_refused_everywhere_and_its_claims_stand(world: World, office):
    """By the CA with every certificate, and by every call of the gateways once they know it."""
    person = await world.person("leaving")
    task = await claimed(world, person)
    renewed = await office.renew(person)
    async with contract_of(person) as contract, contract_of(renewed) as again:
        endorsed = await contract.proposal("withdraw_claim", task).endorse()
        told = await (await contract.proposal("announce_key").endorse()).submit()
        await told.status()
        done = await office.revoke(person)
        assert {one.serial for one in done.certificates} == {serial(person), serial(renewed)}
        for one in (person, renewed):
            with pytest.raises(CaRefused) as caught:
                await office.renew(one)
            assert caught.value.code == 20
        await office.tell_peers(done)
        for one in (contract, again):
            with pytest.raises(EvaluateError, match="access denied"):
                await one.evaluate("list_my_claims", "10", "")
            with pytest.raises(EndorseError, match="access denied"):
                await one.submit("withdraw_claim", task)
        with pytest.raises(SubmitError):
            await endorsed.submit()
        with pytest.raises(CommitStatusError):
            await told.status()
        with pytest.raises(GatewayError):
            async with aclosing(person.events(start_block=0)) as events:
                await anext(events)
    releaser = await world.person("releaser", "releaser")
    assert person.uid in holders(await releaser.ask("list_claims", task, 0, 10, ""))
