# SPDX-License-Identifier: Apache-2.0
"""What the supervisor knows of its services, in a file that anybody of this home may read."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from pmcb_client.files import write_atomic

__all__ = ["Places", "Standing", "State", "read", "write"]


class Standing(StrEnum):
    """Where a service stands."""

    WAITING = "waiting"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


@dataclass(frozen=True)
class State:
    """One service, or the network.

    Attributes:
        name: in the file.
        standing: whether it runs; paused means that it ended and is started again soon.
        pid: of its process; None without one.
        url: where it listens, "" where it does not.
        restarts: how often it was started again.
        exit_code: of its last end; None before the first.
        reason: why it ended, in its own words.
        since_ms: when it came to stand so, milliseconds UTC.
    """

    name: str
    standing: Standing = Standing.WAITING
    pid: int | None = None
    url: str = ""
    restarts: int = 0
    exit_code: int | None = None
    reason: str = ""
    since_ms: int = 0

    def now(self, standing: Standing, *, at_ms: int, **changed: Any) -> State:
        """The same, standing so since then."""
        return replace(self, standing=standing, since_ms=at_ms, **changed)


@dataclass(frozen=True)
class Places:
    """Where a home keeps what belongs to its services."""

    home: Path

    @property
    def folder(self) -> Path:
        """All of it."""
        return self.home / "services"

    @property
    def lock(self) -> Path:
        """Held by the supervisor while it lives."""
        return self.folder / "up.lock"

    def record(self, name: str) -> Path:
        """Which process a service is; "supervisor" keeps the others."""
        return self.folder / f"{name}.run.json"

    @property
    def state(self) -> Path:
        """What it knows of them."""
        return self.folder / "state.json"

    def log(self, name: str) -> Path:
        """What a service says."""
        return self.folder / f"{name}.log"


def read(places: Places) -> tuple[str, dict[str, State]]:
    """The file that the services were started from, and their states by name; ("", {}) before."""
    try:
        document = json.loads(places.state.read_bytes())
        states = [
            State(**{**each, "standing": Standing(each["standing"])})
            for each in document["services"]
        ]
        return str(document["plan"]), {each.name: each for each in states}
    except (OSError, ValueError, TypeError, KeyError):
        return "", {}


def write(places: Places, plan: Path, states: dict[str, State]) -> None:
    """Keep them, whole or not at all."""
    document = {"plan": str(plan), "services": [asdict(each) for each in states.values()]}
    write_atomic(places.state, json.dumps(document, indent=1).encode(), mode=0o600)
