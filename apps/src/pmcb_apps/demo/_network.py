# SPDX-License-Identifier: Apache-2.0
"""The network below the story, embedded or Fabric, while it is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pmcb_client.network_file import NetworkFile, load, parse
from pmcb_network._launch import Places
from pmcb_network.embedded import EmbeddedNetwork
from pmcb_network.fabric import _control
from pmcb_network.fabric._binaries import find
from pmcb_network.fabric._folder import folder_of, is_there
from pmcb_network.introduce import introduce

WITHIN_S = 60.0


@dataclass(frozen=True)
class Below:
    """The network: its file, what it is in words, and how many blocks it has now."""

    file: NetworkFile
    kind: str
    height: Callable[[], Awaitable[int]]


def check_programs() -> None:
    """Whether Fabric can be started here.

    Raises:
        BinariesMissing: names what is missing, and how to get it.
    """
    find()


@asynccontextmanager
async def embedded(folder: Path) -> AsyncIterator[Below]:
    """In this process."""
    async with EmbeddedNetwork(folder / "network") as network:
        file = parse(network.network_file)
        await introduce(folder, file, network.registrars, within_s=WITHIN_S)

        async def height() -> int:
            return network.height

        yield Below(file, "embedded; it is not a blockchain", height)


@asynccontextmanager
async def fabric(folder: Path, tell: Callable[[str], None]) -> AsyncIterator[Below]:
    """Peers, orderer and CAs of Fabric, as `pmcb network up --fabric` starts them.

    Raises:
        NetworkError: one of them does not start.
    """
    places = Places(folder)

    async def height() -> int:
        return int((await asyncio.to_thread(_control.state, places))["height"])

    starting = asyncio.create_task(asyncio.to_thread(_up, places, tell))
    try:
        nodes = await asyncio.shield(starting)
        yield Below(load(folder / "network.json"), f"Fabric, {nodes} processes", height)
    finally:
        await asyncio.wait({starting})  # a thread cannot be cut short
        await asyncio.to_thread(end_fabric, folder)


def end_fabric(folder: Path) -> None:
    """Stop what runs of a Fabric network of this folder, also of a demo that was killed."""
    places = Places(folder)
    if is_there(folder_of(places)):
        _control.down(places, lambda _: None)


def _up(places: Places, tell: Callable[[str], None]) -> int:
    """How many processes it runs in."""
    found = _control.up(
        places,
        preset_name=None,
        topology=None,
        governance=None,
        port_base=None,
        host=None,
        within_s=WITHIN_S,
        say=lambda said: tell(f"  {said} ..."),
    )
    return len(found["nodes"])
