# SPDX-License-Identifier: Apache-2.0
"""What is offered to a ledger under load: marks of the yardstick, or acceptances of subtasks."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pmcb_client.network_file import NetworkFile

from ._client import Ask
from ._people import Enrolled, People
from ._stage import Stage
from ._yardstick import Yardstick

_SLOTS = 900  # a task has at most 1,000 in all, and a level may have one more than its share


@dataclass(frozen=True)
class Load:
    """How much: levels (0 for marks), transactions, and how many a second (0: all at once)."""

    levels: int
    count: int
    rate: float


class Offered(Protocol):
    """Transactions of one contract, and who asks for them."""

    @property
    def chaincode(self) -> str: ...

    @property
    def people(self) -> Sequence[Enrolled]: ...

    async def asks(self, load: Load) -> Sequence[Ask]:
        """As many as the load has; what they need on the ledger stands."""


class Marks:
    """Somebody marks names that no load had before."""

    def __init__(self, people: Sequence[Enrolled], chaincode: str = Yardstick.name) -> None:
        self.people = people
        self.chaincode = chaincode

    @classmethod
    async def of(cls, file: NetworkFile, people: People) -> "Marks":
        """A person of the first organisation, enrolled for it."""
        return cls(await people.enrol(file.orgs[0].msp, ["marker"], "releaser"))

    async def asks(self, load: Load) -> Sequence[Ask]:
        """No name twice."""
        run = secrets.token_hex(4)
        return [Ask(0, ("mark", f"{run}.{number}")) for number in range(load.count)]


class Accepts:
    """Receiver after receiver accepts a subtask of its level; every load has tasks of its own.

    Nobody accepts twice in a task; in a load of several tasks, a receiver is there in each.
    """

    def __init__(self, chaincode: str, stage: Stage, people: Sequence[Enrolled]) -> None:
        self.chaincode = chaincode
        self.people = people
        self._stage = stage
        self._epoch, self._levels = 0, 0

    @classmethod
    async def of(cls, file: NetworkFile, people: People, most: int) -> "Accepts":
        """Receivers of the first organisation, enrolled once for all loads up to ``most``."""
        stage = await Stage.set_up(file, people)
        names = [_name(number) for number in range(min(most, _SLOTS))]
        enrolled = await people.enrol(file.orgs[0].msp, names, "receiver")
        return cls(file.chaincode, stage, enrolled)

    async def asks(self, load: Load) -> Sequence[Ask]:
        """Receiver n asks for the subtask of its level."""
        await self._place(load.levels)
        asks: list[Ask] = []
        while len(asks) < load.count:
            receivers = min(_SLOTS, load.count - len(asks))
            task = await self._stage.task(load.levels, -(-receivers // load.levels))
            asks += [
                Ask(who, ("accept_subtask", task, str(who % load.levels)))
                for who in range(receivers)
            ]
        return asks

    async def _place(self, levels: int) -> None:
        """An epoch in which receiver n has level n mod ``levels`` + 1, if it does not stand."""
        if self._levels == levels:
            return
        self._epoch += 1
        placed = [(_name(number), number % levels + 1) for number in range(len(self.people))]
        await self._stage.epoch(self._epoch, levels, placed)
        self._levels = levels


def _name(number: int) -> str:
    return f"r{number:05}"
