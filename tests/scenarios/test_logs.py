# SPDX-License-Identifier: Apache-2.0
"""What callers and contracts say stands in no log: of clients, contracts, peers and orderers.

As our networks log by default. Names are told: of functions, contracts and collections.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
from tests.fabric import Fabric, Servers
from tests.scenarios.place import Place
from tests.scenarios.world import ORG_A, ORG_B, Person, World, digest, manifest, new_id

from pmcb_client.errors import LedgerError
from pmcb_client.gateway import Retry

pytestmark = [pytest.mark.anyio, pytest.mark.fabric]

ONCE = Retry(within_s=0.0, conflicts=0)
MARK = f"marker{new_id()}"
HEX = digest(MARK)  # where only hashes and ids are taken


class Caller:
    """Somebody who says the marker in every call, and keeps what was answered."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.answers: list[bytes] = []
        self.errors: list[LedgerError] = []

    async def call(self, *words: str, orgs: list[str] | None = None) -> None:
        """As a query and as a transaction."""
        transient = {"value": MARK.encode(), "words": MARK.encode(), MARK: b"1"}
        for ask in (self.person.contract.evaluate, self.person.contract.submit):
            try:
                self.answers.append(
                    await ask(*words, transient=transient, endorsing_orgs=orgs, retry=ONCE)
                )
            except LedgerError as error:
                self.errors.append(error)


@pytest.fixture
async def pmcb(fabric: Fabric) -> AsyncIterator[World]:
    """PMCB's own contract."""
    async with World(Place("fabric", fabric.file, fabric.registrars)) as made:
        yield made


async def say_to_the_whole(caller: Caller, servers: Servers) -> None:
    """Every path of a contract that peers, gateway or bridge might tell of."""
    both = json.dumps([ORG_A, ORG_B])
    for words in (
        ["put", MARK, MARK],
        ["get", MARK],
        ["history", MARK],
        ["put", MARK],
        ["put", MARK, MARK * 10],
        [MARK, MARK],
        [f"whole:{MARK}"],
        [f"{MARK}:put", MARK],
        ["fail_with", MARK],
        ["refuse_late", MARK, MARK],
        ["differ", MARK],
        ["falter", json.dumps([MARK, ORG_A])],
        ["falter", json.dumps([MARK, ORG_B])],
        ["hash_transient"],
        ["invoke", "pmcb", json.dumps(["get_key", ORG_A, MARK]), ""],
        ["invoke", "nobody", json.dumps([MARK]), ""],
        ["put_private", "nowhere", MARK],
        ["get_private", "nowhere", MARK],
    ):
        await caller.call(*words)
    for coll in ("own_a", "own_b", "shared"):
        for orgs in (None, [ORG_A], [ORG_B]):
            await caller.call("put_private", coll, MARK, orgs=orgs)
            await caller.call("get_private", coll, MARK, orgs=orgs)
        await caller.call("get_many_private", coll, json.dumps([MARK, f"{MARK}0"]))
        await caller.call("list_private", coll, MARK, "")
        await caller.call("verify_private", coll, MARK)
        await caller.call("copy_private", coll, MARK)
        await caller.call("list_and_write", coll)
        await caller.call("delete_private", coll, MARK)
        await caller.call("purge_private", coll, MARK)
    await conflict(caller.person, ["change", MARK, MARK], ["change", MARK, MARK])
    await conflict(caller.person, ["put", f"{MARK}1", MARK], ["walk", MARK, f"{MARK}2"])
    servers.kill(ORG_A)
    await caller.call("put", MARK, MARK)
    servers.start(ORG_A)
    guarded = new_id()  # keys with policies of their own are told when the policy is not met
    await caller.call("put", guarded, MARK)
    await caller.call("set_policy", guarded, both)
    await caller.call("put", guarded, MARK, orgs=[ORG_A])


async def conflict(person: Person, *calls: list[str]) -> None:
    """Two transactions on one state, of which the second is too late."""
    pair = [await person.contract.proposal(*words).endorse() for words in calls]
    statuses = [await (await each.submit()).status() for each in pair]
    assert [status.successful for status in statuses] == [True, False]


