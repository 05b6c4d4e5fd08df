# SPDX-License-Identifier: Apache-2.0
"""Anybody may ping; a call needs a function that exists, its arguments, and a role."""

import pytest
from tests.scenarios.world import ORG_B, World, new_id, refused

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("function", ["", "authorise", "find", "Other:ping", "put", "__init__"])
async def test_only_marked_functions_can_be_called(world: World, function: str):
    """No function, an unmarked public method and another contract's are all unknown."""
    receiver = await world.person("r0")
    with refused("UNKNOWN_FUNCTION"):
        await receiver.ask(function)


@pytest.mark.parametrize("arguments", [(), ("0",), ("0", "1", "2")])
async def test_the_number_of_arguments_counts(world: World, arguments: tuple[str, ...]):
    """Too few and too many arguments are refused; a level sent along is one too many."""
    receiver = await world.person("r0")
    with refused("BAD_ARGUMENT"):
        await receiver.submit("accept_subtask", *arguments)


@pytest.mark.parametrize("task", ["", "A" * 32, "0" * 31, "0" * 33, "é" * 16])
async def test_a_malformed_id_is_named_and_its_value_is_not(world: World, task: str):
    """The refusal names the parameter, never what was sent."""
    receiver = await world.person("r0")
    with refused("BAD_ARGUMENT") as caught:
        await receiver.submit("accept_subtask", task, "0")
    assert "task must be" in caught.value.reason
    assert not task or task not in str(caught.value)


@pytest.mark.parametrize(
    "number", ["", " 1", "+1", "01", "1.0", "1e3", "nan", "true", str(2**53), "-1", "64"]
)
async def test_integers_are_strict(world: World, number: str):
    """What merely looks like a number is none."""
    receiver = await world.person("r0")
    with refused("BAD_ARGUMENT"):
        await receiver.submit("accept_subtask", new_id(), number)


async def test_a_certificate_without_a_role_only_pings(world: World):
    """An identity that carries no role, or the wrong one, is refused where one is asked for."""
    nobody = await world.person("nobody", role="")
    assert await nobody.submit("ping") == {}
    with refused("ROLE_REQUIRED"):
        await nobody.submit("announce_key")
    with refused("ROLE_REQUIRED"):
        await nobody.submit("accept_subtask", new_id(), 0)
    analyst = await world.person("analyst", role="analyst")
    with refused("ROLE_REQUIRED"):
        await analyst.submit("suspend", ORG_B, "somebody", "request")


async def test_an_unknown_role_is_no_role(world: World):
    """A role that the contract does not know grants nothing."""
    stranger = await world.person("stranger", role="root")
    with refused("ROLE_REQUIRED"):
        await stranger.submit("announce_key")


async def test_the_governance_is_there_to_read(world: World):
    """Anybody sees who may mint which role."""
    receiver = await world.person("r0")
    governance = await receiver.ask("get_governance")
    assert governance["epoch_quorum"] == 2
    assert governance["role_msps"]["authority"] == governance["orgs"]


async def test_a_key_is_announced_from_the_callers_certificate(world: World):
    """The directory gives the role and the compressed point; a repeat changes nothing."""
    person = await world.person("announcer", role="worker")
    with refused("NOT_FOUND"):
        await person.ask("get_key", person.msp, "nobody-of-that-name")
    first = await person.submit("announce_key")
    assert await person.submit("announce_key") == first
    assert await person.ask("get_key", person.msp, person.name) == first
    assert first["role"] == "worker"
    assert len(first["key"]) == 66
