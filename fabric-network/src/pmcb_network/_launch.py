# SPDX-License-Identifier: Apache-2.0
"""Starts the embedded network in the background and waits until it answers."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from pmcb_client.network_file import NetworkFile, parse
from pmcb_client.wallet import Wallet

from ._files import open_private
from ._log import tail
from ._process import running, stop
from .embedded._material import REGISTRAR, registrar_secret
from .embedded._state import ledger_height
from .errors import NetworkError, StartFailed
from .introduce import introduce, registrar_of, wait_for_ping

_POLL_S = 0.05
_HEALTH_WITHIN_S = 5.0
_LINES = 20


@dataclass(frozen=True)
class Places:
    """Where a home keeps its network."""

    home: Path

    @property
    def folder(self) -> Path:
        """All that is the network's own."""
        return self.home / "network"

    @property
    def record(self) -> Path:
        """Which process serves it."""
        return self.folder / "run.json"

    @property
    def log(self) -> Path:
        """What that process says."""
        return self.folder / "network.log"

    @property
    def serving(self) -> Path:
        """Where it can be reached; there while it serves."""
        return self.folder / "network.json"

    @property
    def lock(self) -> Path:
        """Held by whoever starts or stops it."""
        return self.folder / "up.lock"


def start(
    places: Places,
    *,
    chaincode: str | None,
    port_base: int | None,
    within_s: float,
    say: Callable[[str], None],
) -> int:
    """Starts the server and returns its pid once the contract answers.

    Raises:
        StartFailed: it ended, or did not answer in time; then nothing is left running, and the
            next step shows the last lines of its log.
    """
    for left_behind in (places.record, places.serving):
        left_behind.unlink(missing_ok=True)
    command = [sys.executable, "-P", "-m", "pmcb_network.embedded"]
    command += ["--folder", str(places.folder), "--log", str(places.log)]
    if chaincode is not None:
        command += ["--chaincode", chaincode]
    if port_base is not None:
        command += ["--port-base", str(port_base)]
    deadline = time.monotonic() + within_s
    with open_private(places.log) as log:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    try:
        say("starting the network")
        network = _serving(places, child, deadline)
        say("waiting for the contract")
        left_s = max(1.0, deadline - time.monotonic())
        asyncio.run(introduce(places.home, network, secrets(places, network), within_s=left_s))
    except BaseException as error:
        if child.poll() is None:
            stop(psutil.Process(child.pid))
        child.wait()
        if isinstance(error, StartFailed):
            lines = "\n".join(tail(places.log, _LINES))
            raise StartFailed(str(error), next_step=f"the log's last lines:\n{lines}") from error
        raise
    child.returncode = 0  # it lives on by itself: nothing to wait for at our own end
    return child.pid


def secrets(places: Places, network: NetworkFile) -> dict[str, tuple[str, str]]:
    """Each organisation's registrar, as the server left them for its owner."""
    return {org.msp: (REGISTRAR, registrar_secret(places.folder, org.msp)) for org in network.orgs}


def _serving(places: Places, child: "subprocess.Popen[bytes]", deadline: float) -> NetworkFile:
    while time.monotonic() < deadline:
        code = child.poll()
        if code is not None:
            raise StartFailed(f"the network's process ended with exit code {code}")
        found = serving(places)
        if found is not None:
            return found
        time.sleep(_POLL_S)
    raise StartFailed("the network's process did not open its ports in time")


def serving(places: Places) -> NetworkFile | None:
    """The network that the server describes, or `None`."""
    try:
        return parse(json.loads(places.serving.read_bytes()))
    except (OSError, ValueError):
        return None


def check_health(places: Places, network: NetworkFile) -> None:
    """Raises `StartFailed` unless the running network answers a ping."""
    registrar = registrar_of(Wallet(places.home / "wallet"), network.orgs[0])
    work = (
        introduce(places.home, network, secrets(places, network), within_s=_HEALTH_WITHIN_S)
        if registrar is None
        else wait_for_ping(network, registrar, within_s=_HEALTH_WITHIN_S)
    )
    asyncio.run(work)


def state(places: Places) -> dict[str, Any]:
    """What `pmcb network status` shows."""
    process = running(places.record)
    network = serving(places) if process is not None else None
    found: dict[str, Any] = {
        "running": process is not None,
        "answers": False,
        "reason": "",
        "pid": process.pid if process is not None else None,
        "kind": "embedded",
        "height": ledger_height(places.folder / "ledger"),
        "orgs": [],
    }
    if network is None:
        return found
    found["orgs"] = [
        {"msp": org.msp, "gateway": org.gateway, "ca_url": org.ca_url} for org in network.orgs
    ]
    try:
        check_health(places, network)
        found["answers"] = True
    except NetworkError as error:
        found["reason"] = str(error)
    return found
