# SPDX-License-Identifier: Apache-2.0
"""Refusals by rule. The ledger has none: they stand in logs of the machine that was asked.

Two kinds are read: what this identity was refused here, and the logs of chaincode servers that run
from this home. Of a server's log nothing is shown that names a person, but to that person.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pmcb_chaincode import Code
from pmcb_client.receiver import receiver_folder, refusals
from pmcb_client.wallet import WalletIdentity
from pmcb_network import _launch
from pmcb_network.fabric._folder import folder_of

__all__ = ["Refusals", "Refused", "meaning"]

_NEWEST = 100


@dataclass(frozen=True)
class Refused:
    """One refusal.

    Attributes:
        at_ms: milliseconds UTC.
        function: of the contract, or what was tried.
        code: the rule.
        mine: whether this identity was refused.
        task: 32 hex; "" where no record tells it.
    """

    at_ms: int
    function: str
    code: str
    mine: bool
    task: str = ""


@dataclass
class Refusals:
    """Counts refusals as logs grow; each file is read once.

    Attributes:
        home: of this user.
        identity: who is signed in.
    """

    home: Path
    identity: WalletIdentity
    _counts: Counter[str] = field(default_factory=Counter)
    _newest: deque[Refused] = field(default_factory=lambda: deque(maxlen=_NEWEST))
    _read: dict[Path, int] = field(default_factory=dict)

    def look(self) -> tuple[dict[str, int], list[Refused]]:
        """How many by rule, the most first; and the newest ones."""
        for path in sorted(self._files()):
            for line in self._new_lines(path):
                self._take(line)
        own = refusals(receiver_folder(self.home, self.identity))
        counts = self._counts + Counter(one.code for one in own)
        mine = [Refused(one.at, one.act, one.code, mine=True, task=one.task) for one in own]
        newest = sorted([*self._newest, *mine], key=lambda one: -one.at_ms)[:_NEWEST]
        return dict(counts.most_common()), newest

    def _files(self) -> Iterator[Path]:
        root = folder_of(_launch.Places(self.home)) / "nodes"
        return root.glob("*/data/refusals/refusals-*.jsonl")

    def _new_lines(self, path: Path) -> list[bytes]:
        place = self._read.get(path, 0)
        try:
            with path.open("rb") as file:
                file.seek(place)
                added = file.read()
        except OSError:
            return []
        whole = added.rpartition(b"\n")[0]
        self._read[path] = place + (len(whole) + 1 if whole else 0)
        return whole.splitlines()

    def _take(self, line: bytes) -> None:
        try:
            found: dict[str, Any] = json.loads(line)
            refused = Refused(
                int(found["time"]),
                str(found["function"]),
                str(found["code"]),
                mine=found["uid"] == self.identity.uid,
            )
        except (ValueError, TypeError, KeyError):
            return  # a note of the log about itself, or damage: `pmcb audit verify` tells
        self._counts[refused.code] += 1
        self._newest.append(refused)


def meaning(code: str) -> str:
    """What a rule says; "" where it is none of the contract's."""
    known = Code.__members__.get(code)
    return known.meaning if known is not None else ""
