# SPDX-License-Identifier: Apache-2.0
"""Step 8: the institution's records lie encrypted on a cloud, and its gateway answers for them."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from pathlib import Path

from pmcb_client.http_identity import RequestChecker
from pmcb_client.network_file import NetworkFile, RetrievalCloud, RetrievalGateway, save
from pmcb_services.common import Served, serving
from pmcb_services.retrieval import vitals
from pmcb_services.retrieval.cloud import MemoryCloud, RemoteCloud
from pmcb_services.retrieval.cloud import audience as cloud_audience
from pmcb_services.retrieval.cloud.server import cloud_application
from pmcb_services.retrieval.gateway import Folder, Gateway, Terms, gateway_application
from pmcb_services.retrieval.institution import build, grant
from pmcb_services.retrieval.leakage import RecordingCloud
from pmcb_services.retrieval.worker import RetrievalClient, audience

from ._beside import beside
from ._cast import Cast
from ._people import People

NAME = "icu"
RECORDS = 4_000
_HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Store:
    """A store that is served.

    Attributes:
        network: the network's file, with cloud and gateway in it.
        records: as the institution knows them.
        cloud: what it was sent, and nothing else.
    """

    network: NetworkFile
    records: vitals.Vitals
    cloud: RecordingCloud


@asynccontextmanager
async def store(
    cast: Cast, people: People, folder: Path, network: NetworkFile
) -> AsyncIterator[Store]:
    """Cloud and gateway of a store that was built and granted; both run while the block does."""
    place, cloud = Served(), RecordingCloud(MemoryCloud())
    with place.listen() as listening:
        here = RetrievalCloud(place.url(listening), people.cloud.uid, "")
        network = replace(network, cloud=here)
        checker = RequestChecker(network, audience=cloud_audience(people.cloud.uid))
        async with (
            beside([serving(cloud_application(cloud, checker), place, listening)]),
            _gateway(cast, people, folder, network) as (network, records),
        ):
            await _grant(cast, people, network)
            yield Store(network, records, cloud)


@asynccontextmanager
async def _gateway(
    cast: Cast, people: People, folder: Path, network: NetworkFile
) -> AsyncIterator[tuple[NetworkFile, vitals.Vitals]]:
    """The store's, once it is built."""
    who = people.institution
    kept, contract, channel = Folder(folder / "retrieval"), cast.contract(who), cast.channel(who)
    records = await asyncio.to_thread(vitals.load, RECORDS)
    table, place = records.schema.decode(records.codes), Served()
    with closing(RemoteCloud(network, who)) as cloud:
        await build(kept, cloud, contract, records.schema, table, records.carried, name=NAME)
        gateway = Gateway(
            kept,
            cloud,
            contract,
            lambda: channel.chaincode_events(network.chaincode),
            owner=who.msp_id,
        )
        async with gateway:
            with place.listen() as listening:
                network = network.with_service(RetrievalGateway(place.url(listening), who.uid, ""))
                save(folder / "network.json", network)
                checker = RequestChecker(network, audience=audience(who.uid))
                app = gateway_application(gateway, checker)
                async with beside([serving(app, place, listening)]):
                    yield network, records


async def _grant(cast: Cast, people: People, network: NetworkFile) -> None:
    """The first worker may search for an hour."""
    now_ms = time.time_ns() // 1_000_000
    async with RetrievalClient(network, people.institution) as gateway:
        await grant(
            cast.contract(people.institution),
            gateway,
            secrets.token_hex(16),
            people.workers[0].uid,
            [NAME],
            terms=Terms(),
            purpose="diagnosis",
            not_before=now_ms,
            expires=now_ms + _HOUR_MS,
        )
