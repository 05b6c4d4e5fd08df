# SPDX-License-Identifier: Apache-2.0
"""A contract in a chaincode server that the network dials."""

import asyncio
import logging
import subprocess
import sys

import grpc
import pytest
from tests.network.apart import ROOT
from tests.network.conftest import person
from tests.network.contracts import Notes
from tests.network.wire import Wire, connect, failure, propose
from tests.network.words import refusal

from pmcb_chaincode.bridge import ChaincodeServer
from pmcb_network.embedded import EmbeddedNetwork
from pmcb_network.embedded._ports import _free_block
from pmcb_network.embedded.chaincode import BadAddress, Dialled, check_address


@pytest.fixture
def address() -> str:
    return f"127.0.0.1:{_free_block(['chaincode'])['chaincode']}"


async def until(condition) -> None:
    """Lets the loop turn until something is so."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - what is waited for is another task's state
            await asyncio.sleep(0.01)


def ready(network) -> bool:
    return all(host._peer is not None and host._peer.is_ready for host in network._hosts)


def running(network) -> int:
    """How many transactions the first organisation's server has been given."""
    return len(network._hosts[0]._peer._running)


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1:7052", "hospital.example:7052", "0.0.0.0:7052", "[::]:7052", "127.0.0.1.example:1"],
)
def test_a_server_elsewhere_is_not_dialled(tmp_path, address):
    """The stream is plain TCP: refused as bad input before anything is made."""
    with pytest.raises(BadAddress, match="not on this machine") as caught:
        EmbeddedNetwork(tmp_path / "network", chaincode=address)
    assert caught.value.exit_code == 2
    assert not (tmp_path / "network").exists()


@pytest.mark.parametrize("address", ["localhost:1", "127.0.0.1:65535", "127.9.9.9:80", "[::1]:80"])
def test_a_server_of_this_machine_is_dialled(address):
    """By name or by any loopback address, as the server's own rule has it."""
    check_address(address)


async def test_a_server_that_is_not_there_is_named(tmp_path, address):
    """At once, in the words that tell a client that it may try again; nothing is ordered."""
    async with EmbeddedNetwork(tmp_path, chaincode=address) as network, connect(network) as channel:
        alice, wire = person(network, "alice"), Wire(channel)
        for call in (wire.evaluate, wire.endorse):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call(propose(alice, "ping", chaincode="pmcb")[0])
            code, _, details = failure(caught.value)
            assert code is grpc.StatusCode.ABORTED
            assert (
                f"could not launch chaincode pmcb: no chaincode server answers at {address}"
                in (details[0][1])
            )
        assert network.height == 1


async def test_a_dialled_contract_works_as_one_in_process(tmp_path, address):
    """Both organisations keep a stream to it: a hundred rows, writes, an event, a refusal."""
    contract = Notes()
    async with (
        ChaincodeServer(contract, "notes:1", address),
        EmbeddedNetwork(tmp_path, contract=contract, chaincode=address) as network,
        connect(network) as channel,
    ):
        await until(lambda: ready(network))
        alice, wire = person(network, "alice"), Wire(channel)
        await network.seed({f"k{index:03}": b"1" for index in range(250)})
        assert await wire.run(alice, "count", "k", "l", "total") == 0
        assert await wire.run(alice, "tell", "hello") == 0
        codes = await asyncio.gather(
            *(wire.run(alice, "move", f"a{index}", f"b{index}", "1") for index in range(40))
        )
        assert codes == [0] * 40
        answer = await wire.evaluate(propose(alice, "get", "total")[0])
        assert answer.payload == b'{"value":"250"}'
        assert network.verify() == network.height


async def test_a_server_that_comes_back_is_dialled_again(tmp_path, address, caplog):
    """Calls fail while it is away; the next proposal after its return succeeds."""
    caplog.set_level(logging.INFO, "pmcb_network")
    contract = Notes()
    async with (
        EmbeddedNetwork(tmp_path, contract=contract, chaincode=address) as network,
        connect(network) as channel,
    ):
        alice, wire = person(network, "alice"), Wire(channel)
        async with ChaincodeServer(contract, "notes:1", address, drain_s=0.1):
            await until(lambda: ready(network))
            assert await wire.run(alice, "put", "a", "1") == 0
            hanging = asyncio.create_task(wire.evaluate(propose(alice, "wait")[0]))
            await contract.entered.wait()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await hanging
        assert failure(caught.value)[2][0][1].endswith("chaincode stream terminated")
        await until(lambda: not ready(network))
        with pytest.raises(grpc.aio.AioRpcError):
            await wire.endorse(propose(alice, "put", "a", "2")[0])
        async with ChaincodeServer(contract, "notes:1", address):
            await until(lambda: ready(network))
            assert await wire.run(alice, "put", "a", "3") == 0
    assert "ended its stream" in caplog.text


async def test_a_server_that_is_killed_is_noticed_at_once(tmp_path, address):
    """Both hanging calls hear it long before the execute time-out; nothing stays open."""
    process = subprocess.Popen(  # noqa: ASYNC220 - the handle must outlive any loop
        [sys.executable, "-m", "tests.network.serve_chaincode", address], cwd=ROOT
    )
    try:
        async with (
            EmbeddedNetwork(tmp_path, contract=Notes(), chaincode=address) as network,
            connect(network) as channel,
        ):
            await until(lambda: ready(network))
            alice, wire = person(network, "alice"), Wire(channel)
            calls = [
                asyncio.create_task(refusal(call(propose(alice, "wait")[0])))
                for call in (wire.evaluate, wire.endorse)
            ]
            await until(lambda: running(network) == len(calls))
            process.kill()
            async with asyncio.timeout(5):  # half of the execute time-out
                ended = await asyncio.gather(*calls)
            for code, _, details in ended:
                assert code is grpc.StatusCode.ABORTED
                assert details[0][1].endswith(": chaincode stream terminated")
            assert network._store.current.idle
    finally:
        process.kill()
        process.wait()


async def test_what_is_closed_leaves_nothing_in_the_loop(address):
    """GRPC's reads have come back, so that no later event loop of the process hears of them."""
    hosts = [Dialled(address, "notes") for _ in range(4)]
    async with ChaincodeServer(Notes(), "notes:1", address):
        for host in hosts:
            await host.start()
        await until(lambda: all(host._peer and host._peer.is_ready for host in hosts))
        await asyncio.gather(*(host.close() for host in hosts))
        assert not [task for task in asyncio.all_tasks() if "_AioCall" in repr(task)]
