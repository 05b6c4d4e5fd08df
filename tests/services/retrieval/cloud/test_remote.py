# SPDX-License-Identifier: Apache-2.0
"""The way to a cloud that is away, or that says what no cloud says."""

import socket
import threading
from contextlib import contextmanager

import pytest
from tests.chaincode.certificates import Authority
from tests.services.retrieval.cloud.serving import NETWORK, OWNER, remote, served

from pmcb_services.retrieval.cloud import MemoryCloud, RemoteCloud, StoreDescriptor
from pmcb_services.retrieval.errors import CloudUnavailable


@contextmanager
def saying(*answers):
    """A server that says these bytes to one connection after another."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def run():
            for answer in answers:
                connection, _ = listening.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        thread = threading.Thread(target=run)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join(20)


def answering(body, head="200 OK", *headers):
    """An answer with this body."""
    lines = [f"HTTP/1.1 {head}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def test_a_network_without_a_cloud_is_told_of():
    """With the way to start one."""
    with pytest.raises(CloudUnavailable, match="no cloud") as caught:
        RemoteCloud(NETWORK, OWNER)
    assert "pmcb retrieval cloud serve" in caught.value.next_step


def test_a_server_that_is_away_is_told_of():
    """Nobody listens; the message names no address, and the exit code is 3."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with remote(f"http://127.0.0.1:{port}") as cloud, pytest.raises(CloudUnavailable) as caught:
        cloud.describe("icu")
    assert caught.value.exit_code == 3
    assert str(port) not in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"no HTTP at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\ncut",
        answering(b"no JSON"),
        answering(b"[]"),
        answering(b'{"name": "icu"}'),
        answering(b"", "302 Found", "Location: http://127.0.0.1:1/"),
        answering(b"{}", "500 Internal Server Error"),
        answering(b"a proxy's page", "404 Not Found"),
        answering(b'{"error": "INTERNAL", "message": "m", "field": ""}', "500 No"),
    ],
)
def test_what_no_cloud_says_is_no_answer(answer):
    """Cut, unreadable, redirected, a proxy's: the cloud cannot be asked at the moment."""
    with saying(answer) as url, remote(url) as cloud, pytest.raises(CloudUnavailable):
        cloud.describe("icu")


def test_a_root_without_its_version_is_no_answer():
    """Nor one whose version is no number."""
    for headers in ((), ('ETag: "new"',)):
        said = answering(b"root", "200 OK", *headers)
        refused = pytest.raises(CloudUnavailable, match="cannot be read")
        with saying(said) as url, remote(url) as cloud, refused:
            cloud.root("icu")


def test_a_server_that_comes_back_goes_on():
    """The same call again; connections that ended meanwhile are no hindrance."""
    kept = MemoryCloud()
    kept.create(StoreDescriptor("icu", "00" * 32, blob_size=1, log_size=1, owner="HospitalBMSP"))
    with served(kept) as url, remote(url) as cloud:
        port = int(url.rpartition(":")[2])
        fence = cloud.lease("icu", "me", 3600).fence
        cloud.append("icu", fence, 0, bytes(17))
    with remote(url) as cloud:
        with pytest.raises(CloudUnavailable):
            cloud.append("icu", fence, 1, bytes(17))
        with served(kept, port=port):
            cloud.append("icu", fence, 1, bytes(17))
    assert kept.read_log("icu", 0, 9).items == bytes(34)


def test_the_server_is_known_by_its_certificate(tmp_path):
    """One of another root is not spoken to."""
    ours, other = Authority(), Authority()
    pair = ours.issue("cloud")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.write_bytes(pair.certificate)
    key.write_bytes(pair.key)
    kept = MemoryCloud()
    with served(kept, tls_cert=cert, tls_key=key) as url:
        assert url.startswith("https:")
        with remote(url, tls_ca=ours.certificate.decode()) as cloud:
            cloud.create(StoreDescriptor("icu", "00" * 32, blob_size=1, log_size=1))
        strange = remote(url, tls_ca=other.certificate.decode())
        with strange as cloud, pytest.raises(CloudUnavailable):
            cloud.describe("icu")
    assert kept.describe("icu").owner == "HospitalBMSP"
