# SPDX-License-Identifier: Apache-2.0
"""A home in which `pmcb up` keeps all services of an organisation, typed as a user would."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from pmcb_apps.organisation._control import Control
from pmcb_client.network_file import NetworkFile, load
from pmcb_client.wallet import Wallet, WalletIdentity

from ._fog_device import Effect
from ._organisation_memory import memory

__all__ = ["DEVICE", "ORGANISATION", "ROLES", "STORE", "TOKEN", "Site", "organisation_site"]

ORGANISATION = "HospitalBMSP"
STORE = "ward"
DEVICE = f"{ORGANISATION}/pump"
TOKEN = "made-up-token-of-the-bed"  # noqa: S105 - of a device that is made up
FIRST_RECORDS = 200
UP_WITHIN_S = 180.0
_COMMAND_S = 300.0

FIELDS = """\
- {name: heart_rate, unit: 1/min, min: 30, max: 220}
- {name: systolic, unit: mmHg, min: 60, max: 260}
"""
SCHEMA = """\
name: ward
missing: code
attributes:
  - {name: heart_rate, unit: 1/min, min: 30, max: 220, step: 1}
  - {name: systolic, unit: mmHg, min: 60, max: 260, step: 1}
carried:
  - {name: patient, type: uint32}
  - {name: at, type: uint64}
