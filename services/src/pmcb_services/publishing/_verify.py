# SPDX-License-Identifier: Apache-2.0
"""Check a release of ``pmcb-release/1`` with the standard library alone.

    python verify.py FOLDER [--entry ENTRY.json]

1. Every file is the one whose SHA-256 ``release.json`` names, as ``receipt.json`` names its own.
2. What the stages of ``measurements.csv`` cost sums to epsilon exactly.
3. The points of ``coreset.csv`` follow from ``measurements.csv``, to 10^-9.
4. With ENTRY, the ledger's answer to ``get_release``: it is the one of this release.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import math
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import NamedTuple

__all__ = ["Mismatch", "Stage", "check", "check_files", "collect", "read_stages"]

FORMAT = "pmcb-release/1"
HEADER = ["step", "level", "epsilon", "columns", "cell", "centre", "reach", "noisy"]
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
UNIT, LATTICE = 2**20, 2**16
TOLERANCE = 1e-9
EXACT = re.compile(r"[1-9][0-9]{0,60}(/[1-9][0-9]{0,60})?", re.ASCII)


class Mismatch(Exception):
    """The file ``name`` is not what was published."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}.")
        self.name = name


class Stage(NamedTuple):
    """What was measured in one stage: rows of whole numbers, a row for each cell."""

    step: str
    level: int
    epsilon: Fraction
    columns: tuple[int, ...]
    centres: list[list[int]]
    reach: list[list[int]]
    noisy: list[list[int]]

    @property
    def deviation(self) -> float:
        """Of each noisy count and sum, persons: √((D+1)(D+2)/3)/epsilon."""
        return math.sqrt((len(self.noisy[0]) + 1) * (len(self.noisy[0]) + 2) / 3) / self.epsilon

    @property
    def counts(self) -> list[float]:
        """Persons of each cell."""
        return [row[0] / UNIT for row in self.noisy]


def collect(read: Callable[[str], bytes]) -> dict[str, bytes]:
    """All files by name; ``read`` gives a file's bytes, or KeyError or FileNotFoundError."""
    files: dict[str, bytes] = {}
    names = ["release.json", "receipt.json"]
    for name in names:
        try:
            files[name] = read(name)
        except (KeyError, FileNotFoundError) as error:
            if name != "receipt.json":
                raise Mismatch(name, "it is missing") from error
        if name == "receipt.json":
            names += sorted(_listed(_read_document(files)))
    return files


def check(files: Mapping[str, bytes], entry: Mapping[str, object] | None = None) -> list[str]:
    """What of the files holds, in sentences; ``entry`` is the ledger's. Raises `Mismatch`."""
    document = check_files(files)
    found = [f"{len(files)} files are those that were written."]
    if "receipt.json" not in files:
        found.append("There is no receipt.json: compare the SHA-256 of release.json yourself.")
    stages = read_stages(files["measurements.csv"])
    _check_parts(document, stages)
    points = _check_coreset(files["coreset.csv"], stages)
    found += [f"The stages cost {document['epsilon']} in all, exactly."]
    found += [f"The {points} points of coreset.csv follow from measurements.csv."]
    if entry is not None:
        told = {key: document[key] for key in ("cohort", "request_hash", "epsilon")}
        told["release_hash"] = hashlib.sha256(files["release.json"]).hexdigest()
        if any(entry.get(key) != value for key, value in told.items()):
            raise Mismatch("release.json", "the ledger's entry is of another release")
        found.append("The ledger's entry is the one of this release.")
    return found


def check_files(files: Mapping[str, bytes]) -> dict[str, object]:
    """Compare all hashes; returns what is in release.json."""
    document = _read_document(files)
    for name, digest in _listed(document).items():
        if hashlib.sha256(files[name]).hexdigest() != digest:
            raise Mismatch(name, "its SHA-256 is not the one in release.json")
    return document


def _read_document(files: Mapping[str, bytes]) -> dict[str, object]:
    document = _json(files, "release.json")
    if "receipt.json" in files:
        receipt = _json(files, "receipt.json")
        written = (json.dumps(receipt, indent=1, ensure_ascii=False) + "\n").encode()
        if receipt["release_hash"] != hashlib.sha256(files["release.json"]).hexdigest():
            raise Mismatch("release.json", "its SHA-256 is not the one in receipt.json")
        same = all(receipt[key] == document[key] for key in ("cohort", "ledger", "request_hash"))
        if written != files["receipt.json"] or len(receipt) != 5 or not same:
            raise Mismatch("receipt.json", "it is not of this release")
    return document


