# SPDX-License-Identifier: Apache-2.0
"""Before any epoch is active, a network of one organisation, and a ledger that comes back."""

from pathlib import Path

import pytest
from tests.scenarios.place import Place
from tests.scenarios.world import (
    ORG_A,
    ORG_B,
    World,
    entries,
    manifest,
    new_id,
    refused,
    subtask,
)

from pmcb_chaincode.contract import Governance, Pmcb
from pmcb_client.network_file import parse
from pmcb_network.embedded import EmbeddedNetwork

pytestmark = pytest.mark.anyio


def place(network: EmbeddedNetwork) -> Place:
    return Place("embedded", parse(network.network_file), network.registrars)


async def test_nothing_has_a_level_before_the_first_epoch(tmp_path: Path):
    """Levels, tasks and listings say so, each with its code."""
    async with EmbeddedNetwork(tmp_path / "net") as network, World(place(network)) as world:
        authority, _ = await world.authorities()
        (person,) = await world.people(1)
        releaser, _, _ = await world.parties()
        for question in (("get_epoch", 0), ("get_level", person.msp, person.name)):
            with refused("NOT_FOUND"):
                await person.ask(*question)
        with refused("NOT_FOUND"):
            await authority.submit("set_level", person.msp, person.name, 1, 0, "newcomer")
        with refused("NOT_LEVELED"):
            await person.ask("list_open_subtasks", 10, "")
        with refused("LEVELS_CHANGED"):
            await releaser.submit("publish_task", new_id(), await world.spec())
        with refused("NOT_FOUND"):
            await person.submit("accept_subtask", new_id(), 0)
        rows = entries({person: 1})
        await authority.submit("open_epoch", 1, manifest(2, [rows]))
        await authority.submit("register_levels", 1, 0, rows)
        await authority.submit("approve_epoch", 1)
        with refused("NOT_FOUND"):
            await person.ask("get_epoch", 0)
        assert (await person.ask("get_epoch", 1))["active"] is False
        with refused("NOT_LEVELED"):
            await person.ask("list_open_subtasks", 10, "")


async def test_one_organisation_approves_alone(tmp_path: Path):
    """With one authority there is nobody else to enter newcomers or to reinstate."""
    async with (
        EmbeddedNetwork(tmp_path / "net", orgs=(ORG_A,)) as network,
        World(place(network)) as world,
    ):
        authority = await world.person("authority", "authority")
        person, newcomer = await world.people(2)
        rows = entries({person: 1})
        await authority.submit("open_epoch", 1, manifest(2, [rows]))
        await authority.submit("register_levels", 1, 0, rows)
        await authority.submit("approve_epoch", 1)
        await authority.submit("set_level", newcomer.msp, newcomer.name, 1, 1, "newcomer")
        await authority.submit("suspend", person.msp, person.name, "request")
        await authority.submit("reinstate", person.msp, person.name, "cleared")
        assert (await person.ask("get_level", person.msp, person.name))["suspended"] is False


async def test_a_role_counts_only_from_an_organisation_that_may_mint_it(tmp_path: Path):
    """Another organisation's CA mints no authority; a releaser may come from any."""
    contract = Pmcb(
        Governance(
            orgs=(ORG_A, ORG_B),
            role_msps={"authority": (ORG_A,), "institution": (ORG_A,), "verifier": (ORG_B,)},
            epoch_quorum=1,
        )
    )
    async with (
        EmbeddedNetwork(tmp_path / "net", contract=contract) as network,
        World(place(network)) as world,
    ):
        minted, foreign = await world.authorities()
        with refused("MSP_NOT_ALLOWED"):
            await foreign.submit("announce_key")
        with refused("MSP_NOT_ALLOWED"):
            await foreign.submit("approve_epoch", 1)
        await minted.submit("announce_key")
        releaser = await world.person("releaser", "releaser", ORG_B)
        await releaser.submit("announce_key")


async def test_a_ledger_comes_back_as_it_was(tmp_path: Path):
    """Closed and opened again, the claim stands and nothing was lost."""
    folder = tmp_path / "net"
    async with EmbeddedNetwork(folder) as network, World(place(network)) as world:
        person = await world.person("r0")
        await world.epoch(2, {person: 1})
        task = await world.task(levels=2, subtasks=[subtask(1)])
        claim = await person.submit("accept_subtask", task, 0)
        first = world.place
    async with EmbeddedNetwork(folder) as network:
        again = Place("embedded", parse(network.network_file), {}, first.enrolled, run=first.run)
        async with World(again) as world:
            person = await world.person("r0")
            assert await person.submit("accept_subtask", task, 0) == claim
