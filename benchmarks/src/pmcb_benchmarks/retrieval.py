# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench retrieval``: encrypted range queries, beside others on the very same boxes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ._output import give, out_option
from ._publishing_pool import one_thread
from ._retrieval_names import DUCKDB, MRSE, POSTGRESQL

if TYPE_CHECKING:
    from pmcb_client.cli import Settings


@dataclass(frozen=True)
class Case:
    """One store in memory.

    Attributes:
        records, attributes: n and a.
        layouts: of the store.
        beside: who else answers its boxes, besides SciPy's tree.
        queries: boxes per number of hits.
    """

    records: int
    attributes: int = 5
    layouts: str = "kd+1d"
    beside: tuple[str, ...] = ()
    queries: int = 200


@dataclass(frozen=True)
class Scope:
    """How much is measured.

    Attributes:
        cases: stores in memory.
        counted: records of the store whose traffic is counted, and of the pair forest.
        served: records of the store behind HTTP.
        served_queries: boxes per number of hits.
        exact: records, and boxes for each number of attributes.
        kills: of a writer at random moments.
        writes: of an epoch change at which a writer is killed; None for every one.
        leakage: records and queries.
        pairs: boxes for each pattern of ranged attributes.
    """

    cases: tuple[Case, ...] = (
        Case(100_000, beside=(DUCKDB, MRSE)),
        Case(447_554, beside=(POSTGRESQL,)),
        Case(1_000_000, beside=(DUCKDB,)),
        Case(1_000_000, attributes=8),
    )
    counted: int = 100_000
    served: int = 1_000_000
    served_queries: int = 200
    exact: tuple[tuple[int, int], ...] = ((1000, 900), (20_000, 350))
    kills: int = 100
    writes: int | None = None
    leakage: tuple[int, int] = (20_000, 600)
    pairs: int = 10


WHOLE = Scope()
LARGE = Case(10_000_000, layouts="kd", beside=(DUCKDB,), queries=100)
SMALL = Scope(
    cases=(Case(2000, beside=(DUCKDB, MRSE), queries=3),),
    counted=2000,
    served=2000,
    served_queries=3,
    exact=((300, 10),),
    kills=1,
    writes=0,
    leakage=(2000, 30),
    pairs=1,
)


def measure(*, seed: int, scope: Scope = WHOLE) -> dict[str, object]:
    """Every figure of docs/performance.md on retrieval, from one run on one machine.

    Args:
        seed: of boxes, workloads and the moments of kills; keys are always fresh.
        scope: how much is measured.
    """
    from tempfile import TemporaryDirectory

    from pmcb_client.terminal import progress

    from ._machine import machine
    from ._publishing_anchors import installed
    from ._retrieval_anchors import reasons
    from ._retrieval_exact import exactness
    from ._retrieval_kills import kill_writers
    from ._retrieval_leakage import leakage
    from ._retrieval_pairs import pair_forest
    from ._retrieval_served import served
    from ._retrieval_size import traffic
    from ._retrieval_worlds import World

    optional = [name for name in ("duckdb", "psycopg") if installed(name)]
    versions = ["cryptography", "lmdb", "numpy", "pmcb-services", "scipy", *optional]
    document: dict[str, object] = {
        "benchmark": "retrieval",
        "seed": seed,
        "machine": machine(versions),
        "left_out": reasons(),
    }
    with progress("stores in memory", len(scope.cases)) as advance:
        cases = []
        for case in scope.cases:
            cases.append(_in_memory(case, seed))
            advance(len(cases))
    document["cases"] = cases
    document["traffic"] = traffic(World(scope.counted, seed=seed))
    document["pairs"] = pair_forest(World(scope.counted, seed=seed), scope.pairs)
    document["exact"] = [exactness(n, boxes, seed) for n, boxes in scope.exact]
    document["leakage"] = leakage(*scope.leakage, rounds="fixed:4", seed=seed)
    with TemporaryDirectory(prefix="pmcb-retrieval-") as name:
        folder = Path(name)
        for part in ("served", "kills"):
            (folder / part).mkdir()
        document["served"] = served(
            World(scope.served, seed=seed), folder / "served", queries=scope.served_queries
        )
        with progress("kill -9", scope.kills) as advance:
            document["kills"] = kill_writers(
                folder / "kills",
                kills=scope.kills,
                seed=seed,
                writes=scope.writes,
                advance=advance,
            )
    return document


def _in_memory(case: Case, seed: int) -> dict[str, Any]:
    from ._retrieval_anchors import askers
    from ._retrieval_size import sizes
    from ._retrieval_speed import speed
    from ._retrieval_worlds import World

    world = World(case.records, case.attributes, seed)
    with askers(world, case.beside) as others:
        found = speed(world, layouts=case.layouts, queries=case.queries, askers=others)
    return {**found, "sizes": sizes(found)}


@click.command()
@click.option("--seed", type=click.IntRange(0, 2**31), default=1, show_default=True)
@click.option("--full", is_flag=True, help="A store of ten million records, too.")
@click.option("--smoke", is_flag=True, help="Small stores and a kill or two: seconds, not minutes.")
@out_option
@click.pass_obj
def retrieval(settings: Settings, seed: int, full: bool, smoke: bool, out: Path | None) -> None:
    """Measure encrypted range queries: time, bytes, builds, renewals, leakage, kill -9.

    Beside SciPy's tree, the MRSE scan, and DuckDB and PostgreSQL where they are installed, on the
    same boxes, each on one thread. The records are those of `PMCB_DATA`; where they are too few or
    not at hand, made-up ones stand in, and the result says so. About eight minutes.
    """
    from dataclasses import replace

    from pmcb_services.common import log_to_stderr

    if full and smoke:
        raise click.UsageError("Choose --full or --smoke.")
    one_thread()
    log_to_stderr()
    scope = SMALL if smoke else WHOLE
    if full:
        scope = replace(scope, cases=(*scope.cases, LARGE))
    give(settings, measure(seed=seed, scope=scope), out)
