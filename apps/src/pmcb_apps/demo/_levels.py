# SPDX-License-Identifier: Apache-2.0
"""Step 2: receivers of a social graph become levels on the ledger."""

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pmcb_apps._datasets import data_set, find
from pmcb_client.levels_registry import Registration, read_levels, register
from pmcb_client.people import read_people

if TYPE_CHECKING:
    from pmcb_clustering import LevelAssignment, SocialGraph

LEVELS = 3


def choose_graph(home: Path, seed: int) -> tuple["SocialGraph", str, bool]:
    """ego-Facebook when it is at hand, else a generated graph of the same shape; its name."""
    from pmcb_clustering import generated_graph, read_graph

    path = find(data_set("ego-facebook"), home)
    if path is not None:
        return read_graph(path), "ego-Facebook", False
    return generated_graph(random_state=seed), "a generated graph of ego-Facebook's shape", True


def classify(
    graph: "SocialGraph", folder: Path, seed: int, tell: Callable[[str], None]
) -> "LevelAssignment":
    """Fit the default mode and keep its result as ``levels.json``; ``tell`` hears each stage."""
    from pmcb_clustering import LevelClustering

    told: set[str] = set()

    def progress(stage: str, _: float) -> None:
        if stage not in told:
            told.add(stage)
            tell(f"  {stage} ...")

    clustering = LevelClustering(n_levels=LEVELS, random_state=seed)
    assignment = clustering.fit(graph, progress=progress).assignment_
    assignment.to_json(folder / "levels.json")
    return assignment


def registration(folder: Path, orgs: tuple[str, ...]) -> Registration:
    """Give every node a person, alternating between the organisations; keep ``people.csv``."""
    result = read_levels(folder / "levels.json")
    with (folder / "people.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("node", "msp", "enrollment_id"))
        for number, node in enumerate(result.level_of):
            writer.writerow((node, orgs[number % len(orgs)], f"p{number:05}"))
    return register(result, read_people(folder / "people.csv"))


def sample(registration: Registration, per_level: int) -> Mapping[int, list[tuple[str, str]]]:
    """The first persons (msp, name) of each level, by their number within it."""
    chosen: dict[int, list[tuple[str, str]]] = {}
    for msp, name, level, ordinal in registration.entries:
        if ordinal < per_level:
            chosen.setdefault(level, []).append((msp, name))
    return chosen
