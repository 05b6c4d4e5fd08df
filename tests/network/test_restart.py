# SPDX-License-Identifier: Apache-2.0
"""A ledger outlives its process, however that ends."""

import asyncio
import contextlib
import random
import socket
from pathlib import Path

import grpc
import pytest
from tests.network.apart import serve
from tests.network.conftest import person
from tests.network.contracts import Notes
from tests.network.wire import Person, Wire, connect, propose

from pmcb_network.embedded import EmbeddedNetwork
from pmcb_network.embedded._ports import BadPortBase, _free_block
from pmcb_network.errors import FolderInUse, FolderUnusable, PortBusy

ROOT = Path(__file__).parents[2]


async def test_a_folder_is_served_once(network):
    """A second network on it is refused and names the process that has it."""
    with pytest.raises(FolderInUse, match=r"in use by process \d+"):
        async with EmbeddedNetwork(network._folder, contract=Notes()):
            pass


async def test_a_folder_of_other_organisations_is_refused(tmp_path):
    """Its CAs and its policy are not those that were asked for."""
    async with EmbeddedNetwork(tmp_path, contract=Notes()):
        pass
    with pytest.raises(FolderUnusable, match="was made for HospitalAMSP, HospitalBMSP"):
        async with EmbeddedNetwork(tmp_path, contract=Notes(), orgs=("OneMSP",)):
            pass


async def test_a_folder_that_cannot_be_used_is_named(tmp_path):
    """A file in its place, a damaged key, a damaged setting: one sentence each."""
    place = tmp_path / "file"
    place.write_text("")
    with pytest.raises(FolderUnusable, match="cannot be used: file exists"):
        async with EmbeddedNetwork(place, contract=Notes()):
            pass
    folder = tmp_path / "network"
    async with EmbeddedNetwork(folder, contract=Notes()):
        pass
    for name in ("settings.json", "orgs/HospitalAMSP/ca.pem"):
        kept = (folder / name).read_bytes()
        (folder / name).write_bytes(b"damaged")
        with pytest.raises(FolderUnusable, match="cannot be read or written"):
            async with EmbeddedNetwork(folder, contract=Notes()):
                pass
        (folder / name).write_bytes(kept)
    async with EmbeddedNetwork(folder, contract=Notes()):
        pass


@pytest.mark.parametrize("orgs", [(), ("AMSP", "AMSP"), ("a b",), ("",), ("../up",)])
def test_odd_organisations_are_a_value_error(tmp_path, orgs):
    """Msp ids become folder names: they are checked before anything is made."""
    with pytest.raises(ValueError, match="distinct MSP ids"):
        EmbeddedNetwork(tmp_path, orgs=orgs)


async def test_a_busy_port_is_named_and_nothing_starts(tmp_path):
    """At a restart the kept ports count; another base is the way out."""
    async with EmbeddedNetwork(tmp_path, contract=Notes()) as network:
        port = int(network.network_file["orgs"][1]["gateway"].rpartition(":")[2])
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(PortBusy, match=f"port {port} is taken") as caught:
            async with EmbeddedNetwork(tmp_path, contract=Notes()):
                pass
        assert "--port-base" in caught.value.next_step
        base = _free_block(["a", "b", "c", "d"])["a"]
        async with EmbeddedNetwork(tmp_path, contract=Notes(), ports=base) as network:
            assert network.network_file["orgs"][0]["gateway"] == f"localhost:{base}"


async def test_a_port_base_out_of_range_is_bad_input(tmp_path):
    """Below 1024, or where the system hands out ports to clients."""
    for base in (0, 1023, 32_765, 70_000):
        with pytest.raises(BadPortBase, match="lies between 1024 and 32764"):
            async with EmbeddedNetwork(tmp_path, contract=Notes(), ports=base):
                pass


