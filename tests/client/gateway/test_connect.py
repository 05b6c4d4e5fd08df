# SPDX-License-Identifier: Apache-2.0
import json
import socket
from types import SimpleNamespace

import pytest

from pmcb_client.errors import LedgerUnavailable, NetworkFileError
from pmcb_client.gateway import Identity, connect_network
from pmcb_client.network_file import load


@pytest.fixture
def person(identity, signer):
    """An identity with its signer, as a wallet gives them."""
    return SimpleNamespace(identity=identity, signer=signer)


@pytest.fixture
def document(fake, tls):
    """A network.json of one organisation, whose gateway is the scripted one."""
    org = {
        "msp": "HospitalAMSP",
        "gateway": fake.target,
        "msp_ca": tls[1].decode(),
        "crl": "",
        "tls_ca": tls[1].decode(),
        "ca_url": "https://localhost:1",
        "ca_name": "ca-a",
    }
    return {
        "version": 1,
        "kind": "embedded",
        "channel": "pmcb",
        "chaincode": "pmcb",
        "orgs": [org],
    }


async def test_an_identity_of_an_unknown_organisation_is_refused(document, signer):
    """The error names the organisation and those that there are."""
    stranger = SimpleNamespace(identity=Identity("ClinicMSP", b"PEM"), signer=signer)
    with pytest.raises(NetworkFileError, match=r"ClinicMSP.*HospitalAMSP"):
        async with connect_network(document, stranger):
            pass


async def test_a_missing_file_says_how_to_get_one(tmp_path, person):
    """The next step is to start a network."""
    with pytest.raises(NetworkFileError) as caught:
        async with connect_network(tmp_path / "network.json", person):
            pass
    assert "pmcb network up" in caught.value.next_step


async def test_an_address_where_nothing_listens_is_unavailable_at_once(document, person):
    """The user is told where nothing answers."""
    with socket.socket() as taken:  # bound and not listening: nobody else gets the port
        taken.bind(("127.0.0.1", 0))
        document["orgs"][0]["gateway"] = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(LedgerUnavailable, match=document["orgs"][0]["gateway"]) as caught:
            async with connect_network(document, person):
                pass
    assert caught.value.exit_code == 3


async def test_an_address_that_never_says_a_word_is_unavailable(document, person, monkeypatch):
    """Something listens and does not speak TLS: the waiting has an end."""
    monkeypatch.setattr("pmcb_client.gateway._connect._READY_WITHIN_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        document["orgs"][0]["gateway"] = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(LedgerUnavailable):
            async with connect_network(document, person):
                pass


async def test_a_gateway_that_the_file_does_not_vouch_for_is_not_spoken_to(
    document, person, fake, other_root
):
    """Another root in the file: the handshake fails, no call is made."""
    document["orgs"][0]["tls_ca"] = other_root
    with pytest.raises(LedgerUnavailable, match="vouches for"):
        async with connect_network(document, person):
            pass
    assert not fake.requests


async def test_the_gateway_of_the_own_organisation_answers(document, person, tmp_path):
    """From a document or from a file."""
    path = tmp_path / "network.json"
    path.write_text(json.dumps(document))
    for network in (document, path, str(path), load(path)):
        async with connect_network(network, person) as gateway:
            contract = gateway.network("pmcb").contract("pmcb")
            assert await contract.submit("ping") == b"result"
