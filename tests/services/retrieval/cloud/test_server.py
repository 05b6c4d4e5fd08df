# SPDX-License-Identifier: Apache-2.0
"""The cloud's server: who may call, and requests that no client of ours would send."""

import json
import socket
from contextlib import closing
from dataclasses import asdict

import httpx
import pytest
from tests.client.http_identity.people import NOW_MS
from tests.services.retrieval.cloud.serving import (
    FOREIGN,
    GATEWAY,
    OWNER,
    SERVER,
    WORKER,
    caller,
    checker,
    remote,
    served,
)

from pmcb_client.http_identity import SignedRequests
from pmcb_services.retrieval.cloud import MemoryCloud, StoreDescriptor
from pmcb_services.retrieval.cloud.server import _access as access
from pmcb_services.retrieval.cloud.server import cloud_application
from pmcb_services.retrieval.errors import AccessError, CloudUnavailable, InputError

MIB = 2**20
ITEM = bytes(16) + b"8 bytes."


@pytest.fixture
def begun(http, descriptor):
    """A store with one item, its fence in the headers of whoever writes."""
    http.create(descriptor)
    fence = http.lease(descriptor.name, "me", 3600).fence
    http.put_pool(descriptor.name, fence, "p", ITEM)
    return f"/stores/{descriptor.name}", {"PMCB-Fence": str(fence)}


@pytest.fixture
def owner(url):
    """An institution of the organisation that creates the stores."""
    with caller(url) as client:
        yield client


def told(answer):
    """Status and code of a refusal, once its shape was checked."""
    document = answer.json()
    assert document.keys() == {"error", "message", "field"}
    assert document["message"]
    return answer.status_code, document["error"]


REQUESTS = [
    ("GET", ""),
    ("POST", "/lease"),
    ("DELETE", "/lease"),
    ("GET", "/root"),
    ("PUT", "/root"),
    ("GET", "/pools"),
    ("PUT", "/pools/p"),
    ("DELETE", "/pools/p"),
    ("GET", "/pools/p?limit=1"),
    ("POST", "/pools/p/fetch"),
    ("POST", "/log?first=0"),
    ("GET", "/log?first=0&limit=1"),
    ("POST", "/log/trim?before=0"),
]


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_only_the_owners_institutions_are_served(url, begun, method, path):
    """Another organisation's, another role, another audience, nobody: each is refused."""
    store, fence = begun
    for who, audience, expected in (
        (FOREIGN, None, (403, "FORBIDDEN")),
        (WORKER, None, (403, "FORBIDDEN")),
        (OWNER, "content", (401, "UNAUTHENTICATED")),
    ):
        with caller(url, who, audience) as client:
            assert told(client.request(method, store + path, headers=fence)) == expected
    unsigned = httpx.request(method, f"{url}/v1{store}{path}", headers=fence)
    assert told(unsigned) == (401, "UNAUTHENTICATED")


def test_the_fence_is_part_of_what_is_signed(begun, owner):
    """Nobody on the way can exchange it; nor the version that a root replaces."""
    store, fence = begun
    for name, value in (("PMCB-Fence", "2"), ("If-Match", '"7"')):
        request = owner.build_request("DELETE", f"{store}/pools/p", headers=fence)
        signed = next(owner.auth.auth_flow(request))
        signed.headers[name] = value
        assert told(owner.send(signed, auth=None)) == (401, "UNAUTHENTICATED")


def test_a_store_of_others_is_neither_taken_nor_described(url, http, descriptor):
    """The same name from another organisation; the owner's other institutions may come."""
    http.create(descriptor)
    with remote(url, FOREIGN) as foreign:
        with pytest.raises(AccessError, match="another organisation"):
            foreign.create(descriptor)
        with pytest.raises(AccessError, match="another organisation"):
            foreign.describe(descriptor.name)
    with remote(url, GATEWAY) as gateway:
        gateway.create(descriptor)
        assert gateway.describe(descriptor.name).owner == "HospitalBMSP"
        assert gateway.lease(descriptor.name, "gateway", 1).fence == 1


@pytest.mark.parametrize("fence", [None, "", "-1", "1.0", "one", "9" * 19])
def test_a_writer_names_its_fence(begun, owner, fence):
    """As a number; without it nothing is written, nor fetched."""
    store, _ = begun
    headers = {} if fence is None else {"PMCB-Fence": fence}
    for method, path, body in (
        ("PUT", "/pools/p", ITEM),
        ("POST", "/pools/p/fetch", bytes(16)),
        ("POST", "/log?first=0", bytes(20)),
        ("DELETE", "/lease", b""),
    ):
        answer = owner.request(method, store + path, headers=headers, content=body)
        assert told(answer) == (400, "BAD_REQUEST")
        assert answer.json()["field"] == "PMCB-Fence"


@pytest.mark.parametrize("match", [None, "", "*", '"one"', '"-1"', '"1", "2"'])
def test_a_root_names_the_one_that_it_replaces(begun, owner, match):
    """As a number in quotes, or without them."""
    store, fence = begun
    headers = fence if match is None else {**fence, "If-Match": match}
    answer = owner.put(f"{store}/root", headers=headers, content=b"root")
    assert (told(answer), answer.json()["field"]) == ((400, "BAD_REQUEST"), "If-Match")
    assert owner.get(f"{store}/root").status_code == 204


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b"\xff", b'{"name": "a"}', b'{"name": 7}', b"[" * 2000],
)
def test_a_document_of_another_form_is_refused(begun, owner, body):
    """When a store is begun and when a lease is taken."""
    store, _ = begun
    for path in ("/stores", f"{store}/lease"):
        assert told(owner.post(path, content=body)) == (422, "INPUT_ERROR")