def read_stages(data: bytes) -> list[Stage]:
    """The stages of a measurements.csv, in order."""
    stages: list[Stage] = []
    try:
        header, *rows = csv.reader(data.decode().splitlines(), strict=True)
        _require(header == HEADER)
        for step, level, epsilon, columns, cell, *lists in rows:
            if cell == "0":
                _require(EXACT.fullmatch(epsilon) is not None)
                share, place = Fraction(epsilon), tuple(map(int, columns.split()))
                stages.append(Stage(step, int(level), share, place, [], [], []))
            stage = stages[-1]
            _require(int(cell) == len(stage.noisy) and step == stage.step)
            for table, text in zip(stage[4:], lists, strict=True):
                table.append([int(number) for number in text.split()])
                _require(len(table[-1]) == len(table[0]))
    except (ValueError, IndexError, csv.Error) as error:
        raise Mismatch("measurements.csv", "it cannot be read") from error
    return stages


def _require(holds: bool) -> None:
    if not holds:
        raise ValueError


def _json(files: Mapping[str, bytes], name: str) -> dict[str, object]:
    needed = {
        "release.json": {"cohort", "epsilon", "files", "ledger", "parts", "request_hash", "schema"},
        "receipt.json": {"cohort", "ledger", "release_hash", "request_hash", "transaction_id"},
    }[name]
    try:
        document = json.loads(files[name])
    except (ValueError, RecursionError) as error:
        raise Mismatch(name, "it is no JSON") from error
    if not isinstance(document, dict) or not needed <= set(document):
        raise Mismatch(name, "it lacks what it must say")
    if name == "release.json" and document.get("format") != FORMAT:
        raise Mismatch(name, f"its format is not {FORMAT}")
    return document


def _listed(document: Mapping[str, object]) -> dict[str, str]:
    listed = document["files"] if isinstance(document["files"], dict) else {}
    needed, own = {"measurements.csv", "coreset.csv"}, {"release.json", "receipt.json"}
    if not needed <= set(listed) or own & set(listed) or not all(map(NAME.fullmatch, listed)):
        raise Mismatch("release.json", "its list of files is none")
    return listed


def _check_parts(document: Mapping[str, object], stages: Sequence[Stage]) -> None:
    costs: dict[str, Fraction] = {}
    for stage in stages:
        if stage.step != "probe":  # paid for before, once for all releases of a version
            costs[stage.step] = costs.get(stage.step, Fraction(0)) + stage.epsilon
    try:
        parts = {p["step"]: p["epsilon"] for p in document["parts"]}  # type: ignore[attr-defined]
    except (KeyError, TypeError) as error:
        raise Mismatch("release.json", "its parts are none") from error
    name = "idp-kmeans" if "lots" in costs else "dp-kmeans" if "round" in costs else "mpdp-k"
    told = (parts, document["epsilon"], document.get("algorithm"))
    if told != ({step: str(cost) for step, cost in costs.items()}, str(sum(costs.values())), name):
        raise Mismatch("measurements.csv", "its stages do not cost what release.json says")


