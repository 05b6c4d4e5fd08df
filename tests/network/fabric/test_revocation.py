# SPDX-License-Identifier: Apache-2.0
"""`pmcb network crl`, `kill` and `doctor` on a network with Fabric's own programs."""

import asyncio
import json
import os
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from tests.network.shell import pmcb

from pmcb_client.gateway import EndorseError, EvaluateError, connect_network
from pmcb_client.network_file import load
from pmcb_client.wallet import Wallet
from pmcb_network.errors import BinariesMissing
from pmcb_network.fabric._binaries import find

pytestmark = [pytest.mark.fabric, pytest.mark.timeout(300)]

A, B = "HospitalAMSP", "HospitalBMSP"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home whose network is brought up once; at the end nothing of it is left."""
    try:
        find(os.environ)
    except BinariesMissing as error:
        pytest.skip(f"{error}; {error.next_step}")
    home = tmp_path_factory.mktemp("fabric")
    try:
        pmcb(home, "network", "up", "--fabric", check=0)
        yield home
    finally:
        pmcb(home, "network", "reset", "--yes", check=0)


def person(home, name: str, msp: str = A):
    """Somebody who is enrolled, with the identity that the wallet has now."""
    pmcb(home, "id", "enroll", name, "--org", msp, "--role", "receiver", check=0)
    return Wallet(home / "wallet").get(name)


def revoke(home, name: str) -> str:
    """What is said of it."""
    return str(pmcb(home, "id", "revoke", name, "--org", A, "--yes", check=0).stdout)


def crl(home, org: str = A, code: int = 0):
    """What the command answers."""
    done = pmcb(home, "network", "crl", org, "--json", check=code)
    return json.loads(done.stdout)


def examined(home, code: int) -> dict[str, list[str]]:
    """What the doctor calls wrong."""
    done = pmcb(home, "network", "doctor", "--json", check=code)
    wrong: dict[str, list[str]] = {}
    for each in json.loads(done.stdout)["findings"]:
        if each["grade"] != "ok":
            wrong.setdefault(each["check"], []).append(each["what"])
    return wrong


@asynccontextmanager
async def contract(home, who, msp: str):
    """The contract as this identity calls it, through the gateway of this organisation."""
    file = load(home / "network.json")
    asked = file.org(msp)
    mine = replace(file.org(who.msp_id), gateway=asked.gateway, tls_ca=asked.tls_ca)
    async with connect_network(replace(file, orgs=(mine,)), who) as gateway:
        yield gateway.network(file.channel).contract(file.chaincode)


def is_taken(home, who, msp: str) -> None:
    """Evaluate and submit."""

    async def both() -> None:
        async with contract(home, who, msp) as called:
            await called.evaluate("ping")
            await called.submit("announce_key")

    asyncio.run(both())


def is_refused(home, who, msp: str) -> None:
    """With the errors that clients raise for it."""

    async def both() -> None:
        async with contract(home, who, msp) as called:
            with pytest.raises(EvaluateError, match="access denied"):
                await called.evaluate("ping")
            with pytest.raises(EndorseError, match="access denied"):
                await called.submit("announce_key")

    asyncio.run(both())


def test_what_cannot_be_told_is_said_and_nothing_is_changed(home):
    """An organisation that is none; a CA that revoked nothing, and says so twice."""
    said = crl(home, "OtherMSP", 2)
    assert (said["error"], said["next_step"]) == ("TopologyError", f"name one of {A}, {B}")
    for _ in range(2):
        told = crl(home, B)
        assert (told["changed"], told["revoked"], told["stopped"]) == (False, 0, [])
        assert told["list_ends"] > "2026"


def test_a_revoked_person_is_refused_by_every_gateway_once_peers_were_told(home):
    """Until then it is taken; another person goes on; a repeat and a restart change nothing."""
    known = crl(home)["revoked"]
    anna, bert = person(home, "anna"), person(home, "bert")
    for msp in (A, B):
        is_taken(home, anna, msp)
    assert f"pmcb network crl {A}" in revoke(home, "anna")
    is_taken(home, anna, B)
    told = crl(home)
    assert (told["changed"], told["revoked"], told["stopped"]) == (True, known + 1, [])
    for msp in (A, B):
        is_refused(home, anna, msp)
        is_taken(home, bert, msp)
    again = crl(home)
    assert (again["changed"], again["revoked"]) == (False, known + 1)
    pmcb(home, "network", "down", check=0)
    assert examined(home, 0) == {"processes": ["none runs"]}
    pmcb(home, "network", "up", check=0)
    for msp in (A, B):
        is_refused(home, anna, msp)
        is_taken(home, bert, msp)
    assert crl(home)["changed"] is False


def test_a_peer_that_is_down_learns_of_it_when_it_is_back(home):
    """It is named; `up` brings it back, and it refuses, too. The doctor sees it in between."""
    carl = person(home, "carl")
    is_taken(home, carl, B)
    revoke(home, "carl")
    done = pmcb(home, "network", "kill", f"peer0.{B}", check=0)
    assert "bring it back with: pmcb network up" in done.stdout
    assert f"peer0.{B} does not run" in pmcb(home, "network", "kill", f"peer0.{B}", check=3).stderr
    assert examined(home, 1) == {"processes": [f"peer0.{B} does not run"]}
    told = crl(home)
    assert (told["changed"], told["stopped"]) == (True, [f"peer0.{B}"])
    is_refused(home, carl, A)
    pmcb(home, "network", "up", check=0)
    assert crl(home)["stopped"] == []
    is_refused(home, carl, B)
    assert examined(home, 0) == {}


def test_an_orderer_or_a_ca_that_is_down_is_told(home):
    """Exit 3; after `up` the same command works."""
    person(home, "dora")
    revoke(home, "dora")
    assert "Name a node: " in pmcb(home, "network", "kill", check=2).stderr
    pmcb(home, "network", "kill", f"orderer0.{A}", check=0)
    assert crl(home, code=3)["error"] == "FabricRefused"
    pmcb(home, "network", "kill", f"ca.{A}", check=0)
    assert crl(home, code=3)["error"] == "CaUnavailable"
    pmcb(home, "network", "up", check=0)
    assert crl(home)["changed"] is True


def test_a_file_that_others_can_read_is_found_on_a_network_that_runs(home):
    """And a builder without a script; `up` writes that anew."""
    folder = home / "network" / "fabric"
    key = next((folder / "orgs").glob("*/admin/tls/server.key"))
    key.chmod(0o644)
    (folder / "builder" / "bin" / "detect").unlink()
    wrong = examined(home, 1)
    assert sorted(wrong) == ["builder", "file modes"]
    assert str(key) in wrong["file modes"][0]
    key.chmod(0o600)
    pmcb(home, "network", "up", check=0)
    assert examined(home, 0) == {}