patient: patient
"""
_FIRST = f"""\
organisation = "{ORGANISATION}"
[network]
embedded = true
{{chaincode}}
[services.content]
quota_mib = 1024
[services.cloud]
"""
_OTHERS = f"""\
[services.query-gateway]
[services.publishing]
tables = "tables"
[services.intake]
fields = "fields.yaml"
store = "{STORE}"
[services.verification]
[services.fog]
[services.collector]
fields = "fields.yaml"
tokens = "tokens.toml"
"""
_ADAPTER = """\
[services.device-adapter]
devices = "adapter.toml"
port = {port}
"""
_WORKER = """\
[services.{name}]
kind = "fog-worker"
server = "{name}"
speed = 20000.0
devices = "devices.toml"
"""
_PUMP = """\
#!/bin/sh
echo "$PMCB_ORDER $PMCB_EPOCH" >> effects
sleep 0.02  # whatever dies now leaves an effect of which nobody has heard
"""

ROLES = '[services.releaser]\nas = "releaser"\n' + "".join(
    f'[services.receiver-{number}]\nkind = "receiver"\nas = "r{number}"\n' for number in range(6)
)
"""Services of people who work with the organisation, beside its own."""


class Site:
    """The home, its file, and the commands typed in it.

    Attributes:
        home: of `pmcb`.
        workers: fog servers.
        device: that orders command.
    """

    def __init__(self, folder: Path, workers: int, extra: str, chaincode: str) -> None:
        self.home = folder / "home"
        self.folder = folder
        self.workers = [f"ward-{number}" for number in range(1, workers + 1)]
        self.device = DEVICE
        self._effects = folder / "effects"
        self._extra = extra
        self._first, self._whole = folder / "first.toml", folder / "organisation.toml"
        first = _FIRST.format(chaincode=f'chaincode = "{chaincode}"' if chaincode else "")
        self._first.write_text(first)
        served = "".join(_WORKER.format(name=name) for name in self.workers)
        self._whole.write_text(f"{first}{_OTHERS}{self._adapter()}{served}{extra}")
        (folder / "fields.yaml").write_text(FIELDS)
        (folder / "schema.yaml").write_text(SCHEMA)
        (folder / "tokens.toml").write_text(f'bed = "{TOKEN}"\n')
        (folder / "tables").mkdir()

    def _adapter(self) -> str:
        """Its part of the file; at an address that workers can be told before it is there."""
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        pump = self.folder / "pump.sh"
        pump.write_text(_PUMP.replace(" effects", f" '{self._effects}'"))
        pump.chmod(0o755)
        spoken = f'["{self.device}"]\nrun = ["./pump.sh"]\ncommands = ["dose"]\n'
        (self.folder / "adapter.toml").write_text(f'token = "{TOKEN}"\n{spoken}')
        reached = f'url = "http://127.0.0.1:{port}/v1/commands"\ntoken = "{TOKEN}"\ndedup = true\n'
        (self.folder / "devices.toml").write_text(f'["{self.device}"]\n{reached}')
        return _ADAPTER.format(port=port)

    def effects(self) -> list[Effect]:
        """What its device did, as it happened."""
        lines = self._effects.read_text().splitlines() if self._effects.exists() else []
        return [Effect(order, int(epoch)) for order, epoch in map(str.split, lines)]

    def begin(self) -> None:
        """Network, content store and cloud alone: people are enrolled, the store is built."""
        self.pmcb("up", str(self._first), "--wait", str(UP_WITHIN_S))

    def build(self) -> None:
        """An encrypted store with a few records; all services have yet to be started."""
        rng = np.random.default_rng(0)
        np.savez(
            self.folder / "records.npz",
            heart_rate=rng.integers(30, 221, FIRST_RECORDS),
            systolic=rng.integers(60, 261, FIRST_RECORDS),
            patient=np.arange(FIRST_RECORDS),
            at=np.zeros(FIRST_RECORDS),
        )
        schema, records = self.folder / "schema.yaml", self.folder / "records.npz"
        self.pmcb(
            "--as", "institution", "retrieval", "build", "--schema", str(schema),
            "--records", str(records), "--store", STORE,
        )  # fmt: skip

    def up(self) -> None:
        """All services; what an earlier supervisor left running is replaced."""
        self.pmcb("up", str(self._whole), "--wait", str(UP_WITHIN_S))

    def down(self) -> None:
        """End everything; what they hold is kept."""
        Control(self.home).down()

    def state(self) -> dict[str, Any]:
        """What `pmcb status` shows."""
        return Control(self.home).state()

    def memory(self) -> dict[str, dict[str, int]]:
        """Of the supervisor and what the organisation itself runs, as `memory` counts it."""
        state = self.state()
        pids = {each["name"]: each["pid"] for each in state["services"]}
        found = memory({"supervisor": state["supervisor"], **pids})
        others = {"total", *(tomllib.loads(self._extra)["services"] if self._extra else ())}
        own = {name: held for name, held in found.items() if name not in others}
        keys = found["total"]
        return {**own, "total": {key: sum(held[key] for held in own.values()) for key in keys}}

    def network(self) -> NetworkFile:
        """As network.json says now."""
        return load(self.home / "network.json")

    def identity(self, label: str) -> WalletIdentity:
        """Somebody of the wallet."""
        return Wallet(self.home / "wallet").get(label)

    def pmcb(self, *words: str, fails: bool = False) -> dict[str, Any]:
        """What a command tells.

        Raises:
            RuntimeError: it failed, and may not; with what it said.
        """
        command = [sys.executable, "-P", "-m", "pmcb_client", "--home", str(self.home), "--json"]
        done = subprocess.run(
            [*command, *words], capture_output=True, text=True, check=False, timeout=_COMMAND_S
        )
        lines = done.stdout.strip().splitlines()
        found: dict[str, Any] = json.loads(lines[-1]) if lines else {}
        if done.returncode and not (fails and found):
            said = found.get("message", done.stderr[-500:])
            raise RuntimeError(f"pmcb {' '.join(words)}: {said} {found.get('next_step', '')}")
        return found


@contextmanager
def organisation_site(
    folder: Path, *, workers: int = 2, extra: str = "", chaincode: str = ""
) -> Iterator[Site]:
    """A home in an empty folder; whatever it started is ended with the block.

    Args:
        folder: an empty one.
        workers: fog servers, each with a worker.
        extra: services of other people in the file.
        chaincode: address of a server to dial; without one the network runs the contract.
    """
    site = Site(folder, workers, extra, chaincode)
    try:
        yield site
    finally:
        site.down()
