# SPDX-License-Identifier: Apache-2.0
"""The institution's table is a data set with a budget, and answers are its next version."""

import asyncio
import csv
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pmcb_client.http_identity import RequestChecker
from pmcb_client.network_file import NetworkFile, PublishingService, save
from pmcb_client.wallet import WalletIdentity
from pmcb_services.common import Served, serving
from pmcb_services.intake import export
from pmcb_services.publishing import (
    Ledger,
    Publishing,
    PublishingClient,
    Schema,
    publishing_application,
)
from pmcb_services.publishing._service import audience

from ._beside import beside
from ._cast import Cast
from ._patients import made_up
from ._services import Services

NAME = "cardiometabolic"
OWN = 4_000
TOTAL = "2"
# More than there is: it is the ledger that refuses, and not the institution's own rule.
_RULE = {"at_once": "1", "in_all": "4"}


@dataclass(frozen=True)
class Dataset:
    """A data set whose second version holds what was collected.

    Attributes:
        cohort: whose budget pays, 32 hex.
        schema: the task's fields.
        table: folder of the second version.
        collected: rows that came from the intake.
        counted: what counting the persons of both versions cost.
    """

    cohort: str
    schema: Schema
    table: Path
    collected: int
    counted: str


@asynccontextmanager
async def publishing(
    cast: Cast, running: Services, folder: Path, institution: WalletIdentity
) -> AsyncIterator[NetworkFile]:
    """The institution's publishing service, while the block runs; the network with it."""
    place = Served()
    service = Publishing(
        folder / "publishing",
        cast.contract(institution),
        ledger=Ledger(running.network.kind),
        roots=[folder / "tables"],
    )
    async with service:
        with place.listen() as listening:
            here = PublishingService(place.url(listening), institution.uid, "")
            network = running.network.with_service(here)
            save(folder / "network.json", network)
            checker = RequestChecker(network, audience=audience(institution.uid))
            app = publishing_application(service, checker, msp_id=institution.msp_id)
            async with beside([serving(app, place, listening)]):
                yield network


async def register(
    network: NetworkFile,
    running: Services,
    folder: Path,
    institution: WalletIdentity,
    *,
    analysts: str,
    seed: int,
) -> Dataset:
    """Open a budget, register the institution's own records, then the same with the answers.

    ``analysts`` is the organisation that may spend.
    """
    schema = Schema.from_fields(
        folder / "task" / "fields.yaml", subject="subject", expected_size=OWN
    )
    before, after = (folder / "tables" / name for name in ("version-1", "version-2"))
    await asyncio.to_thread(_write_own, before, seed)
    await asyncio.to_thread(_write_own, after, seed)
    collected = await asyncio.to_thread(export, running.intake, after / "collected.csv")
    cohort = secrets.token_hex(16)
    async with PublishingClient(network, institution) as service:
        await service.open_cohort(cohort, TOTAL, schema)
        await service.set_policy(cohort, [{"who": analysts, **_RULE}])
        await service.add_dataset(NAME, cohort)
        for table in (before, after):
            await service.add_version(NAME, path=table)
        counted = (await service.cohort(cohort))["spent"]
    return Dataset(cohort, schema, after, collected, counted)


def _write_own(folder: Path, seed: int) -> None:
    folder.mkdir(parents=True)
    columns = made_up(OWN, seed)
    with (folder / "own.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("subject", *columns))
        for number, row in enumerate(zip(*columns.values(), strict=True)):
            writer.writerow((f"own-{number:04}", *row))