@pytest.mark.parametrize("taken", [0, 1])
async def test_ports_taken_between_choice_and_start_are_chosen_anew(tmp_path, monkeypatch, taken):
    """Free ports are a guess: whoever loses the race for one picks others, and shares none."""
    blocks: list[dict[str, int]] = []
    with socket.socket() as other:

        def take_the_first(names):
            found = _free_block(names)
            if not blocks:
                other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                other.bind(("127.0.0.1", list(found.values())[taken]))
                other.listen()
            blocks.append(found)
            return found

        monkeypatch.setattr("pmcb_network.embedded._ports._free_block", take_the_first)
        async with (
            EmbeddedNetwork(tmp_path, contract=Notes()) as network,
            connect(network) as channel,
        ):
            alice = person(network, "alice")
            assert await Wire(channel).run(alice, "put", "a", "1") == 0
    assert len(blocks) == 2


async def test_a_restart_resumes(tmp_path):
    """Ledger, ports, certificates: a client of before goes on; old transactions stay known."""
    async with EmbeddedNetwork(tmp_path, contract=Notes()) as network:
        described, registrars = network.network_file, network.registrars
        alice = person(network, "alice")
        async with connect(network) as channel:
            signed, tx_id = propose(alice, "put", "a", "1")
            wire = Wire(channel)
            envelope = await wire.endorse(signed)
            await wire.submit(alice, envelope)
            status = await wire.status(alice, tx_id)
    async with EmbeddedNetwork(tmp_path, contract=Notes()) as network:
        assert (network.network_file, network.registrars) == (described, registrars)
        assert (network.height, network.verify()) == (2, 2)
        async with connect(network) as channel:
            wire = Wire(channel)
            assert await wire.status(alice, tx_id) == status
            await wire.send(envelope)
            assert await wire.run(alice, "put", "b", "1") == 0
            assert await wire.status(alice, tx_id) == status


async def test_secrets_are_readable_by_their_owner_only(tmp_path):
    """Every file of the folder, and the folders themselves."""
    async with EmbeddedNetwork(tmp_path / "network", contract=Notes()):
        found = [tmp_path / "network", *(tmp_path / "network").rglob("*")]
        assert {path.stat().st_mode & 0o077 for path in found} == {0}


async def load(place, alice: Person, tag: str, acknowledged: dict[str, str], enough: asyncio.Event):
    """Puts notes until the network is gone; notes down each one that was said to be on disk."""
    async with connect(place) as channel:
        wire = Wire(channel)

        async def work(worker: int) -> None:
            for number in range(1_000_000):
                key, value = f"{tag}.{worker}.{number}", f"{random.random()}"
                if await wire.run(alice, "put", key, value) == 0:
                    acknowledged[key] = value
                if len(acknowledged) % 20 == 19:
                    enough.set()

        with contextlib.suppress(grpc.aio.AioRpcError):
            await asyncio.gather(*(work(worker) for worker in range(16)))


async def killed_under_load(folder: Path, moments: int) -> None:
    """Kills the process at random moments; whatever it had acknowledged must be there."""
    async with EmbeddedNetwork(folder / "network", contract=Notes()) as network:
        alice = person(network, "alice")
    acknowledged: dict[str, str] = {}
    for moment in range(moments):
        process, place = await serve(folder)
        enough = asyncio.Event()
        loading = asyncio.create_task(load(place, alice, str(moment), acknowledged, enough))
        try:
            async with asyncio.timeout(60):
                await enough.wait()
            await asyncio.sleep(random.random() * 0.05)  # the moment itself is the input
        finally:
            process.kill()
            process.wait()
        async with asyncio.timeout(60):
            await asyncio.gather(loading, return_exceptions=True)
        async with EmbeddedNetwork(folder / "network", contract=Notes()) as network:
            assert network.verify() == network.height
            for key, value in acknowledged.items():
                found = network._store.current.get(key)
                assert found is not None
                assert found.data.decode() == value
    assert len(acknowledged) >= 19 * moments


async def test_a_kill_loses_nothing_acknowledged(tmp_path):
    """Kill -9 under load: the hash chain holds and every acknowledged note is there."""
    await killed_under_load(tmp_path, 2)


@pytest.mark.stress
@pytest.mark.timeout(900)
async def test_fifty_kills_lose_nothing_acknowledged(tmp_path):
    """The same at fifty random moments of one ledger's life."""
    await killed_under_load(tmp_path, 50)
