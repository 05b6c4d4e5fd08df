# SPDX-License-Identifier: Apache-2.0
"""Every check of `pmcb network doctor` on a home's network, whatever state that is in."""

import json
from datetime import UTC, datetime
from shutil import disk_usage

import psutil

from ._findings import (
    Finding,
    Grade,
    Port,
    check_certificates,
    check_disk,
    check_modes,
    check_ports,
    check_running,
    guarded,
)
from ._launch import Places, state
from ._process import running
from .embedded._ports import is_free
from .fabric import _doctor
from .fabric._folder import folder_of, is_there

_RENEWAL = (
    "`pmcb network down`, then up renews a peer's and the server's; a root needs a new network"
)


def examine(places: Places) -> list[Finding]:
    """All findings, in the order of the checks."""
    private = [places.folder, places.home / "wallet"]
    there = [folder for folder in private if folder.exists()]
    if is_there(folder_of(places)):
        return _doctor.examine(folder_of(places), there)
    found = guarded("file modes", lambda: check_modes(there)) if there else []
    if not (places.folder / "ledger").exists():
        step = "make one: pmcb network up"
        return [Finding("network", Grade.WARN, f"there is none in {places.home}", step), *found]
    return [
        *guarded("disk", lambda: check_disk(disk_usage(places.folder).free)),
        *found,
        *guarded("processes", lambda: _answers(places)),
        *guarded("ports", lambda: _ports(places)),
        *guarded("certificates", lambda: _certificates(places)),
    ]


def _answers(places: Places) -> list[Finding]:
    found = state(places)
    if found["running"] and not found["answers"]:
        what = f"process {found['pid']} does not serve: {found['reason'] or 'it is starting'}"
        step = "stop it with: pmcb network down; then start it again"
        return [Finding("processes", Grade.FAIL, what, step)]
    return check_running({"the network": bool(found["running"])})


def _ports(places: Places) -> list[Finding]:
    kept: dict[str, int] = json.loads((places.folder / "ports.json").read_bytes())
    process = running(places.record)
    listening = None
    if process is not None:
        connections = process.net_connections(kind="inet")
        listening = frozenset(c.laddr.port for c in connections if c.status == psutil.CONN_LISTEN)
    return check_ports(
        Port(name, number, listening, process is not None or is_free(number))
        for name, number in kept.items()
    )


def _certificates(places: Places) -> list[Finding]:
    files = sorted(places.folder.glob("orgs/*/*.pem")) + sorted(places.folder.glob("tls/*.pem"))
    held = {str(path.relative_to(places.folder)): path.read_bytes() for path in files}
    return check_certificates(held, datetime.now(UTC), advice=_RENEWAL)
