# SPDX-License-Identifier: Apache-2.0
"""A contract on fabric-contract-api, served by fabric-shim to the embedded network's peers."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from tests.interop.jobs import conflict, evaluate, job_of, listen, submit, take
from tests.interop.node_server import NodeServer
from tests.network.conftest import person
from tests.network.wire import Person

from pmcb_client.gateway import (
    Contract,
    EndorseError,
    EvaluateError,
    Identity,
    LedgerError,
    P256Signer,
    connect,
    open_channel,
)
from pmcb_network.embedded import EmbeddedNetwork
from pmcb_network.embedded._ports import _free_block

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def shared(node_modules) -> Iterator[NodeServer]:
    """One server for every test that leaves it alone; contracts on the shim keep nothing."""
    with NodeServer(node_modules, free_address()) as made:
        made.until_it_listens()
        yield made


@pytest.fixture
def mortal(node_modules) -> Iterator[NodeServer]:
    """A server to kill."""
    with NodeServer(node_modules, free_address()) as made:
        made.until_it_listens()
        yield made


@pytest.fixture
def server(request) -> NodeServer:
    """Whichever of both the test asks for."""
    name = "mortal" if "mortal" in request.fixturenames else "shared"
    made = request.getfixturevalue(name)
    assert isinstance(made, NodeServer)
    return made


@pytest.fixture
async def network(tmp_path, server) -> AsyncIterator[EmbeddedNetwork]:
    async with EmbeddedNetwork(tmp_path / "network", chaincode=server.address) as made:
        await until_ready(made)
        yield made


@pytest.fixture
def alice(network) -> Person:
    return person(network, "alice")


@pytest.fixture
async def contract(network, alice) -> AsyncIterator[Contract]:
    """The Node contract, called by our own client."""
    org = network.network_file["orgs"][0]
    identity = Identity(alice.msp_id, alice.certificate)
    channel = open_channel(org["gateway"], org["tls_ca"])
    async with connect(channel, identity, P256Signer(alice.key)) as gateway:
        yield gateway.network("pmcb").contract("pmcb")
    await channel.close(None)


def free_address() -> str:
    return f"127.0.0.1:{_free_block(['chaincode'])['chaincode']}"


async def until_ready(network: EmbeddedNetwork, *, ready: bool = True) -> None:
    """Lets the loop turn until every peer has, or has lost, its stream to the server."""
    async with asyncio.timeout(20):
        while not all(_is_ready(host) == ready for host in network._hosts):  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # the other process says nothing when it is there


def _is_ready(host: Any) -> bool:
    return host._peer is not None and host._peer.is_ready


async def refusal(call) -> str:
    with pytest.raises((EvaluateError, EndorseError)) as caught:
        await call
    return str(caught.value.details[0].message)


async def test_refusals_of_the_shim_arrive(contract, network, server):
    """Always 500, with the contract's own message; nothing is ordered, and the process lives."""
    said = "chaincode response 500, "
    for call in (contract.evaluate, contract.submit):
        assert await refusal(call("get", "absent")) == f"{said}There is no such note."
        assert (
            await refusal(call("get")) == f"{said}Expected 1 parameters, but 0 have been supplied"
        )
        assert await refusal(call("nothing")) == (
            f"{said}You've asked to invoke a function that does not exist: nothing"
        )
        assert await refusal(call("other:get", "a")) == f"{said}Contract name is not known: other"
    assert await refusal(contract.submit("refuse", "a")) == f"{said}Refused, after all."
    assert network.height == 1
    assert server.is_running


async def test_what_the_network_does_not_offer_is_refused_by_name(contract, network, server):
    """As an error of the one call, which a contract may catch; its process lives."""
    absent = "is not offered by the embedded network"
    caught = json.loads(await contract.evaluate("swallow", "a"))
    assert caught == {"refused": f"private data {absent}"}
    assert (
        await refusal(contract.evaluate("query", "{}"))
        == f"chaincode response 500, a rich query {absent}"
    )
    assert "Writes are not allowed" in await refusal(contract.submit("page_and_put", "a", "b", "c"))
    assert (network.height, server.is_running) == (1, True)


async def test_the_contract_is_described_by_its_metadata(contract):
    """`GetMetadata` of the contract API, by its full name."""
    told = json.loads(await contract.evaluate("org.hyperledger.fabric:GetMetadata"))
    assert told["info"] == {"title": "pmcb-interop-contract", "version": "1.0.0"}
    functions = {each["name"]: each for each in told["contracts"]["notes"]["transactions"]}
    assert len(functions["move"]["parameters"]) == 3


async def test_values_history_and_the_caller_come_back(contract, network):
    """Reads and writes, a deletion, who called when, and what a key has been."""
    assert await contract.submit("put", "a", "1") == b'{"key":"a"}'
    assert await contract.evaluate("get", "a") == b'{"value":"1"}'
    await contract.submit("put", "a", "2")
    assert await contract.evaluate("notes:get", "a") == b'{"value":"2"}'
    await contract.submit("remove", "a")
    past = json.loads(await contract.evaluate("history", "a"))
    assert [(each["value"], each["deleted"]) for each in past] == [
        ("", True),
        ("2", False),
        ("1", False),
    ]
    assert past[0]["at"] >= past[1]["at"] >= past[2]["at"]
    assert all(network._store.current.status(each["id"]) for each in past)
    me = json.loads(await contract.evaluate("whoami", transient={"pin": b"4711"}))
    assert (me["msp"], me["name"], me["channel"]) == ("HospitalAMSP", "alice", "pmcb")
    assert (me["transient"], len(me["id"])) == ({"pin": "4711"}, 64)
    assert abs(me["at"] - network._clock()) < 60_000


