# SPDX-License-Identifier: Apache-2.0
"""Caliper as a referee of our load generator: the same marks at the same rate, in turn."""

import asyncio
import tempfile
from pathlib import Path

from pmcb_client.terminal import progress
from pmcb_network.fabric._topology_file import preset
from pmcb_network.fabric._tunables import Tunables

from ._alternating import Round, Rounds, alternate
from ._caliper import FOLDER, caliper_round
from ._ledger import Measured
from ._machine import machine
from ._marking import marking_round
from ._node import modules, version_in, version_of
from ._people import Enrolled
from ._shim import PACKAGES, PRESET, marker
from ._stand import stand
from ._watch import Watch
from ._yardstick import Yardstick

OURS, CALIPER = "pmcb", "caliper"
_PARTS = ("@hyperledger/caliper-cli", "@hyperledger/fabric-gateway")


def measure(document: dict[str, object], *, pairs: int, rate: float, seconds: int) -> None:
    """Fill the document of ``pmcb bench caliper``; rounds are in it, whatever ends the measurement.

    Raises:
        NodeUnavailable: Node is missing, or npm cannot install Caliper.
        BinariesMissing: Fabric's programs are not here.
        CaliperFailed: Caliper could not measure.
    """
    packages = modules(FOLDER)
    document |= {
        "benchmark": "caliper",
        "machine": machine(PACKAGES),
        "node": {"node": version_of("node")}
        | {part: version_in(packages, part) for part in _PARTS},
        "asked": rate,
        "seconds": seconds,
        "pairs_wanted": pairs,
    }
    with (
        tempfile.TemporaryDirectory(prefix="pmcb-caliper-") as name,
        stand(Path(name), preset(PRESET), Tunables()) as found,
        progress("pairs", pairs) as advance,
    ):
        who = asyncio.run(marker(found.file, found.registrars))

        def run(kind: str) -> Round:
            if kind == CALIPER:
                return refereed_round(found, who, rate=rate, seconds=seconds)
            return asyncio.run(
                marking_round(found, kind, Yardstick.name, who, rate=rate, seconds=seconds)
            )

        document["network"] = found.settings()
        rounds = Rounds()
        try:
            alternate(rounds, (OURS, CALIPER), pairs, run, advance)
        finally:
            document |= rounds.as_document("achieved", "mean_ms")


def refereed_round(found: Measured, who: Enrolled, *, rate: float, seconds: int) -> Round:
    """What Caliper says, under our names; its own start and end count as ours, not as others'."""
    with tempfile.TemporaryDirectory(prefix="pmcb-caliper-") as folder:
        watch = Watch(found.processes())
        said = caliper_round(
            Path(folder), found.file, Yardstick.name, who, rate=rate, seconds=seconds
        )
        work = watch.seen(caliper=said.cpu_s)
    figures = {
        "offered": said.succeeded + said.failed,
        "committed": said.succeeded,
        "sent": said.send_rate,
        "achieved": said.throughput,
        "mean_ms": round(said.latency_s * 1000, 1),
        "generator_s": round(said.cpu_s, 2),
    }
    return Round(CALIPER, work.other_load, figures)
