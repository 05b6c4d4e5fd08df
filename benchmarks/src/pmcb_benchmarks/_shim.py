# SPDX-License-Identifier: Apache-2.0
"""Our bridge against the official Node shim: the same contract twice on one channel, in turn."""

import asyncio
import tempfile
from pathlib import Path

from pmcb_client.network_file import NetworkFile
from pmcb_client.terminal import progress
from pmcb_network.fabric._topology_file import preset
from pmcb_network.fabric._tunables import Tunables

from ._alternating import Round, Rounds, alternate
from ._machine import machine
from ._marking import marking_round
from ._node import modules, version_in, version_of
from ._people import Enrolled, Registrars, people_of
from ._serving import NODE_FOLDER, on_nodes_shim, on_our_bridge
from ._stand import stand

BRIDGE, SHIM = "yardstick-py", "yardstick-node"
PRESET = "dev"
PACKAGES = ["cryptography", "grpcio", "pmcb-chaincode", "pmcb-client", "uvloop"]


def measure(
    document: dict[str, object], *, pairs: int, rate: float, seconds: int, write_batch: bool
) -> None:
    """Fill the document of ``pmcb bench shim``; rounds are in it, whatever ends the measurement.

    Raises:
        NodeUnavailable: Node is missing, or npm cannot install the shim.
        BinariesMissing: Fabric's programs are not here.
    """
    packages = modules(NODE_FOLDER)
    contracts = {BRIDGE: on_our_bridge, SHIM: on_nodes_shim(packages)}
    document |= {
        "benchmark": "shim",
        "machine": machine(PACKAGES),
        "node": {"node": version_of("node"), "fabric-shim": version_in(packages, "fabric-shim")},
        "asked": rate,
        "seconds": seconds,
        "pairs_wanted": pairs,
    }
    tuned = Tunables(write_batch=write_batch, chaincode_keepalive_s=0)
    with (
        tempfile.TemporaryDirectory(prefix="pmcb-shim-") as name,
        stand(Path(name), preset(PRESET), tuned, contracts) as found,
        progress("pairs", pairs) as advance,
    ):
        who = asyncio.run(marker(found.file, found.registrars))

        def run(kind: str) -> Round:
            return asyncio.run(marking_round(found, kind, kind, who, rate=rate, seconds=seconds))

        document["network"] = found.settings()
        rounds = Rounds()
        try:
            alternate(rounds, (BRIDGE, SHIM), pairs, run, advance)
        finally:
            document |= rounds.as_document("achieved", "chaincode_ms")


async def marker(file: NetworkFile, registrars: Registrars) -> Enrolled:
    """Somebody of the first organisation who marks."""
    async with people_of(file, registrars) as people:
        (who,) = await people.enrol(file.orgs[0].msp, ["marker"], "releaser")
    return who
