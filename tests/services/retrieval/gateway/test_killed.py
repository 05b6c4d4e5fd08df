# SPDX-License-Identifier: Apache-2.0
"""``pmcb retrieval gateway serve`` is killed -9 under load, and started again."""

import asyncio
import random
from contextlib import suppress

import numpy as np
import pytest
from tests.services.fog.online.waiting import until
from tests.services.retrieval.gateway.ward import ROWS, STORE

from pmcb_services.retrieval.errors import GatewayUnavailable

pytestmark = pytest.mark.timeout(300)
LONGEST_S = 0.5
WRITERS = 3


@pytest.mark.parametrize(
    "kills", [2, pytest.param(100, marks=[pytest.mark.stress, pytest.mark.timeout(1800)])]
)
def test_what_was_acknowledged_is_there(machines, kills):
    """Whatever is killed: no insert that was answered is lost, no deleted record comes back."""
    draws = random.Random(kills)
    machines.start_cloud()
    machines.build(ROWS)
    alive: dict[int, int | None] = dict.fromkeys(range(ROWS))
    dead: set[int] = set()
    for _ in range(kills):
        machines.start_gateway()
        asyncio.run(under_load(machines, alive, dead, draws))
        assert asyncio.run(unavailable(machines))
    machines.start_gateway()
    found = asyncio.run(everything(machines))
    assert set(alive) <= set(found)
    assert not dead & set(found)
    assert all(found[each] == patient for each, patient in alive.items() if each >= ROWS)
    assert dead
    lines = machines.told("institution", "audit", "verify")["stores"][STORE]
    assert lines > len(alive) - ROWS


async def under_load(machines, alive, dead, draws):
    """Inserts, deletes and queries, until the gateway is killed at a random moment amid them."""
    async with machines.client("institution") as gateway:
        work = [asyncio.create_task(insert(gateway, alive, draws)) for _ in range(WRITERS)]
        work += [asyncio.create_task(search(gateway, draws))]
        work += [asyncio.create_task(bury(gateway, alive, dead))]
        await gateway.insert(STORE, [[80, 120, 36.6]], {"patient": [0]})
        await until(lambda: dead, "a deletion")
        await asyncio.sleep(draws.uniform(0, LONGEST_S))
        machines.gateway.kill()
        await asyncio.gather(*work)


async def insert(gateway, alive, draws):
    """One record after the other, each of a patient of its own."""
    with suppress(GatewayUnavailable):
        while True:
            patient = draws.randrange(1 << 32)
            (made,) = await gateway.insert(STORE, [[80, 120, 36.6]], {"patient": [patient]})
            alive[made] = patient


async def bury(gateway, alive, dead):
    """The oldest records; one whose end is not known is neither alive nor dead."""
    with suppress(GatewayUnavailable):
        while len(alive) > 1:
            oldest = min(alive)
            del alive[oldest]
            await gateway.delete(STORE, [oldest])
            dead.add(oldest)
            await asyncio.sleep(0.02)


async def search(gateway, draws):
    """Epochs end all the time: there are few rounds to one."""
    with suppress(GatewayUnavailable):
        while True:
            low = draws.randrange(200)
            await gateway.query(STORE, {"HR": (low, low + 20)})


async def everything(machines):
    """Patients by id, of all that is alive."""
    async with machines.client("institution") as gateway:
        found = await gateway.query(STORE, {}, everything=True)
    columns = dict(zip(found["columns"], np.array(found["rows"]).T, strict=True))
    patients = columns["patient"].astype(int).tolist()
    return dict(zip(columns["id"].astype(int).tolist(), patients, strict=True))


async def unavailable(machines):
    """Whether nobody answers."""
    async with machines.client("institution") as gateway:
        with suppress(GatewayUnavailable):
            await gateway.stores()
            return False
    return True