async def say_to_pmcb(world: World) -> Caller:
    """Ids, hashes and names as PMCB's contract takes them, or does not."""
    authority, _ = await world.authorities()
    caller = Caller(authority)
    number = await world.next_epoch()
    about = {**manifest(3, [[]]), "batches": 1, "graph_hash": HEX, "params_hash": HEX}
    start = (await (await authority.contract.submit_async("ping")).status()).block_number
    for words in (
        ["open_epoch", str(number), json.dumps(about)],
        ["open_epoch", str(number), json.dumps({MARK: MARK})],
        ["open_epoch", str(number), json.dumps(about)[:-1]],
        ["get_epoch", str(number)],
        ["suspend", ORG_A, MARK, "investigation"],
        ["suspend", ORG_A, MARK, MARK],
        ["get_key", ORG_A, MARK],
        ["get_task", HEX[:32]],
        ["accept_subtask", HEX[:32], "0"],
        ["list_open_subtasks", "10", MARK],
    ):
        await caller.call(*words)
    async with asyncio.timeout(30), aclosing(authority.events(start_block=start)) as events:
        async for event in events:
            caller.answers.append(event.payload)
            if event.name == "PersonSuspended":
                break
    return caller


async def say_to_nobody(person: Person, other: Person) -> list[LedgerError]:
    """A forged signature, and a channel and a chaincode that are not there."""
    forger = Caller(person)
    async with person.with_signer_of(other).connected() as network:
        forged = network.contract("whole").proposal("put", MARK, MARK, transient={MARK: b"1"})
        for step in (forged.evaluate, forged.endorse):
            with pytest.raises(LedgerError) as caught:
                await step()
            forger.errors.append(caught.value)
    async with person.offline() as gateway:
        for channel, chaincode in (("nowhere", "whole"), ("pmcb", "nobody")):
            proposal = gateway.network(channel).contract(chaincode).proposal("put", MARK, MARK)
            signed = gateway.signed_proposal(
                proposal.bytes, person.credentials.signer(proposal.digest)
            )
            with pytest.raises(LedgerError) as caught:
                await signed.endorse()
            forger.errors.append(caught.value)
    return forger.errors


def hits(text: str) -> list[str]:
    """Lines with the marker, or with its hash."""
    return [line for line in text.splitlines() if MARK in line or HEX[:32] in line]


async def test_what_is_said_to_a_contract_is_in_no_log(
    fabric_whole: tuple[Place, Servers],
    pmcb: World,
    fabric: Fabric,
    caplog: pytest.LogCaptureFixture,
):
    """Arguments, transient data, keys, values, private data, exceptions; refused or not."""
    caplog.set_level(logging.DEBUG)
    place, servers = fabric_whole
    async with World(place) as whole:
        caller = Caller(await whole.person("ann"))
        try:
            await say_to_the_whole(caller, servers)
        finally:
            servers.start_again(ORG_A)
        errors = await say_to_nobody(caller.person, await whole.person("bob"))
    authority = await say_to_pmcb(pmcb)
    for each in (caller, authority):
        assert [answer for answer in each.answers if MARK.encode() in answer]
        errors += each.errors
    told: list[Any] = [(str(e), getattr(e, "details", "")) for e in errors]
    assert not [each for each in told if hits(str(each))]
    logged = [f"{record.getMessage()} {record.args}" for record in caplog.get_records("call")]
    assert hits("\n".join(logged)) == []
    files = [*fabric.logs(), *fabric.home.rglob("refusals-*.jsonl")]
    texts = {str(path.relative_to(fabric.home)): path.read_text(errors="replace") for path in files}
    found = [f"{name}: {line}" for name, text in texts.items() for line in hits(text)]
    assert not found, "\n".join(found)
    for spoke in ("peer0.HospitalAMSP", "peer0.HospitalBMSP", "serving/whole", "refusals"):
        assert any(text for name, text in texts.items() if spoke in name), spoke


async def test_secrets_of_enrolments_are_in_no_log(fabric: Fabric):
    """Neither registrars' nor anybody else's reach the CA's log; nor does any private key."""
    secrets = [secret for _, secret in fabric.registrars.values()]
    for log in fabric.logs():
        text = log.read_text(errors="replace")
        assert not [secret for secret in secrets if secret in text]
        assert "PRIVATE KEY" not in text
