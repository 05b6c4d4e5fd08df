# SPDX-License-Identifier: Apache-2.0
"""Keeps the network and all services of a plan running, until it is told to end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from pmcb_client.files import private_folder
from pmcb_network._files import locked
from pmcb_network._process import Record, running, stop
from pmcb_network.errors import FolderInUse

from ._keeper import Keeper
from ._network import Network, enrol
from ._plan import Plan
from ._state import Places, State, read, write
from .errors import AlreadyRunning

__all__ = ["SUPERVISOR", "Supervisor", "end_left_behind"]

SUPERVISOR = "supervisor"


class Supervisor:
    """The network, if it is ours, and the services above it.

    A service that ends is started again after a pause that grows from half a second to half a
    minute, on the port it had. What an earlier supervisor left behind when it was killed is ended
    first.

    Args:
        plan: what to run.
        places: of this home.
        tell: called with each new state.
    """

    def __init__(self, plan: Plan, places: Places, tell: Callable[[State], None]) -> None:
        self._plan = plan
        self._places = places
        self._tell = tell
        self._states: dict[str, State] = {}
        _, before = read(places)
        self._network = None if plan.network is None else Network(plan, places, self._changed)
        self._keepers = {
            service: Keeper(service, places, before.get(service.name), self._changed)
            for service in plan.services
        }

    async def run(self) -> None:
        """Start everything, and keep it until this is cancelled.

        Raises:
            AlreadyRunning: another supervisor keeps the services of this home.
            StartFailed: the network, or an enrolment, says no; then no service was started.
        """
        private_folder(self._places.folder)
        with _alone(self._places):
            end_left_behind(self._places)
            network = [self._network.state] if self._network is not None else []
            first = [*network, *(keeper.state for keeper in self._keepers.values())]
            self._states = {state.name: state for state in first}
            write(self._places, self._plan.path, self._states)
            record = self._places.record(SUPERVISOR)
            Record.of_this_process().write(record)  # only now: the states are of this run
            try:
                await self._keep()
            finally:
                record.unlink(missing_ok=True)

    async def _keep(self) -> None:
        async with contextlib.AsyncExitStack() as stack:  # ended in the reverse order
            if self._network is not None:
                stack.push_async_callback(self._network.down)
                await self._network.up()
            await enrol(self._plan, self._places)
            if self._network is not None:
                stack.push_async_callback(_cancel, asyncio.ensure_future(self._network.keep()))
            for service, keeper in self._keepers.items():
                needed = [self._keepers[each] for each in self._plan.needed_by(service)]
                task = asyncio.ensure_future(keeper.keep(needed))
                stack.push_async_callback(_cancel, task)
            await asyncio.Event().wait()

    def _changed(self, state: State) -> None:
        self._states[state.name] = state
        write(self._places, self._plan.path, self._states)
        self._tell(state)


def end_left_behind(places: Places) -> int:
    """End services that a supervisor left running when it was killed; how many."""
    records = [
        path for path in places.folder.glob("*.run.json") if path != places.record(SUPERVISOR)
    ]
    left = [process for record in records if (process := running(record)) is not None]
    with ThreadPoolExecutor(max(1, len(left))) as pool:
        list(pool.map(stop, left))
    for record in records:
        record.unlink(missing_ok=True)
    return len(left)


async def _cancel(task: asyncio.Future[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@contextlib.contextmanager
def _alone(places: Places) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(places.lock))
        except FolderInUse as error:
            said = f"The services of {places.home} run already."
            raise AlreadyRunning(said, next_step="`pmcb status` shows them.") from error
        yield