def test_the_part_of_a_document_that_is_to_blame_is_named(owner, descriptor):
    """Unknown parts and texts in a number's place; what was sent is not told back."""
    sound = {key: value for key, value in asdict(descriptor).items() if key != "owner"}
    for change, field in (({"blob_size": "8"}, "blob_size"), ({"owner": "AMSP"}, "")):
        answer = owner.post("/stores", content=json.dumps({**sound, **change}))
        assert (told(answer), answer.json()["field"]) == ((422, "INPUT_ERROR"), field)
        assert "AMSP" not in answer.text


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/pools/p", "limit"),
        ("/pools/p?limit=0", "limit"),
        ("/pools/p?limit=many", "limit"),
        ("/pools/p?limit=1&after=0", "after"),
        ("/pools/p?limit=1&after=" + "G" * 32, "after"),
        ("/log?limit=1", "first"),
        ("/log?limit=1&first=-1", "first"),
    ],
)
def test_a_query_of_another_form_is_refused(begun, owner, path, field):
    """The part that is to blame is named."""
    store, _ = begun
    answer = owner.get(store + path)
    assert (told(answer), answer.json()["field"]) == ((400, "BAD_REQUEST"), field)


def test_bodies_beyond_a_slice_are_refused(begun, owner):
    """4 MiB of items, a few KiB of documents; a fetch whose answer would be larger."""
    store, fence = begun
    for path, size in (
        ("/lease", 4097),
        ("/pools/p/fetch", 4 * MIB + 16),
        ("/log/trim?before=0", 1),
    ):
        answer = owner.post(store + path, headers=fence, content=bytes(size))
        assert told(answer) == (413, "TOO_LARGE")
    answer = owner.put(f"{store}/pools/p", headers=fence, content=bytes(4 * MIB + 24))
    assert told(answer) == (413, "TOO_LARGE")


def test_a_fetch_answers_no_more_than_a_slice(url, http, owner):
    """Five blobs of a MiB are asked for; the client asks in two parts."""
    http.create(StoreDescriptor("large", "00" * 32, blob_size=MIB, log_size=1))
    fence = http.lease("large", "me", 3600).fence
    labels = [bytes(15) + bytes([n]) for n in range(5)]
    http.put_pool("large", fence, "p", b"".join(each + bytes(MIB) for each in labels))
    path, headers = "/stores/large/pools/p/fetch", {"PMCB-Fence": str(fence)}
    answer = owner.post(path, headers=headers, content=b"".join(labels))
    assert told(answer) == (413, "TOO_LARGE")
    assert http.fetch("large", fence, "p", b"".join(labels)) == bytes(5 * MIB)


def test_unknown_labels_paths_and_methods(begun, owner):
    """404 and 405 in the one shape; of a fetch nothing is answered in part."""
    store, fence = begun
    both = bytes(16) + b"\xff" * 16
    answer = owner.post(f"{store}/pools/p/fetch", headers=fence, content=both)
    assert told(answer) == (404, "MISSING_BLOB")
    assert b"8 bytes." not in answer.content
    assert told(owner.get("/stores/nobody")) == (404, "UNKNOWN_STORE")
    assert told(owner.get(f"{store}/papers")) == (404, "NOT_FOUND")
    assert told(owner.patch(store)) == (405, "METHOD")


def test_a_body_that_does_not_come_ends_the_request(monkeypatch):
    """Others are served meanwhile; whoever dawdles is told so."""
    monkeypatch.setattr(access, "BODY_S", 0.2)
    with served(MemoryCloud()) as url, closing(_dawdling(url)) as slow:
        assert httpx.get(f"{url}/healthz").status_code == 200
        answer = b""
        while b"TOO_SLOW" not in answer:
            part = slow.recv(4096)
            assert part
            answer += part
    assert answer.startswith(b"HTTP/1.1 408")


def _dawdling(url):
    """A connection that announced more than it sends."""
    host, port = url.removeprefix("http://").split(":")
    slow = socket.create_connection((host, int(port)), timeout=20)
    path = "/v1/stores/s/pools/p"
    signed = SignedRequests(OWNER, audience=f"retrieval-cloud/{SERVER}", clock=lambda: NOW_MS)
    words = {"Host": "x", "Content-Length": "99", **signed.headers("PUT", path, {}, b"")}
    head = "".join(f"{name}: {text}\r\n" for name, text in words.items())
    slow.sendall(f"PUT {path} HTTP/1.1\r\n{head}\r\nhalf".encode())
    return slow


@pytest.mark.anyio
async def test_a_cloud_whose_disk_fails_is_not_ready():
    """503 for callers and for whoever asks whether it is ready."""

    class Broken(MemoryCloud):
        def describe(self, store):
            raise CloudUnavailable("The disk is away.")

    transport = httpx.ASGITransport(cloud_application(Broken(), checker()))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.text) == (503, "The disk is away.\n")
        assert (await client.get("/healthz")).text == "ok\n"


def test_a_running_cloud_is_ready_and_tells_no_names(url, begun):
    """Its counters hold paths without what stands in them."""
    store, _ = begun
    assert httpx.get(f"{url}/readyz").text == "ok\n"
    counted = httpx.get(f"{url}/metrics").text
    assert "/v1/stores/{store}/pools/{pool}" in counted
    assert store.rpartition("/")[2] not in counted


def test_refusals_come_back_as_errors_of_the_package(http, descriptor):
    """With the field that is to blame."""
    with pytest.raises(InputError) as caught:
        http.create(StoreDescriptor(descriptor.name, "00", blob_size=1, log_size=1))
    assert (caught.value.field, caught.value.exit_code) == ("schema_digest", 2)
