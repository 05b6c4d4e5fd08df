# SPDX-License-Identifier: Apache-2.0
"""Where a study is held: people of a world, and a content store on a folder."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from obstore.store import LocalStore
from tests.client.sealing.keys import point
from tests.scenarios.world import Person, World

from pmcb_client.content import ContentClient
from pmcb_client.errors import Refused
from pmcb_client.http_identity import RequestChecker
from pmcb_client.network_file import ContentStore, NetworkFile
from pmcb_client.sealing import Blob
from pmcb_client.wallet import WalletIdentity
from pmcb_services.common import Served, serving
from pmcb_services.content import Blobs, content_application


def identity_of(person: Person) -> WalletIdentity:
    """The person's certificate and key, as a wallet holds them."""
    signer: Any = person.credentials.signer
    return WalletIdentity(person.name, person.credentials.identity, signer._key)


async def give_levels(levels: int, people: Mapping[Person, int]) -> None:
    """These people have these levels: in a new epoch, unless another test of theirs opened it."""
    first = next(iter(people))
    try:
        await first.ask("get_level", first.msp, first.name)
    except Refused:
        await first.world.epoch(levels, people)


@dataclass
class Site:
    """The content store of an institution, the real application without a socket.

    Attributes:
        world: with the ledger and its people.
        folder: for what the store and people keep.
        records: the institution.
        file: the network with the store.
        link: in place of the way to the store; None where it is served.
    """

    world: World
    folder: Path
    records: Person
    file: NetworkFile = field(init=False)
    link: httpx.AsyncBaseTransport | None = field(init=False)
    app: FastAPI = field(init=False)

    def __post_init__(self) -> None:
        store = ContentStore("http://localhost", self.records.uid, "")
        self.file = replace(self.world.place.file, content=store)
        self.blobs.mkdir()
        clock = self.world.now
        checker = RequestChecker(self.file, audience="content", clock=clock)
        kept = Blobs(LocalStore(self.blobs))
        self.app = content_application(kept, checker, identity_of(self.records), clock=clock)
        self.link = httpx.ASGITransport(self.app, raise_app_exceptions=False)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[NetworkFile]:
        """The store on a socket, where processes find it; the network with its address."""
        place = Served()
        with place.listen() as listening:
            assert self.file.content is not None
            store = replace(self.file.content, url=place.url(listening))
            self.file, self.link = replace(self.file, content=store), None
            running = asyncio.create_task(serving(self.app, place, listening))
            try:
                yield self.file
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)

    @property
    def blobs(self) -> Path:
        """What the store has."""
        return self.folder / "content"

    def path(self, digest: str) -> Path:
        """Where the store keeps a file."""
        return self.blobs / "blobs" / digest

    def store(self, who: Person | WalletIdentity) -> ContentClient:
        """Somebody's way to the store."""
        identity = identity_of(who) if isinstance(who, Person) else who
        return ContentClient(self.file, identity, transport=self.link, clock=self.world.now)

    async def put(self, who: Person, *blobs: Blob) -> None:
        """Somebody uploads files."""
        async with self.store(who) as store:
            for blob in blobs:
                await store.put(blob)

    def keys(self, *people: Person) -> dict[str, str]:
        """Public keys by uid."""
        return {one.uid: point(identity_of(one).private_key) for one in people}
