# SPDX-License-Identifier: Apache-2.0
"""A process beside the gateway that may die."""

import asyncio
import os
import posixpath
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from pmcb_services.fog.errors import (
    Infeasible,
    InvalidInput,
    Overloaded,
    ScenarioError,
    Unavailable,
)
from pmcb_services.fog.online import GatewaySettings, _planner
from pmcb_services.fog.online._planner import Planner, _Raised


async def test_a_planner_answers_refuses_and_comes_back_when_it_died():
    """With less priority than its gateway; errors arrive as they were raised.

    After a death the next call starts another process.
    """
    async with Planner() as planner:
        assert await planner.call(posixpath.basename, "a/b") == "b"
        with pytest.raises(InvalidInput) as caught:
            await planner.call(GatewaySettings.read, Path("missing.toml"))
        assert caught.value.field == "config"
        first = planner.pid
        assert first is not None
        own = os.getpriority(os.PRIO_PROCESS, 0)
        assert os.getpriority(os.PRIO_PROCESS, first) == min(own + _planner.NICE, 19)
        os.kill(first, signal.SIGKILL)
        with suppress(Unavailable):  # it is dying still, or was dead already
            await planner.call(posixpath.basename, "a/c")
        assert await planner.call(posixpath.basename, "a/d") == "d"
        assert planner.pid != first


async def test_what_is_nested_too_deeply_is_refused():
    """It cannot be copied; the process that has others' plans lives on."""
    deep: list[object] = []
    for _ in range(10_000):
        deep = [deep]
    async with Planner() as planner:
        assert await planner.call(posixpath.basename, "a/b") == "b"
        first = planner.pid
        with pytest.raises(InvalidInput, match="too deeply"):
            await planner.call(posixpath.basename, deep)
        assert await planner.call(posixpath.basename, "a/c") == "c"
        assert planner.pid == first


def test_errors_that_are_made_of_more_than_a_sentence_arrive():
    """With their sentence and the part that is to blame."""
    for error in (Infeasible(["o1"]), ScenarioError("is no number.", pointer="/seed")):
        found = _Raised(error).error()
        assert (type(found), str(found), found.field) == (type(error), str(error), error.field)


async def test_a_planner_that_takes_too_long_is_ended():
    """Whoever waits is told in time."""
    async with Planner() as planner:
        await planner.call(posixpath.basename, "a/b")
        begun = time.monotonic()
        with pytest.raises(Unavailable):
            await planner.call(time.sleep, 60, within_s=0.05)
        assert time.monotonic() - begun < 30
        assert planner.pid is None


async def test_a_planner_that_nobody_asks_ends_its_process(monkeypatch):
    """It holds 200 MiB; whoever asks again starts another one."""
    monkeypatch.setattr(_planner, "QUIET_S", 0.01)
    async with Planner() as planner, asyncio.timeout(30):
        await planner.call(posixpath.basename, "a/b")
        while planner.pid is not None:  # noqa: ASYNC110 - its end is no event
            await asyncio.sleep(0.01)
        assert await planner.call(posixpath.basename, "a/c") == "c"


async def test_a_few_works_wait_and_others_are_told_to_come_again():
    """Whoever gives up makes room; what waits when the planner ends is not done any more."""
    async with Planner() as planner:
        await planner.call(posixpath.basename, "a/b")
        calls = [
            asyncio.create_task(planner.call(time.sleep, 60, within_s=50))
            for _ in range(1 + _planner.WAITING)
        ]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await planner.call(posixpath.basename, "a/c")
        calls.pop().cancel()
        await asyncio.sleep(0.01)
        calls.append(asyncio.create_task(planner.call(posixpath.basename, "a/d")))
        await asyncio.sleep(0.01)
        assert not any(call.done() for call in calls)
        begun = time.monotonic()
    assert time.monotonic() - begun < 5
    ended = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(ended[0], Unavailable)
    assert all(isinstance(each, asyncio.CancelledError) for each in ended[1:])


async def test_a_planner_imports_nothing_of_the_folder_it_is_started_in(tmp_path, monkeypatch):
    """A program of the same name may lie there."""
    (tmp_path / "socket.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)
    async with Planner() as planner:
        assert await planner.call(posixpath.basename, "a/b") == "b"
