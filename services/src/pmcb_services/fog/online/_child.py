# SPDX-License-Identifier: Apache-2.0
"""The process that runs a server's orders: a fog worker's child, killed where a lease is lost.

It ends by itself, at once, where its worker is gone or where a lease is over while its order runs:
a worker that is paused cannot end it.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import traceback
from dataclasses import dataclass
from typing import BinaryIO

from pmcb_client._spared import spare_httpx_its_command

from ._frames import Frame, pack, read
from ._handler import Handler, LeaseShort, OrderFailed, OutcomeUnknown, Task, Tenure
from ._handlers import handlers
from ._order import Outcome
from ._places import Places

__all__ = ["Ended", "main", "run"]


@dataclass(frozen=True)
class Ended:
    """How an order ended; ``data`` is its result, or of a failure the code.

    ``defect`` is the class of what its handler should not have raised, and where.
    """

    outcome: Outcome
    data: bytes = b""
    defect: str = ""


def run(handler: Handler | None, task: Task) -> Ended:
    """Run an order, whatever its handler does.

    What is not known to have had no effect is unknown only where it must not run twice; elsewhere
    a defect is a failure, since it would come again.
    """
    if handler is None:
        return Ended("failed", b"UNKNOWN_KIND")
    hold = task.on_unknown == "hold"
    try:
        return Ended("done", handler.run(task))
    except OrderFailed as error:
        return Ended("failed", error.code.encode())
    except OutcomeUnknown:
        return Ended("unknown")
    except LeaseShort:
        return Ended("failed", b"LEASE_SHORT") if hold else Ended("unknown")
    except Exception as error:  # noqa: BLE001 - whatever it is, it ends the order only
        place = traceback.extract_tb(error.__traceback__)[-1]
        defect = f"{type(error).__name__} at {place.name}:{place.lineno}"
        return Ended("unknown" if hold else "failed", b"" if hold else b"DEFECT", defect)


class _Desk:
    """Takes orders and leases from the pipe, also while an order runs."""

    def __init__(self, incoming: BinaryIO) -> None:
        self._incoming = incoming
        self._tenure: Tenure | None = None
        self.tasks: queue.SimpleQueue[Task] = queue.SimpleQueue()

    def listen(self) -> None:
        """Until the worker is gone: then nothing may go on."""
        try:
            while True:
                self._heard(read(self._incoming))
        except (EOFError, ValueError, OSError):
            os._exit(0)

    def _heard(self, frame: Frame) -> None:
        says = frame.says
        if "until" not in says:
            if self._tenure is not None:
                self._tenure.extend(says["lease"])
            return
        self._tenure = Tenure(says.pop("until"))
        threading.Thread(target=_guard, args=(self._tenure,), daemon=True).start()
        self.tasks.put(Task(**says, payload=frame.body, tenure=self._tenure))


def _guard(tenure: Tenure) -> None:
    if tenure.outlived():
        os._exit(1)


def main() -> None:
    """Read where things are, then orders, until the worker closes the pipe."""
    for number in (signal.SIGINT, signal.SIGTERM):  # they are for the worker, and come to the group
        signal.signal(number, signal.SIG_IGN)
    outgoing = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a handler prints is no frame
    incoming = sys.stdin.buffer
    spare_httpx_its_command()
    known = handlers(Places(**read(incoming).says))
    desk = _Desk(incoming)
    threading.Thread(target=desk.listen, daemon=True).start()
    _tell(outgoing, pack({"ready": True}))
    while True:
        task = desk.tasks.get()
        ended = run(known.get(task.kind), task)
        task.tenure.end()
        said = {"outcome": ended.outcome, "defect": ended.defect}
        _tell(outgoing, pack(said, ended.data))


def _tell(outgoing: BinaryIO, frame: bytes) -> None:
    try:
        outgoing.write(frame)
        outgoing.flush()
    except OSError:  # the worker is gone
        os._exit(0)


if __name__ == "__main__":
    main()
