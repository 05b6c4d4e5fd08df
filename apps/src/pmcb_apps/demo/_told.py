# SPDX-License-Identifier: Apache-2.0
"""How a story is told: step after step, each timed, with what came out of it."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from pmcb_apps.errors import StoryStuck

from ._result import DemoResult, Step

LONGEST_S = 1_800.0

Tell = Callable[[str], None]


class Told(ABC):
    """Tells steps to ``tell`` as they begin and end, and keeps them in ``result``."""

    def __init__(self, result: DemoResult, tell: Tell) -> None:
        self.result = result
        self._tell = tell

    async def run(self) -> None:
        """All of it, within half an hour: steps wait for services without a bound of their own.

        Raises:
            StoryStuck: it took longer.
        """
        try:
            async with asyncio.timeout(LONGEST_S) as bound:
                await self._whole()
        except TimeoutError as error:
            if not bound.expired():
                raise
            raise StoryStuck(
                f"The demo has not ended within {LONGEST_S / 60:.0f} minutes.",
                next_step="What it waited for is in services.log in its folder.",
            ) from error

    @abstractmethod
    async def _whole(self) -> None:
        """What is told."""

    @contextmanager
    def _step(self, title: str) -> Iterator[list[str]]:
        """Time a step; what it appends is told at its end and kept."""
        self._tell(f"{title} ...")
        started = time.perf_counter()
        came_out: list[str] = []
        try:
            yield came_out
        except asyncio.CancelledError:
            self._tell("Stopping ...")  # a classifying thread cannot be cut short
            raise
        step = Step(title, "; ".join(came_out), time.perf_counter() - started)
        self.result.steps.append(step)
        self._tell(f"  {step.outcome} ({step.seconds:.1f} s)")


def percent(share: float | None) -> str:
    """A share as people read it.

    >>> percent(0.0123), percent(None)
    ('1.23 %', '?')
    """
    return "?" if share is None else f"{100 * share:.2f} %"


def counted(counts: Mapping[str, int]) -> str:
    """How many of each, the most first.

    >>> counted({"reject": 3, "accept": 42})
    '42 accept, 3 reject'
    """
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{number} {name}" for name, number in ordered)
