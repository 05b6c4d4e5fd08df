# SPDX-License-Identifier: Apache-2.0
"""What looks on while a contract is served: metrics, the refusal log, the process's log."""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from ._metrics import Metrics
from ._refusals import RefusalLog

_log = logging.getLogger("pmcb_chaincode")

_PLAIN = re.compile(r"[A-Za-z0-9._-]{0,249}")


@dataclass(frozen=True)
class Answered:
    """A transaction that was answered: enough to count and to find it, nothing to read."""

    tx: str
    channel: str
    function: str
    status: int
    code: str
    seconds: float
    bytes_in: int
    bytes_out: int


@dataclass(frozen=True)
class Observers:
    """Injected into a session; by default it counts for itself and keeps no refusals."""

    metrics: Metrics = field(default_factory=Metrics)
    refusals: RefusalLog | None = None

    def answered(self, one: Answered, *, uid: Callable[[], str]) -> None:
        """Take note of an answer; its fields are named one by one, never arguments or values.

        ``uid`` gives the proven caller; only the refusal log asks for it.
        """
        self.metrics.answered(one.function, one.status, one.code, seconds=one.seconds)
        if self.refusals is not None and 400 <= one.status < 500:
            self.refusals.append(
                tx=one.tx, channel=one.channel, function=one.function, code=one.code, uid=uid()
            )
        _log.info(
            '{"event":"transaction","tx":"%s","channel":"%s","function":"%s","status":%d,'
            '"code":"%s","ms":%d,"bytes_in":%d,"bytes_out":%d}',
            one.tx[:8],
            one.channel,
            one.function,
            one.status,
            one.code,
            one.seconds * 1000,
            one.bytes_in,
            one.bytes_out,
        )


def plain(text: str) -> str:
    """An id as it may stand in a log; "?" for what no peer sends."""
    return text if _PLAIN.fullmatch(text) else "?"
