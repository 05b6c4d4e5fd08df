# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench levels``: receivers into levels, beside other libraries in the same run."""

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ._machine import machine
from ._output import give, out_option

if TYPE_CHECKING:
    from pmcb_client.cli import Settings

Tell = Callable[[str], None]

LIBRARIES = ("networkx", "numba", "numpy", "pmcb-clustering", "scikit-learn", "scipy")
OTHERS = ("igraph", "networkit", "rustworkx")  # of the dependency group `bench`


def measure(
    facebook: Path | None,
    enron: Path | None,
    *,
    seed: int,
    quick: bool = False,
    tell: Tell = lambda _: None,
) -> dict[str, object]:
    """Every figure of docs/performance.md on levels, from one run on one machine.

    Args:
        facebook: ego-Facebook; None measures a generated graph of its size, and says so.
        enron: email-Enron; None leaves it out.
        seed: of the clustering, and of the generated graphs.
        quick: small generated graphs, two seeds, and no graph of a million users.
        tell: hears what is being measured.
    """
    from pmcb_clustering import read_graph

    from . import _levels_anchors as anchors
    from . import _levels_attacks as attacks
    from . import _levels_quality as quality
    from . import _levels_stability as stability
    from ._levels_graphs import FULL, QUICK, Named, ego_facebook, generated, shapes
    from ._levels_scale import scale

    scope = QUICK if quick else FULL
    stamp = machine([*LIBRARIES, *filter(_is_installed, OTHERS)])
    first = ego_facebook(facebook, seed)
    graph = first.graph
    second = [] if enron is None else [Named("email-Enron", read_graph(enron))]
    made = [generated(size, seed) for size in scope.generated]
    document: dict[str, object] = {
        "benchmark": "levels",
        "seed": seed,
        "quick": quick,
        "machine": stamp,
        "graph": first.document,
    }
    steps: tuple[tuple[str, str, Callable[[], object]], ...] = (
        (
            "local_metrics",
            "Local metrics beside NetworkX",
            lambda: anchors.local_metrics(graph, scope),
        ),
        ("betweenness", "Betweenness beside others", lambda: anchors.betweenness(graph, scope)),
        ("whole_way", "NetworkX and scikit-learn", lambda: anchors.whole_way(scope, seed)),
        ("modes", "Modes", lambda: quality.modes(graph, seed)),
        ("seeds", "Seeds and pivots", lambda: quality.seeds(graph, scope.seeds)),
        ("sampled", "Pivots on a large graph", lambda: quality.sampled(second, seed)),
        (
            "balance",
            "Balance",
            lambda: quality.balances([first, *second, *made, *shapes(scope)], seed),
        ),
        ("churn", "Ties come and go", lambda: stability.churn(graph, scope.seeds)),
        (
            "determinism",
            "Threads and node order",
            lambda: stability.determinism([first, *second, made[-1]], seed),
        ),
        ("gangs", "Gangs", lambda: attacks.gangs(graph, scope.gangs, seed)),
        ("sybils", "Made-up accounts", lambda: attacks.sybils(graph, seed)),
        ("newcomers", "Newcomers", lambda: stability.newcomers(graph, scope.newcomers, seed)),
        ("scale", "From the file to levels", lambda: scale(first, facebook, scope, seed, tell)),
    )
    for name, about, work in steps:
        tell(f"{about} ...")
        document[name] = work()
    return document


def _is_installed(name: str) -> bool:
    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False


@click.command()
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
@click.option(
    "--quick",
    is_flag=True,
    help="Small generated graphs, two seeds, no million users: half a minute, not seven minutes.",
)
@out_option
@click.pass_obj
def levels(settings: "Settings", seed: int, quick: bool, out: Path | None) -> None:
    """Measure the classification of receivers: speed, balance, stability, attacks.

    On ego-Facebook when it is at hand (see `pmcb data list`), else on a generated graph of its
    size; on email-Enron, too, when it is at hand; beside NetworkX and scikit-learn, and beside
    igraph, rustworkx and networkit where they are installed.
    """
    from pmcb_apps._datasets import data_set, find

    facebook, enron = (
        find(data_set(name), settings.home) for name in ("ego-facebook", "email-enron")
    )
    told = lambda step: click.echo(step, err=True)  # noqa: E731
    document = measure(facebook, enron, seed=seed, quick=quick, tell=told)
    give(settings, document, out)
