# SPDX-License-Identifier: Apache-2.0
"""Figs. 7 and 9 of the first publication: the ledger under load, on Fabric only."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pmcb_benchmarks._ledger import Setting, measure
from pmcb_benchmarks._offered import Load
from pmcb_benchmarks._panels import PUBLISHED_S, PUBLISHED_TPS, RATE, WAIT, panels
from pmcb_benchmarks.ledger import PUBLISHED_COUNTS, PUBLISHED_LEVELS, PUBLISHED_RATES
from pmcb_clustering._plots import encode_png
from pmcb_network.errors import BinariesMissing
from pmcb_network.fabric import _binaries

from ._claims import Claim, Verdict
from ._items import QUICK
from ._source import Advance, Document, Made, Places, Wish, digest_of

STORED = "ledger-sweep.json"
QUICK_LOADS = [Load(3, 500, rate) for rate in (50.0, 100.0, 200.0, 400.0)]


class NoFabric(Exception):
    """Neither Fabric's programs nor a stored sweep are at hand."""

    exit_code = 3
    next_step = (
        "Put Fabric's programs on PATH or name their folder in PMCB_FABRIC_BIN, or name the "
        f"folder of a stored {STORED} with --results."
    )


@dataclass(frozen=True)
class Sweep:
    """Fabric's programs, or the sweep that `pmcb bench ledger` once left.

    Attributes:
        versions: of Fabric's programs; empty where a stored sweep is shown.
        stored: the bytes of the stored sweep.
    """

    versions: str
    stored: bytes

    @property
    def digest(self) -> str:
        """Over the versions, or the stored sweep."""
        return digest_of(self.versions.encode(), b"" if self.versions else self.stored)

    @property
    def remarks(self) -> Sequence[str]:
        """Whether nothing is measured now."""
        if self.versions:
            return ()
        return (f"Fabric's programs are not at hand: Figs. 7 and 9 show the stored {STORED}.",)

    def steps(self, _: Wish) -> int:
        """Loads show a bar of their own."""
        return 1

    def make(self, names: Sequence[str], wish: Wish, advance: Advance) -> list[Made]:
        """Both figures from one sweep."""
        sweep = self._measured(wish) if self.versions else json.loads(self.stored)
        advance(1)
        return [_made(name, sweep, self, wish) for name in names]

    def _measured(self, wish: Wish) -> Document:
        every = [
            Load(t, count, rate)
            for t in PUBLISHED_LEVELS
            for count in PUBLISHED_COUNTS
            for rate in PUBLISHED_RATES
        ]
        setting = Setting(
            network="fabric", contract="accept", clients=1, preset="paper", endorsement=None,
            block_timeout=None, block_messages=None, commit="status", no_write_batch=False,
        )  # fmt: skip
        document: Document = {}
        measure(setting, QUICK_LOADS if wish.scope == QUICK else every, document)
        return document


def open_source(_: str, places: Places) -> Sweep:
    """Fabric's programs if they are there, else the stored sweep.

    Raises:
        NoFabric: neither is there.
    """
    try:
        found = _binaries.find()
    except BinariesMissing as missing:
        file = places.results / STORED
        if not file.is_file():
            raise NoFabric(f"Fabric is not at hand, and neither is {file}.") from missing
        return Sweep("", _of_fabric(file))
    return Sweep(_binaries.version_of(found.paths["peer"]), b"")


def _of_fabric(file: Path) -> bytes:
    content = file.read_bytes()
    if json.loads(content)["network"]["kind"] != "fabric":
        raise NoFabric(f"{file} is not of Fabric; nothing else stands beside published figures.")
    return content


def _made(name: str, sweep: Mapping[str, Any], source: Sweep, wish: Wish) -> Made:
    what = RATE if name == "fig7" else WAIT
    runs = sweep["runs"]
    origin = "measured in this run" if source.versions else f"stored: {STORED}"
    document: Document = {
        "reproduction": "pmcb",
        "target": name,
        "seed": wish.seed,
        "data": {
            "name": "acceptances of subtasks",
            "origin": origin,
            "sha256": [hashlib.sha256(source.stored).hexdigest()] if source.stored else [],
        },
        "network": sweep["network"],
        "machine": sweep["machine"],
        "rows": [_row(run) for run in runs],
        "claims": [(rate_claim if what == RATE else wait_claim)(runs).document],
        "findings": [_lost(runs)],
    }
    return Made(document, encode_png(panels(sweep, [what])))


def _row(run: Mapping[str, Any]) -> Document:
    waits = run["latency_ms"]
    return {
        "levels": run["levels"],
        "count": run["count"],
        "asked": run["asked"],
        "acknowledged": run["ledger"]["acknowledged"],
        "missing": run["ledger"]["missing"],
        "achieved": run["achieved"],
        "mean_ms": waits.get("mean"),
        "p95_ms": waits.get("p95"),
    }


def rate_claim(runs: Sequence[Mapping[str, Any]]) -> Claim:
    """Whether every number of levels takes what the publication's network took, or more."""
    low, high = PUBLISHED_TPS
    best: dict[int, float] = {}
    for run in runs:
        best[run["levels"]] = max(best.get(run["levels"], 0.0), run["achieved"])
    reached = [levels for levels, rate in best.items() if rate >= high]
    rates = [run["achieved"] for run in runs]
    return Claim(
        "the ledger commits 74 to 109 transactions a second",
        Verdict.of(len(reached) == len(best)),
        f"Offered enough, the network commits at least {high:g} a second with T = "
        f"{', '.join(map(str, reached)) or 'none'} levels.",
        published=f"{low:g} to {high:g}/s (Fabric 1.2, two processors), offered 50 to 400/s; "
        "single points are not at hand",
        timing=f"{min(rates):.0f} to {max(rates):.0f}/s; the most, by T: "
        f"{', '.join(f'{rate:.0f}/s' for rate in best.values())}. One run a point.",
    )


def wait_claim(runs: Sequence[Mapping[str, Any]]) -> Claim:
    """Whether no mean wait is above the published ones."""
    low, high = PUBLISHED_S
    waits = [run["latency_ms"]["mean"] / 1000 for run in runs]
    holds = max(waits) <= high
    return Claim(
        "a transaction takes 3.0 to 10.4 s on the mean",
        Verdict.of(holds),
        f"{'No mean' if holds else 'Some mean'} wait is above {high:g} s.",
        published=f"{low} to {high} s (Fabric 1.2, two processors); single points are not at hand",
        timing=f"{min(waits):.2f} to {max(waits):.2f} s: sooner than published at every point."
        if max(waits) < low
        else f"{min(waits):.2f} to {max(waits):.2f} s. One run a point.",
    )


def _lost(runs: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    acknowledged = sum(run["ledger"]["acknowledged"] for run in runs)
    missing = sum(run["ledger"]["missing"] for run in runs)
    return {
        "question": "Does the ledger hold what it acknowledged?",
        "answer": f"{missing:,} of {acknowledged:,} acknowledged transactions are missing from "
        "another organisation's blocks.",
    }
