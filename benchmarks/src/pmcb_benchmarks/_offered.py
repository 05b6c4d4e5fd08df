# SPDX-License-Identifier: Apache-2.0
"""What is offered to a ledger under load: marks of the yardstick, or acceptances of subtasks."""

import secrets
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from pmcb_client.gateway import CommitBy, Contract, connect, open_channel
from pmcb_client.network_file import NetworkFile

from ._open_loop import Steps
from ._people import Enrolled, People
from ._stage import Stage
from ._stand import YARDSTICK
from ._steps import stepwise

Call = Callable[[int], Awaitable[Steps]]
_SLOTS = 900  # a task has at most 1,000 in all, and a level may have one more than its share


class Offered:
    """People of the first organisation, enrolled once for all loads; ask for one load at a time."""

    def __init__(self, file: NetworkFile, people: People, commit: CommitBy, most: int) -> None:
        self._file = file
        self._people = people
        self._org = file.orgs[0]
        self._commit = commit
        self._most = most
        self._gateways = AsyncExitStack()
        self._channel = open_channel(self._org.gateway, self._org.tls_ca)
        self._marker: Contract | None = None
        self._stage: Stage | None = None
        self._receivers: list[Contract] = []
        self._epoch, self._levels = 0, 0

    async def close(self) -> None:
        """End the connection."""
        await self._gateways.aclose()
        await self._channel.close(None)

    async def calls(self, levels: int, count: int) -> Call:
        """``count`` acceptances at so many levels; marks of the yardstick when there are none."""
        return await (self._accepts(levels, count) if levels else self._marks())

    async def _marks(self) -> Call:
        """Every call marks a name of its own."""
        run = secrets.token_hex(4)
        if self._marker is None:
            (client,) = await self._people.enrol(self._org.msp, ["marker"], "releaser")
            gateway = connect(self._channel, client.identity, client.signer, commit=self._commit)
            await self._gateways.enter_async_context(gateway)
            self._marker = gateway.network(self._file.channel).contract(YARDSTICK)
        contract = self._marker
        return lambda number: stepwise(contract, "mark", f"{run}.{number}")

    async def _accepts(self, levels: int, count: int) -> Call:
        """Receiver after receiver accepts a subtask of its level; the tasks are new."""
        await self._enrol()
        await self._place(levels)
        assert self._stage is not None
        tasks = []
        for first in range(0, count, _SLOTS):
            asked = min(_SLOTS, count - first)
            tasks.append(await self._stage.task(levels, -(-asked // levels)))

        def call(number: int) -> Awaitable[Steps]:
            words = (tasks[number // _SLOTS], str(number % levels))
            return stepwise(self._receivers[number], "accept_subtask", *words)

        return call

    async def _enrol(self) -> None:
        if self._stage is None:
            self._stage = await Stage.set_up(self._file, self._people)
        names = [_name(number) for number in range(len(self._receivers), self._most)]
        enrolled = await self._people.enrol(self._org.msp, names, "receiver")
        self._receivers += [self._contract(each) for each in enrolled]

    async def _place(self, levels: int) -> None:
        """An epoch in which receiver n has level n mod ``levels`` + 1, if it does not stand."""
        if self._levels == levels:
            return
        assert self._stage is not None
        self._epoch += 1
        placed = [(_name(number), number % levels + 1) for number in range(self._most)]
        await self._stage.epoch(self._epoch, levels, placed)
        self._levels = levels

    def _contract(self, who: Enrolled) -> Contract:
        gateway = connect(self._channel, who.identity, who.signer)
        return gateway.network(self._file.channel).contract(self._file.chaincode)


def _name(number: int) -> str:
    return f"r{number:05}"