async def test_ranges_and_pages_are_walked(contract, network):
    """Several answers of the peer long, left early, in pages, and by composite key."""
    await contract.submit("fill", "k", "250")
    keys = [f"k{number:04}" for number in range(250)]
    rows = json.loads(await contract.evaluate("range", "k", "l"))
    assert [row[0] for row in rows] == keys
    assert await contract.submit("first", "k", "l") == b'{"key":"k0000"}'
    first = json.loads(await contract.evaluate("page", "k", "l", "200", ""))
    assert first == {"keys": keys[:200], "count": 200, "bookmark": "k0200"}
    rest = json.loads(await contract.evaluate("page", "k", "l", "200", first["bookmark"]))
    assert rest == {"keys": keys[200:], "count": 50, "bookmark": ""}
    for part in ("red", "blue"):
        await contract.submit("put_part", "color", part, part)
    parts = json.loads(await contract.evaluate("parts", "color"))
    assert [(key["objectType"], key["attributes"], value) for key, value in parts] == [
        ("color", ["blue", "end"], "blue"),
        ("color", ["red", "end"], "red"),
    ]
    everything = json.loads(await contract.evaluate("range", "", ""))
    assert [row[0] for row in everything] == ["first", *keys]  # composite keys stay out
    assert network.verify() == network.height


async def test_the_node_client_calls_the_node_contract(network, run, alice):
    """Official at both ends: results, an event, and conflicts of both kinds."""
    steps = [
        listen("live"),
        submit("tell", "hello"),
        take("live"),
        evaluate("get", "told"),
        submit("whoami", transient={"pin": "4711"}),
        conflict(["move", "a", "b", "1"], ["move", "a", "c", "1"]),
        conflict(["put", "n5", "1"], ["count", "n", "o", "total"]),
    ]
    _, told, (event,), asked, me, read, walked = await run(
        "gateway.js", job_of(network, alice, steps)
    )
    assert (event["name"], event["payload"], event["id"]) == ("Told", "hello", told["id"])
    assert asked == {"result": '{"value":"hello"}'}
    assert json.loads(me["result"])["transient"] == {"pin": "4711"}
    assert (read, walked) == (
        {"codes": [[0, True], [11, False]]},
        {"codes": [[0, True], [12, False]]},
    )


async def test_no_call_is_left_unanswered_under_load(contract, network):
    """Three hundred transactions at once, each answered once, with their effect."""
    calls = [contract.submit("move", f"a{n}", f"b{n}", "1") for n in range(300)]
    async with asyncio.timeout(60):
        answers = await asyncio.gather(*calls)
    assert answers == [b'{"have":-1}'] * 300
    rows = json.loads(await contract.evaluate("range", "a", "c"))
    assert sorted(value for _, value in rows) == ["-1"] * 300 + ["1"] * 300
    assert network.verify() == network.height


@pytest.mark.parametrize("verb", [evaluate, submit])
async def test_a_killed_server_is_told_and_found_again(
    network, mortal, run, alice, contract, node_modules, verb
):
    """Mid-call the stream's end; then that nothing answers; after its return all is as before."""
    await contract.submit("put", "a", "1")
    hanging = asyncio.create_task(run("gateway.js", job_of(network, alice, [verb("wait")])))
    await mortal.until_it_says("waiting")
    mortal.kill()
    (answer,) = await hanging
    failed = "endorse" if verb is submit else "evaluate"
    assert answer["message"] == (
        f"10 ABORTED: failed to {failed} transaction, see attached details for more info"
    )
    (detail,) = answer["details"]
    assert detail["mspId"] == "HospitalAMSP"
    assert detail["message"].endswith("chaincode stream terminated")
    await until_ready(network, ready=False)
    (away,) = await run("gateway.js", job_of(network, alice, [verb("get", "a")]))
    assert "could not launch chaincode pmcb" in away["details"][0]["message"]
    with NodeServer(node_modules, mortal.address):
        await until_ready(network)
        assert await contract.submit("move", "a", "b", "1") == b'{"have":0}'
    assert (network.height, network.verify()) == (3, 3)


async def test_a_server_killed_under_load_loses_nothing_acknowledged(
    network, mortal, contract, node_modules
):
    """What was acknowledged stands, what failed was told, and nothing has half an effect."""
    calls = [
        asyncio.create_task(contract.submit("move", f"a{n}", f"b{n}", "1")) for n in range(200)
    ]
    await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
    mortal.kill()
    with NodeServer(node_modules, mortal.address):
        async with asyncio.timeout(90):
            answers = await asyncio.gather(*calls, return_exceptions=True)
        failed = [answer for answer in answers if answer != b'{"have":-1}']
        assert all(isinstance(answer, LedgerError) for answer in failed)
        await until_ready(network)
        stands = dict(json.loads(await contract.evaluate("range", "a", "c")))
    acknowledged = {n for n, answer in enumerate(answers) if answer not in failed}
    assert acknowledged
    assert {n for n in range(200) if f"a{n}" in stands} == acknowledged
    assert {n for n in range(200) if f"b{n}" in stands} == acknowledged
    assert network.verify() == network.height
