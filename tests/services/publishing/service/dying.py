# SPDX-License-Identifier: Apache-2.0
"""Starts ``pmcb`` in processes that kill themselves -9 right after a step of a release.

Reads lines ``[STEP, WORD, ...]`` as JSON, one command each; the step "" is none. Tells the process
id, then whatever the command tells, and at last how it ended. What is imported is imported once:
each process is a fork. Nothing else differs but that releases appear on whole milliseconds.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import pmcb_client.gateway
from pmcb_client.cli import main
from pmcb_services.publishing import _assembly, publishing_application
from pmcb_services.publishing._budget import Budgets
from pmcb_services.publishing._entries import Entries, State
from pmcb_services.publishing._requests import Kind
from pmcb_services.publishing._work import Work

HEAVY = (pmcb_client.gateway, publishing_application)


def after(owner: type, name: str, is_it: Callable[..., bool]) -> None:
    """Die as of `kill -9` once the method has done its work, if it is the one."""
    method = getattr(owner, name)

    @wraps(method)
    def deadly(*args: Any, **how: Any) -> Any:
        found = method(*args, **how)
        if is_it(*args):
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    @wraps(method)
    async def deadly_later(*args: Any) -> Any:
        found = await method(*args)
        if is_it(*args):
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    setattr(owner, name, deadly_later if owner is Budgets else deadly)


def any_release(*_: object) -> bool:
    """No count is made where this is asked."""
    return True


def noting(state: State) -> Callable[..., bool]:
    """Whether a call notes that a release has come so far."""

    def is_it(_: object, of: Any, *words: object) -> bool:
        request = getattr(of, "request", of)
        return request.kind is Kind.RELEASE and state in words

    return is_it


STEPS: dict[str, tuple[type, str, Callable[..., bool]]] = {
    "intent": (Entries, "put", noting(State.INTENT)),
    "reservation": (Budgets, "reserve", any_release),
    "files": (Work, "run", any_release),
    "stored": (Entries, "move", noting(State.STORED)),
    "recorded": (Budgets, "record", any_release),
}


def tell(number: int) -> None:
    """A line to who started this."""
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def live(step: str, words: list[str]) -> None:
    """Be the command."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
    tell(os.getpid())
    vars(_assembly)["TICK_MS"] = 1
    if step:
        after(*STEPS[step])
    sys.argv = ["pmcb", *words]
    main()


if __name__ == "__main__":
    for line in sys.stdin:
        step, *words = json.loads(line)
        if not (child := os.fork()):
            live(step, words)
        _, status = os.waitpid(child, 0)
        tell(os.waitstatus_to_exitcode(status))
