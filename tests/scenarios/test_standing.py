# SPDX-License-Identifier: Apache-2.0
"""A suspended person takes no part; who suspended does not also reinstate."""

import pytest
from tests.scenarios.world import World, refused

pytestmark = pytest.mark.anyio


async def test_reinstating_takes_the_other_organisation(world: World):
    """The organisation that suspended is checked by the other one."""
    authority, other = await world.authorities()
    person = await world.person("to-suspend")
    await world.epoch(2, {person: 1})
    with refused("BAD_ARGUMENT"):
        await authority.submit("suspend", person.msp, person.name, "whim")
    first = await authority.submit("suspend", person.msp, person.name, "investigation")
    assert await authority.submit("suspend", person.msp, person.name, "request") == first
    with refused("EXISTS"):
        await other.submit("suspend", person.msp, person.name, "misconduct")
    assert (await other.ask("get_level", person.msp, person.name))["suspended"] is True
    with refused("MSP_NOT_ALLOWED"):
        await authority.submit("reinstate", person.msp, person.name, "cleared")
    await other.submit("reinstate", person.msp, person.name, "cleared")
    assert (await other.ask("get_level", person.msp, person.name))["suspended"] is False
    await authority.submit("reinstate", person.msp, person.name, "cleared")


async def test_a_suspension_outlives_its_epoch(world: World):
    """A new epoch lifts no suspension."""
    authority, other = await world.authorities()
    person = await world.person("outlived")
    await authority.submit("suspend", person.msp, person.name, "compromised")
    await world.epoch(3, {person: 1})
    task = await world.task()
    with refused("SUSPENDED"):
        await person.submit("accept_subtask", task, 0)
    await other.submit("reinstate", person.msp, person.name, "cleared")
    assert (await person.submit("accept_subtask", task, 0))["holder"] == person.uid
