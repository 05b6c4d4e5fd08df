# SPDX-License-Identifier: Apache-2.0
"""The agent while it runs."""

import asyncio
from contextlib import asynccontextmanager

from pmcb_client.tasks import Action


@asynccontextmanager
async def serving(office, **how):
    """The agent as `task serve` runs it; what it tells comes out of a queue."""
    told: asyncio.Queue[Action] = asyncio.Queue()
    async with office.releaser.connected() as network:
        agent = office.agent(tell=told.put_nowait, **how)
        running = asyncio.create_task(agent.serve(network, office.file.chaincode))
        try:
            yield told
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def heard(told, act):
    """The next thing of this kind, at most twenty seconds from now."""
    async with asyncio.timeout(20):
        while True:
            action = await told.get()
            if action.act is act:
                return action
