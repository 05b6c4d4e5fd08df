# SPDX-License-Identifier: Apache-2.0
"""What the parts' own audits say in the end, and whether anything was left running."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from pmcb_network import LedgerDamaged
from pmcb_network.embedded import EmbeddedNetwork

from ._organisation_site import STORE, Site
from ._soak_chaincode import Chaincode

__all__ = ["audited", "chain", "left_behind"]


def audited(site: Site, chaincode: Chaincode) -> dict[str, dict[str, Any]]:
    """Of the fog's event log, the query gateway's trail and the log of refusals; all run."""
    who = ("--as", "institution")
    trail = ("retrieval", "audit", "verify", "--store", STORE)
    refusals = site.pmcb("audit", "verify", str(chaincode.refusals), fails=True)
    refusals.pop("folder", None)  # of this run alone
    return {
        "fog audit": site.pmcb(*who, "fog", "audit", fails=True),
        "retrieval audit verify": site.pmcb(*who, *trail, fails=True),
        "audit verify": refusals,
    }


async def chain(site: Site) -> dict[str, Any]:
    """Every block of the ledger, once its network has ended."""
    async with EmbeddedNetwork(site.home / "network") as network:
        try:
            network.verify()
        except LedgerDamaged as error:
            return {"error": type(error).__name__, "message": str(error)}
        return {"height": network.height}


def left_behind(folder: Path) -> list[str]:
    """End whatever still runs of this folder; what it was."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError):
            words = process.cmdline()
            if process.pid != os.getpid() and any(str(folder) in word for word in words):
                found.append(" ".join(words[:6]).replace(str(folder), "."))
                os.kill(process.pid, signal.SIGKILL)
    return found
