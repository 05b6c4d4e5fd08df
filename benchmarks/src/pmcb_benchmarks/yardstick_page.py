# SPDX-License-Identifier: Apache-2.0
"""From the JSON of ``pmcb bench shim`` and ``caliper`` to their parts of docs/performance.md."""

import json
import textwrap
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from .page import Row

Found = Mapping[str, Any]

_TPS, _CPU = 1.30, 0.55
_WITHIN = 0.10
_ENOUGH = 5


def shim_rows(found: Found) -> list[Row]:
    """Our bridge over Node's shim; fewer pairs than five meet no target."""
    batches = "with" if found["network"]["tunables"]["write_batch"] else "no"
    what = f"bridge over Node shim, {found['asked']:g}/s offered, {batches} batches"
    tps, cpu = found["ratios"]["achieved"], found["ratios"]["chaincode_ms"]
    enough = len(found["pairs"]) >= _ENOUGH
    return [
        (
            f"{what}: transactions/s",
            f"≥ {_TPS:.2f} times, ≥ {_ENOUGH} pairs",
            _ratio(found, "achieved", "/s"),
            enough and tps >= _TPS,
        ),
        (
            f"{what}: chaincode's CPU a transaction",
            f"≤ {_CPU:.2f} times, ≥ {_ENOUGH} pairs",
            _ratio(found, "chaincode_ms", " ms"),
            enough and cpu <= _CPU,
        ),
    ]


def caliper_rows(found: Found) -> list[Row]:
    """Our load generator's throughput beside Caliper's."""
    ratio = found["ratios"]["achieved"]
    return [
        (
            f"our load generator and Caliper, {found['asked']:g}/s offered: transactions/s",
            f"within {_WITHIN:.0%}",
            _ratio(found, "achieved", "/s"),
            ratio is not None and abs(ratio - 1) <= _WITHIN,
        )
    ]


def shim_budget(path: Path) -> str:
    """Where a transaction's processor time goes at the limit, and what the target would take."""
    found = json.loads(path.read_text())
    ours, theirs, chaincode = (
        median(pair[side][figure] for pair in found["pairs"])
        for side, figure in ((0, "achieved"), (1, "achieved"), (0, "chaincode_ms"))
    )
    cores_ms = 1000 * found["machine"]["cores"]
    whole = cores_ms / ours
    free = cores_ms / (whole - chaincode) / theirs
    needed = chaincode - (whole - cores_ms / (_TPS * theirs))
    return textwrap.fill(
        "There the bridge is faster and cheaper, by less than was aimed at: the chaincode takes "
        f"{chaincode / whole:.0%} of a transaction's processor time, so the peers set most of the "
        f"rate. A transaction on the bridge costs {whole:.1f} ms of all cores, {chaincode:.2f} of "
        f"them in the chaincode: one that cost nothing at all would make it {free:.2f} times "
        f"Node's rate, and {_TPS:.2f} times takes a chaincode of {needed:.2f} ms.",
        110,
    )


def _ratio(found: Found, figure: str, unit: str) -> str:
    ratio, pairs, drops = found["ratios"][figure], found["pairs"], len(found["dropped"])
    dropped = f"{drops} round{'' if drops == 1 else 's'} dropped"
    if ratio is None:
        return f"no pair without other load; {dropped}"
    ours, theirs = (median(pair[side][figure] for pair in pairs) for side in (0, 1))
    return (
        f"{ratio:.2f} times ({_number(ours)} and {_number(theirs)}{unit}), "
        f"median of {len(pairs)} pairs; {dropped}"
    )


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2f}"


def pairs_table(path: Path) -> str:
    """Every pair of a document, a line each, in Markdown: the first and the other."""
    found = json.loads(path.read_text())
    figures = [name for name in ("achieved", "mean_ms", "chaincode_ms") if _has(found, name)]
    titles = {"achieved": "/s", "mean_ms": "mean ms", "chaincode_ms": "chaincode CPU ms"}
    kinds = [each["kind"] for each in found["pairs"][0]] if found["pairs"] else []
    versions = ", ".join(f"{name} {number}" for name, number in found["node"].items())
    heads = [f"{kind}: {titles[name]}" for name in figures for kind in kinds]
    lines = [
        f"Beside it: {versions}.",
        "",
        f"| pair | {' | '.join(heads)} | not committed | others' load |",
        f"|---|{'---|' * len(heads)}---|---|",
    ]
    for number, pair in enumerate(found["pairs"], 1):
        cells = [_number(each[name]) for name in figures for each in pair]
        lost = ", ".join(f"{each['offered'] - each['committed']:,.0f}" for each in pair)
        loads = ", ".join(f"{each['other_load']:.0%}" for each in pair)
        lines.append(f"| {number} | {' | '.join(cells)} | {lost} | {loads} |")
    return "\n".join(lines)


def _has(found: Found, name: str) -> bool:
    return all(name in each for pair in found["pairs"] for each in pair)
