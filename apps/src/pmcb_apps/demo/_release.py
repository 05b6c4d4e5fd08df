# SPDX-License-Identifier: Apache-2.0
"""An analyst gets a release, checks it, and is refused another beyond the budget."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from pmcb_client.gateway import Contract
from pmcb_client.network_file import NetworkFile
from pmcb_client.wallet import WalletIdentity
from pmcb_services.publishing import PublishingClient, Release, ServiceRefused, Table
from pmcb_services.publishing._lattice import LATTICE, UNIT
from pmcb_services.publishing._metrics import internal_metrics
from pmcb_services.publishing._units import labels
from pmcb_services.publishing._verify import check

from ._dataset import NAME, OWN, TOTAL, Dataset
from ._result import Cluster, Publication

EPSILON = "1"
CLUSTERS = 3
_POLL_S = 0.2


@dataclass(frozen=True)
class Bought:
    """A release as the analyst has it, and the id of the request for it."""

    request: str
    release: Release

    @property
    def clusters(self) -> list[Cluster]:
        """Those that were asked for."""
        return _clusters(self.release, CLUSTERS)


async def buy(network: NetworkFile, folder: Path, analyst: WalletIdentity) -> Bought:
    """Ask for a release and wait for it; it stays in ``release``, with a page of its own."""
    async with PublishingClient(network, analyst) as service:
        asked = await service.ask(NAME, epsilon=EPSILON, k=CLUSTERS)
        await service.wait(asked["id"], poll_s=_POLL_S)
        return Bought(asked["id"], await service.fetch(asked["id"], folder / "release"))


async def prove(
    network: NetworkFile,
    ledger: Contract,
    analyst: WalletIdentity,
    dataset: Dataset,
    bought: Bought,
) -> Publication:
    """Compare the release with the ledger's entry, ask once more, and look what that cost.

    Raises:
        Mismatch: the release is not what was published.
    """
    entry = await _asked(ledger, "get_release", dataset.cohort, bought.request)
    left_before = await _left(ledger, dataset)
    async with PublishingClient(network, analyst) as service:
        refused = await _again(service)
    return Publication(
        own=OWN,
        collected=dataset.collected,
        counted=dataset.counted,
        epsilon=EPSILON,
        total=TOTAL,
        columns=labels(dataset.schema),
        everybody=_clusters(bought.release, 1)[0],
        clusters=bought.clusters,
        cost_ratio=await asyncio.to_thread(_cost_ratio, bought.release, dataset),
        checks=check(bought.release.files, entry),
        refused=refused,
        left_before=left_before,
        left=await _left(ledger, dataset),
    )


async def _again(service: PublishingClient) -> tuple[str, str]:
    """The same with synthetic rows, which the release does not cover; code and sentence."""
    try:
        found = await service.ask(NAME, epsilon=EPSILON, k=CLUSTERS, rows=True)
    except ServiceRefused as refused:
        return refused.code, str(refused)
    return str(found["state"]), ""


async def _left(ledger: Contract, dataset: Dataset) -> str:
    account = await _asked(ledger, "get_budget", dataset.cohort)
    return str(Fraction(account["total"]) - Fraction(account["spent"]))


async def _asked(ledger: Contract, function: str, *args: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(await ledger.evaluate(function, *args))
    return found


def _clusters(released: Release, k: int) -> list[Cluster]:
    found = released.clusters(k)
    sizes = [released.size] if k == 1 else found.sizes
    rows = released.schema.decode(found.centres)
    return [
        Cluster(
            round(size.persons),
            round(size.low),
            round(size.high),
            supported,
            [round(float(value), 1) for value in row],
        )
        for row, size, supported in zip(rows, sizes, found.supported, strict=True)
    ]


def _cost_ratio(released: Release, dataset: Dataset) -> float:
    """As ``pmcb publishing evaluate`` tells it, where the table is."""
    chunks = list(Table.open(dataset.table, dataset.schema).chunks())
    points = np.concatenate([rows for rows, _ in chunks]) / LATTICE
    weights = np.concatenate([persons for _, persons in chunks]) / UNIT
    centres = released.clusters(CLUSTERS).centres
    return internal_metrics(points, weights, centres, np.random.default_rng(0)).cost_ratio
