# SPDX-License-Identifier: Apache-2.0
"""HTTP connections that stay open: to a server that plays by its own script."""

import socket
import threading
from contextlib import contextmanager

import pytest

from pmcb_services.retrieval.cloud._connections import Connections, NoAnswer

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nETag: one\r\n\r\nok"


@contextmanager
def server(*scripts):
    """One connection after the other; each reads a request to its end and says the next pieces."""
    heard: list[list[bytes]] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def run():
            for script in scripts:
                connection, _ = listening.accept()
                heard.append([])
                with connection:
                    for answer in script:
                        heard[-1].append(_request(connection))
                        for piece in answer if isinstance(answer, list) else [answer]:
                            connection.sendall(piece)

        thread = threading.Thread(target=run)
        thread.start()
        address = "http://127.0.0.1:" + str(listening.getsockname()[1])
        made = Connections(address, "", timeout_s=5, idle_s=60)
        yield made, heard
        made.close()
        thread.join(10)


def _request(connection):
    got = b""
    while b"\r\n\r\n" not in got:
        got += connection.recv(1 << 16)
    head, _, body = got.partition(b"\r\n\r\n")
    size = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
    while len(body) < size:
        body += connection.recv(1 << 20)
    return head + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nok",
        b"HTTP/1.1 200",
        b"",
    ],
)
def test_an_answer_that_breaks_off_is_none(said):
    """Nor one that is no HTTP; the next request goes out on another connection."""
    with server([said], [OK]) as (connections, _):
        with pytest.raises(NoAnswer):
            connections.ask("GET", "/", {}, b"")
        assert connections.ask("GET", "/", {}, b"").content == b"ok"


def test_a_connection_serves_one_request_after_the_other():
    """Until the server says that it closes, or did so unsaid."""
    last = OK.replace(b"ETag: one", b"Connection: close")
    with server([OK, OK, last], [OK], [OK]) as (connections, heard):
        for _ in range(4):
            assert connections.ask("POST", "/a?b=1", {"X": "y"}, b"body").content == b"ok"
        taken, _ = connections._idle[0]
        assert taken.recv(1) == b""  # the server's script has ended
        assert connections.ask("GET", "/", {}, b"").headers["etag"] == "one"
    assert [len(each) for each in heard] == [3, 1, 1]
    head = heard[0][0].decode().splitlines()
    assert head[0] == "POST /a?b=1 HTTP/1.1"
    assert head[1].startswith("Host: 127.0.0.1:")
    assert head[2:] == ["X: y", "Content-Length: 4", "", "body"]


def test_answers_come_in_any_pieces():
    """Byte by byte, in chunks, or without a body."""
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n"
    nothing = b"HTTP/1.1 204 No Content\r\n\r\n"
    slow = [OK[at : at + 1] for at in range(len(OK))]
    with server([slow, chunked, nothing]) as (connections, _):
        told = [connections.ask("PUT", "/", {}, b"") for _ in range(3)]
    assert [(each.status, each.content) for each in told] == [
        (200, b"ok"),
        (200, b"ok"),
        (204, b""),
    ]


def test_a_large_body_arrives_whole():
    """In several pieces, whatever the server's buffers hold."""
    body = bytes(range(256)) * (1 << 14)
    with server([OK]) as (connections, heard):
        assert connections.ask("PUT", "/", {}, body).is_success
    assert heard[0][0].endswith(b"\r\n\r\n" + body)


def test_a_refusal_is_heard_before_the_body_is_sent_to_its_end():
    """A server may answer and close without reading what it does not take."""
    refusal = b"HTTP/1.1 413 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def run():
            connection, _ = listening.accept()
            with connection:
                connection.recv(1 << 10)
                connection.sendall(refusal)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(1 << 16):
                    pass

        thread = threading.Thread(target=run)
        thread.start()
        address = "http://127.0.0.1:" + str(listening.getsockname()[1])
        connections = Connections(address, "", timeout_s=5, idle_s=60)
        assert connections.ask("PUT", "/", {}, bytes(1 << 22)).status == 413
        connections.close()
        thread.join(10)


def test_threads_do_not_share_a_connection():
    """Each waits for its own answer."""
    together = threading.Barrier(2, timeout=10)
    with server([OK], [OK]) as (connections, heard):
        taken = connections._opened
        connections._opened = lambda: (together.wait(), taken())[1]
        found: list[bytes] = []
        threads = [
            threading.Thread(
                target=lambda: found.append(connections.ask("GET", "/", {}, b"").content)
            )
            for _ in range(2)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join(10)
    assert found == [b"ok", b"ok"]
    assert len(heard) == 2
