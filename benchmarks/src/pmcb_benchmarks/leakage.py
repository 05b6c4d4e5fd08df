# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench leakage``: what gangs of friends and of strangers can read of a whole task."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ._output import give, out_option

if TYPE_CHECKING:
    from pmcb_client.cli import Settings
    from pmcb_clustering import Estimate, LevelAssignment, SocialGraph

LEVELS = (3, 4, 5)
WEIGHTS = (0.0, 1.0)
RECEIVERS = 9
GANG, LARGE_GANG = 10, 60


def measure(facebook: Path | None, *, gangs: int, seed: int) -> dict[str, object]:
    """Every figure of docs/leakage.md.

    Args:
        facebook: the ties of ego-Facebook, None for a generated graph of its size.
        gangs: simulated ones of each kind.
        seed: of levels and gangs.
    """
    from ._levels_graphs import ego_facebook
    from ._machine import machine

    stamp = machine(["numpy", "pmcb-clustering"])
    found = ego_facebook(facebook, seed)
    levels = {
        (count, weight): _levels(found.graph, count, weight, seed)
        for count in LEVELS
        for weight in WEIGHTS
    }
    return {
        "benchmark": "leakage",
        "seed": seed,
        "gangs": gangs,
        "gang": GANG,
        "receivers": RECEIVERS,
        "machine": stamp,
        "graph": found.document,
        "placements": [
            _placement(found.graph, one, weight, gangs, seed) for (_, weight), one in levels.items()
        ],
        "large": _large(found.graph, levels[LEVELS[0], 0.0], gangs, seed),
        "ties": _ties(found.graph, levels[LEVELS[0], 0.0]),
    }


def _levels(graph: SocialGraph, levels: int, weight: float, seed: int) -> LevelAssignment:
    from pmcb_clustering import LevelClustering

    return LevelClustering(levels, social_weight=weight, random_state=seed).fit(graph).assignment_


def _placement(
    graph: SocialGraph, levels: LevelAssignment, weight: float, gangs: int, seed: int
) -> dict[str, object]:
    """Ten who are connected, anywhere, or placed for the worst, where each holds a copy."""
    from pmcb_clustering import Sharing, gang_leakage, pool_leakage, spread_leakage, worst_placement

    copies = Sharing.copies(RECEIVERS, levels.levels)
    by_growth = {
        growth: gang_leakage(
            levels, graph, GANG, copies, growth=growth, trials=gangs, random_state=seed
        )
        for growth in ("members", "ties")
    }
    sizes = _sizes(levels)
    worst = worst_placement(GANG, sizes, copies)
    return {
        "levels": levels.levels,
        "social_weight": weight,
        "covered": {growth: _told(one.coverage) for growth, one in by_growth.items()},
        "opened": _told(by_growth["members"].opening),
        "anywhere": spread_leakage(GANG, graph.n_users, copies).task,
        "worst": pool_leakage(worst, sizes, copies).task,
    }


def _large(graph: SocialGraph, levels: LevelAssignment, gangs: int, seed: int) -> dict[str, object]:
    """Sixty who are connected: a task that is shared, and one of copies."""
    from pmcb_clustering import Sharing, gang_leakage

    opened = {
        name: gang_leakage(levels, graph, LARGE_GANG, sharing, trials=gangs, random_state=seed)
        for name, sharing in (
            ("shared", Sharing.majority(RECEIVERS, levels.levels)),
            ("copies", Sharing.copies(RECEIVERS, levels.levels)),
        )
    }
    told = {name: _told(one.opening) for name, one in opened.items()}
    return {"gang": LARGE_GANG, "levels": levels.levels, **told}


def _ties(graph: SocialGraph, levels: LevelAssignment) -> dict[str, float]:
    """Share of the ties within a level, and what it would be if levels were drawn by lot."""
    import numpy as np

    ends = levels.level[graph.ties]
    shares = np.array(_sizes(levels)) / graph.n_users
    return {
        "within": float((ends[:, 0] == ends[:, 1]).mean()),
        "by_lot": float((shares**2).sum()),
    }


def _sizes(levels: LevelAssignment) -> list[int]:
    import numpy as np

    return [int(size) for size in np.bincount(levels.level)[1:]]


def _told(one: Estimate) -> dict[str, float]:
    return {"value": one.value, "low": one.low, "high": one.high}


@click.command()
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
@click.option(
    "--gangs",
    type=click.IntRange(100, 10_000_000),
    default=20_000,
    show_default=True,
    help="How many gangs of each kind are simulated.",
)
@out_option
@click.pass_obj
def leakage(settings: Settings, seed: int, gangs: int, out: Path | None) -> None:
    """Measure what gangs of friends, and as many strangers, can read of a task in levels.

    On ego-Facebook when it is at hand (see `pmcb data list`), else on a generated graph of its
    size. Takes some two minutes.
    """
    from pmcb_apps._datasets import data_set, find

    facebook = find(data_set("ego-facebook"), settings.home)
    give(settings, measure(facebook, gangs=gangs, seed=seed), out)