def _check_coreset(data: bytes, stages: Sequence[Stage]) -> int:
    try:
        header, *rows = csv.reader(data.decode().splitlines(), strict=True)
        told = [[float(number) for number in row] for row in rows]
        points = _coreset(stages, len(header) - 2)
    except (ValueError, IndexError, csv.Error) as error:
        raise Mismatch("coreset.csv", "it cannot be read") from error
    close = partial(math.isclose, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    pairs = zip(told, points, strict=False)
    same = all(len(a) == len(b) and all(map(close, a, b)) for a, b in pairs)
    if len(told) != len(points) or not same:
        raise Mismatch("coreset.csv", "it does not follow from measurements.csv")
    return len(points)


def _coreset(stages: Sequence[Stage], width: int) -> list[list[float]]:
    """Rows of cell, persons, and a coordinate for each encoded column."""
    if stages and stages[-1].step == "round":
        return _rounds(stages)
    last = _first(stages, "second-cells", "first-cells", "grid-cells")
    counts, deviations = last.counts, [last.deviation] * len(last.counts)
    if last.step == "grid-cells":
        counts, deviations = _pooled(_first(stages, "grid"), last)
    ratios = [count / by for count, by in zip(counts, deviations, strict=True)]
    least = 0.5 if last.step == "grid-cells" else 1.5
    cells = [j for j, ratio in enumerate(ratios) if ratio > least] or [ratios.index(max(ratios))]
    means = _means(stages, width) if len(last.columns) < width else [0.0] * width
    points = []
    for j in cells:
        place, n = list(means), max(counts[j], 1.0)
        trust = 0.15 / (0.15 + (last.deviation / n) ** 2)
        for a, column in enumerate(last.columns):
            mean = _clip(last.noisy[j][a + 1] / UNIT / n)
            reach, centre = last.reach[j][a] / LATTICE, last.centres[j][a] / LATTICE
            place[column] = _clip(centre + trust * mean * reach)
        points.append([j, n, *place])
    return points


def _rounds(stages: Sequence[Stage]) -> list[list[float]]:
    """The same of rounds: means of the last. Each lies around the means of the one before."""
    points: list[list[float]] = []
    for stage in stages:
        around = [[round(LATTICE * x) for x in point[2:]] for point in points]
        if points and stage.centres != around:
            raise Mismatch("measurements.csv", "its rounds do not follow from each other")
        cells = enumerate(zip(stage.noisy, (max(n, 1.0) for n in stage.counts), strict=True))
        points = [[j, n, *(_clip(x / UNIT / n) for x in row[1:])] for j, (row, n) in cells]
    return points


def _first(stages: Sequence[Stage], *steps: str) -> Stage:
    found = next((stage for step in steps for stage in stages if stage.step == step), None)
    if found is None:
        raise Mismatch("measurements.csv", f"it lacks {steps[-1]}")
    return found


def _means(stages: Sequence[Stage], width: int) -> list[float]:
    """What columns without cells take: their mean, drawn to 0 as noise is greater."""
    whole = [s for s in stages if s.step in {"size", "moments", "probe"}]
    moments = _first(stages, "moments")
    trusts = [1.0 / s.deviation**2 for s in whole]
    n = max(sum(s.counts[0] * t for s, t in zip(whole, trusts, strict=True)) / sum(trusts), 10.0)
    trust = 1.0 / (1.0 + (moments.deviation / (0.3 * n)) ** 2)
    return [trust * _clip(moments.noisy[0][a + 1] / UNIT / n) for a in range(width)]


def _pooled(grid: Stage, cells: Stage) -> tuple[list[float], list[float]]:
    """Persons of each cell and their deviations: its own count, and those of its boxes."""
    masses, boxes = [0.0] * len(cells.noisy), [0] * len(cells.noisy)
    for box, count in zip(grid.centres, grid.counts, strict=True):
        squares = [sum((a - b) ** 2 for a, b in zip(box, c, strict=True)) for c in cells.centres]
        owner = squares.index(min(squares))
        masses[owner] += count
        boxes[owner] += 1
    counts, deviations, own = [], [], cells.deviation**2
    for mass, number, count in zip(masses, boxes, cells.counts, strict=True):
        of_boxes = grid.deviation**2 * number
        trust = own / (own + of_boxes) if number else 0.0
        counts.append(trust * mass + (1.0 - trust) * count)
        deviations.append(math.sqrt(trust**2 * of_boxes + (1.0 - trust) ** 2 * own))
    return counts, deviations


def _clip(value: float) -> float:
    return min(max(value, -1.0), 1.0)


def main() -> int:
    """Check a folder; print what holds, or what does not."""
    parser = argparse.ArgumentParser(description="Check a release.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--entry", type=Path, help="the ledger's answer to get_release, JSON")
    given = parser.parse_args()
    try:
        entry = dict(json.loads(given.entry.read_bytes())) if given.entry else None
        found = check(collect(lambda name: (given.folder / name).read_bytes()), entry)
    except Mismatch as error:
        sys.stderr.write(f"NOT what was published. {error}\n")
        return 1
    except (OSError, TypeError, ValueError) as error:
        sys.stderr.write(f"Cannot be read: {type(error).__name__}.\n")
        return 2
    sys.stdout.write("\n".join([*found, ""]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
