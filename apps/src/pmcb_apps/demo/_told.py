# SPDX-License-Identifier: Apache-2.0
"""How a story is told: step after step, each timed, with what came out of it."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from ._result import DemoResult, Step

Tell = Callable[[str], None]


class Told:
    """Tells steps to ``tell`` as they begin and end, and keeps them in ``result``."""

    def __init__(self, result: DemoResult, tell: Tell) -> None:
        self.result = result
        self._tell = tell

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
