# SPDX-License-Identifier: Apache-2.0
"""Our default beside each rival, from the results of ``pmcb bench``: wins and losses alike."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from statistics import median
from typing import Any

Found = Mapping[str, Any]

EVEN = 0.03
"""Figures so near to each other, relative, are called even."""


HITS = 50
"""Of the queries that stand beside others."""


class Outcome(StrEnum):
    """How our default fares."""

    WIN = "better"
    EVEN = "even"
    LOSS = "worse"


@dataclass(frozen=True)
class Duel:
    """Our default and a rival, measured in the same run.

    Attributes:
        area: what it is about.
        what: was measured, with its unit.
        ours: our figure.
        rival: who stands beside it.
        theirs: its figure.
        outcome: how our default fares.
        note: what must be known with it.
    """

    area: str
    what: str
    ours: str
    rival: str
    theirs: str
    outcome: Outcome
    note: str = ""


def duels(folder: Path) -> list[Duel]:
    """Every duel that the results in a folder tell of."""
    found: list[Duel] = []
    for name, (_, rows) in FILES.items():
        file = folder / name
        if file.is_file():
            found += rows(json.loads(file.read_text()))
    return found


def absent(folder: Path) -> list[str]:
    """Rivals of which the folder has no result, each with the file that is missing."""
    return [
        f"{rivals}: {name} is not there"
        for name, (rivals, _) in FILES.items()
        if not (folder / name).is_file()
    ]


def outcome(ours: float, theirs: float, *, more: bool = False) -> Outcome:
    """Who is better: by default who needs less; ``more``: who reaches more.

    >>> outcome(1.0, 1.02).value, outcome(1.0, 2.0).value, outcome(1.0, 2.0, more=True).value
    ('even', 'better', 'worse')
    """
    if abs(ours - theirs) <= EVEN * max(abs(ours), abs(theirs)):
        return Outcome.EVEN
    return Outcome.WIN if (ours > theirs) == more else Outcome.LOSS


def _shim(found: Found) -> Iterator[Duel]:
    batches = "" if found["network"]["tunables"]["write_batch"] else ", no batches"
    rival = f"Node's fabric-shim {found['node']['fabric-shim']}"
    note = f"medians of {len(found['pairs'])} alternating pairs on Fabric"
    for name, what, more, form in (
        ("achieved", "transactions/s", True, "{:.0f}"),
        ("chaincode_ms", "chaincode's CPU a transaction, ms", False, "{:.2f}"),
    ):
        ours, theirs = (median(pair[side][name] for pair in found["pairs"]) for side in (0, 1))
        yield Duel("contract bridge", f"{what}, {found['asked']:g}/s offered{batches}",
                   form.format(ours), rival, form.format(theirs),
                   outcome(ours, theirs, more=more), note)  # fmt: skip


def _caliper(found: Found) -> Iterator[Duel]:
    rival = f"Caliper {found['node']['@hyperledger/caliper-cli']}"
    ours, theirs = (median(pair[side]["achieved"] for pair in found["pairs"]) for side in (0, 1))
    yield Duel("load generator", f"transactions/s, {found['asked']:g}/s offered", f"{ours:.0f}",
               rival, f"{theirs:.0f}", outcome(ours, theirs, more=True),
               "a referee rather than a rival: even is what is asked for")  # fmt: skip


def _levels(found: Found) -> Iterator[Duel]:
    area, graph = "levels", found["graph"]["name"]
    local, between, whole = found["local_metrics"], found["betweenness"], found["whole_way"]
    version = found["machine"]["versions"]
    yield _seconds(area, f"degree, clustering, entropy of {graph}", local["cpu_s"],
                   f"NetworkX {version['networkx']}", local["networkx_cpu_s"])  # fmt: skip
    for one in between["anchors"]:
        if "skipped" not in one:
            scaled = " (scaled up from some sources)" if "sources" in one else ""
            yield _seconds(area, f"exact betweenness of {graph}", between["cpu_s"],
                           f"{one['library']} {one['version']}{scaled}", one["cpu_s"])  # fmt: skip
    rival = f"NetworkX with scikit-learn {version['scikit-learn']}"
    what = f"{whole['graph']['users']:,} users to T = {whole['levels']}"
    yield _seconds(area, what, whole["cpu_s"], rival, whole["anchor_cpu_s"])
    ratio = max(whole["anchor_sizes"]) / min(whole["anchor_sizes"])
    yield Duel(area, f"{what}: largest level over smallest", f"{whole['balance']:.2f}", rival,
               f"{ratio:.1f}", outcome(whole["balance"], ratio))  # fmt: skip
    for each in found["balance"]:
        if each["graph"]["name"] in {graph, "email-Enron"}:
            yield from _cuts(area, each)


def _cuts(area: str, one: Found) -> Iterator[Duel]:
    name, rival = one["graph"]["name"], "k-means (scikit-learn), which bounds nothing"
    for row in one["levels"]:
        if row["levels"] not in {3, 4, 5} or row["ratio_cut_to_kmeans"] is None:
            continue
        t, ratio = row["levels"], row["ratio_cut_to_kmeans"]
        yield Duel(area, f"RatioCut of {name}, T = {t}, k-means = 1", f"{ratio:.2g}", rival, "1",
                   outcome(ratio, 1.0))  # fmt: skip
        yield Duel(area, f"largest level over smallest of {name}, T = {t}",
                   f"{row['balance']:.2f}", rival, f"{row['kmeans_balance']:.2f}",
                   outcome(row["balance"], row["kmeans_balance"]))  # fmt: skip


def _seconds(area: str, what: str, ours: float, rival: str, theirs: float) -> Duel:
    return Duel(area, f"{what}, CPU s", f"{ours:.3g}", rival, f"{theirs:.3g}",
                outcome(ours, theirs))  # fmt: skip


def _retrieval(found: Found) -> Iterator[Duel]:
    """Queries of 50 hits; a median leaves out changes of epochs, the mean has its share."""
    note = "the store hides what is asked; plain trees and databases do not"
    for case in found["cases"]:
        kind = f"{case['records']:,} records of {case['attributes']} attributes"
        (row,) = (each for each in case["queries"] if each["hits"] == HITS)
        for name, ours in (("median", row["ms"]), ("mean over an epoch", case["epoch"]["mean_ms"])):
            for rival, theirs in row["beside"].items():
                if theirs is not None:
                    yield Duel("retrieval", f"{HITS} hits in {kind}, {name}, ms", f"{ours:.3g}",
                               rival, f"{theirs:.3g}", outcome(ours, theirs), note)  # fmt: skip


def _publishing(found: Found) -> Iterator[Duel]:
    from ._rivals_publishing import publishing

    return publishing(found)


def _fog(found: Found) -> Iterator[Duel]:
    from ._rivals_fog import fog

    return fog(found)


Rows = Callable[[Found], Iterator[Duel]]

FILES: Mapping[str, tuple[str, Rows]] = {
    "shim.json": ("Node's shim, 300/s", _shim),
    "shim-600.json": ("Node's shim, 600/s", _shim),
    "shim-no-batches.json": ("Node's shim without batches", _shim),
    "caliper.json": ("Caliper", _caliper),
    "levels.json": ("NetworkX, igraph, rustworkx, networkit, scikit-learn", _levels),
    "publishing.json": ("diffprivlib, DP k-means, IDP k-means", _publishing),
    "retrieval.json": ("cKDTree, DuckDB, MRSE, PostgreSQL", _retrieval),
    "fog.json": ("mealpy, NiaPy, pymoo, HiGHS", _fog),
}
"""Each result of ``pmcb bench`` with rivals in it: who they are, and how its rows are read."""
