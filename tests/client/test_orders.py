# SPDX-License-Identifier: Apache-2.0
"""What people keep and search travels as orders of a real gateway, whose worker the tests play."""

import asyncio
import random
from dataclasses import replace

import httpx
import pytest
from obstore.store import LocalStore
from tests.client.http_identity.people import NOW_MS, network
from tests.client.sealing.keys import point
from tests.services.content.senders import Killed, Records, taken
from tests.services.fog.online.hall import DATASET, PEOPLE, UID, A, B, Hall, plan_nothing
from tests.services.fog.online.waiting import until

from pmcb_client import orders
from pmcb_client.content import ContentClient, ContentRefused, ContentUnavailable
from pmcb_client.http_identity import RequestChecker
from pmcb_client.network_file import ContentStore, FogGateway, RetrievalGateway
from pmcb_client.receiver import Outbox, send
from pmcb_client.sealing import Kind, Place, seal
from pmcb_services.content import Blobs, content_application
from pmcb_services.fog.errors import NotFound
from pmcb_services.fog.online import InnerRequest, SqliteDatabase
from pmcb_services.retrieval.errors import (
    GatewayUnavailable,
    GrantDenied,
    QueryTooWide,
    UnknownStore,
)
from pmcb_services.retrieval.worker import RetrievalClient

pytestmark = pytest.mark.anyio
RECEIVER, WORKER, KEEPER = (PEOPLE[name] for name in ("receiver", "worker", "operator"))
NETWORK = replace(
    network(A, B),
    content=ContentStore("http://localhost:81", UID, ""),
    retrieval=(RetrievalGateway("http://localhost:82", UID, ""),),
    fog=(FogGateway("http://localhost:80", UID, ""),),
)


class Ways(httpx.AsyncBaseTransport):
    """To several applications, by port; ``heard`` are the requests of each."""

    def __init__(self, fails=lambda: "", **apps):
        self._apps = {int(port[1:]): httpx.ASGITransport(app) for port, app in apps.items()}
        self._fails = fails
        self.heard = dict.fromkeys(self._apps, 0)

    async def handle_async_request(self, request):
        port, how = request.url.port or 80, self._fails()
        if how == "before":
            raise httpx.ConnectError("no route")
        self.heard[port] += 1
        answer = await self._apps[port].handle_async_request(request)
        if how == "after":
            raise httpx.ReadError("cut off")
        if how == "killed":
            raise Killed
        return answer


@pytest.fixture
async def hall(tmp_path, monkeypatch):
    """The gateway of an institution's fog; no server is up yet."""
    plan_nothing(monkeypatch)
    async with Hall(SqliteDatabase(tmp_path / "orders.sqlite3")).serving() as made:
        yield made


@pytest.fixture
def store(tmp_path):
    """The institution's content store."""
    checker = RequestChecker(NETWORK, audience="content", clock=lambda: NOW_MS)
    kept = Blobs(LocalStore(tmp_path / "content", mkdir=True))
    return content_application(kept, checker, KEEPER, clock=lambda: NOW_MS)


def sealed(number=0):
    """A file of the receiver's answer to a task."""
    place = Place(f"{number:032x}", 0, slot=1, holder=RECEIVER.uid)
    return seal(Kind.ANSWER, place, b"72", recipients={UID: point(KEEPER.private_key)})[0]


def client(kind, who, ways, found=NETWORK):
    return kind(found, who, transport=ways, clock=lambda: NOW_MS)


async def work(hall, ends, server=None):
    """As a fog worker: claims what comes first, and commits what ``ends`` makes of it."""
    server = server or await hall.server("a")
    board = hall.gateway.core.board
    await until(lambda: board.first("a"), "an order")
    order = board.first("a")
    claimed = await server.claim(order.id, order.epoch)
    outcome, data = await ends(InnerRequest.decode(claimed.payload))
    await server.commit(order.id, order.epoch, outcome=outcome, result=data)
    return order


async def work_on(hall, ends):
    """One order after another."""
    server = await hall.server("a")
    while True:
        await work(hall, ends, server)


def failing(code):
    async def ends(_):
        return "failed", code

    return ends


def carrying(app):
    """The request goes to this application, and its answer back."""

    async def ends(inner):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as link:
            url = f"http://service{inner.target}"
            answer = await link.request(
                inner.method, url, content=inner.body, headers=dict(inner.headers)
            )
        assert answer.is_success
        return "done", answer.content

    return ends


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (b"QUOTA", ContentRefused),
        (b"EXPIRED", ContentUnavailable),
        (b"HTTP_502", ContentUnavailable),
        (b"DEFECT", ContentUnavailable),
    ],
)
async def test_a_file_that_is_not_kept_is_told_from_one_that_may_be_sent_again(
    hall, store, code, error
):
    """A refusal of the store is one; what befell the order is none."""
    ways = Ways(p80=hall.app, p81=store)
    async with client(ContentClient, RECEIVER, ways) as files, asyncio.TaskGroup() as group:
        group.create_task(work(hall, failing(code)))
        with pytest.raises(error, match=code.decode()):
            await files.put(sealed())
    assert ways.heard[81] == 0


async def test_what_nobody_takes_in_time_is_withdrawn(hall, store, monkeypatch):
    """So that a later try is the only one; why it took too long is said."""
    monkeypatch.setattr(orders.Orders.carry, "__kwdefaults__", {"within_s": 0.05})
    async with client(ContentClient, RECEIVER, Ways(p80=hall.app, p81=store)) as files:
        with pytest.raises(ContentUnavailable, match="No fog worker"):
            await files.put(sealed())
    states = await hall.store.read(lambda session: [e.target for _, e in session.events(0, 9)])
    assert states == ["NEW", "CANCELLED"]


async def test_what_a_worker_has_started_is_waited_for(hall, monkeypatch):
    """A search of a large store takes longer than it may take to find a worker."""
    monkeypatch.setattr(orders.Orders.carry, "__kwdefaults__", {"within_s": 1.0})
    ways = Ways(p80=hall.app, p82=stores)

    async def ends(_):
        await until(lambda: ways.heard[80] > 2, "another look at the order")
        return "done", b'{"rows": [], "hits": 0}'

    async with client(RetrievalClient, WORKER, ways) as gateway, asyncio.TaskGroup() as group:
        group.create_task(work(hall, ends))
        assert (await gateway.query("icu", {"HR": (100, None)}))["hits"] == 0


async def test_a_gateway_that_takes_no_orders_is_away(hall, store):
    """Draining or not there: the file waits where it is."""
    await hall.gateway.drain()
    async with client(ContentClient, RECEIVER, Ways(p80=hall.app, p81=store)) as files:
        with pytest.raises(ContentUnavailable, match="takes no further orders"):
            await files.put(sealed())
    async with ContentClient(NETWORK, RECEIVER, clock=lambda: NOW_MS) as files:
        with pytest.raises(ContentUnavailable, match="order gateway does not answer"):
            await files.put(sealed())


async def test_a_gateway_that_has_forgotten_an_order_is_no_answer_of_the_store(
    hall, store, monkeypatch
):
    """Its NOT_FOUND is not the store's: the file may be sent again."""

    async def forgets(*_):
        raise NotFound("There is no such order of yours.", field="id")

    monkeypatch.setattr(hall.gateway.desk, "status", forgets)
    async with client(ContentClient, RECEIVER, Ways(p80=hall.app, p81=store)) as files:
        with pytest.raises(ContentUnavailable, match="no such order"):
            await files.put(sealed())


async def test_a_receiver_keeps_files_through_the_fog_and_reads_them_without(hall, store):
    """The signature is the receiver's own, so is the receipt; others turn to the store itself."""
    ways, blob = Ways(p80=hall.app, p81=store), sealed()
    async with client(ContentClient, RECEIVER, ways) as files, asyncio.TaskGroup() as group:
        working = group.create_task(work(hall, carrying(store)))
        receipt = await files.put(blob)
        assert (receipt.hash, receipt.uid) == (blob.hash, RECEIVER.uid)
        assert ways.heard[81] == 0
        assert await files.get(blob.hash) == blob.data
        assert ways.heard[81] == 1
    assert (working.result().kind, working.result().submitter) == (
        "upload.submission",
        RECEIVER.uid,
    )
    before = ways.heard[80]
    notice = b"Purpose."
    async with client(ContentClient, B.person("rel", "releaser", serial=20), ways) as files:
        await files.put_notice(notice)
    elsewhere = replace(NETWORK, fog=(FogGateway("http://localhost:80", f"{B.msp}/x", ""),))
    async with client(ContentClient, RECEIVER, ways, elsewhere) as files:
        await files.put(blob)
    assert ways.heard[80] == before


async def test_answers_arrive_once_whatever_happens_on_the_way_to_the_fog(hall, store, tmp_path):
    """Links that fail before and after the gateway heard, and senders that are killed."""
    rng, path, ledger = random.Random(5), tmp_path / "outbox.sqlite3", Records()

    def fails():
        return rng.choice(["before", "after", "killed"]) if rng.random() < 0.4 else ""

    parcels = [Outbox(path).put([sealed(n)], queued_ms=n) for n in range(12)]
    kills = 0
    working = asyncio.create_task(work_on(hall, carrying(store)))
    try:
        while Outbox(path).pending():
            ways = Ways(fails, p80=hall.app, p81=store)
            async with client(ContentClient, RECEIVER, ways) as files:
                try:
                    await send(Outbox(path), files, ledger, RECEIVER)
                except Killed:
                    kills += 1
            assert ways.heard[81] == 0
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    assert kills
    assert (ledger.rows, ledger.writes) == (taken(parcels), 12)


async def stores(scope, receive, send):
    """A query gateway that says which stores it has, and nothing else."""
    assert (scope["method"], scope["path"]) == ("GET", "/v1/stores")
    body = b'{"stores": [{"name": "icu", "dataset": "%s"}]}' % DATASET.encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


async def test_a_workers_search_is_refused_as_the_query_gateway_would(hall):
    """Without a grant, of no store, by the service with its code, or by nobody's fault."""
    ways = Ways(p80=hall.app, p82=stores)
    async with client(RetrievalClient, PEOPLE["other"], ways) as gateway:
        with pytest.raises(GrantDenied, match="No grant"):
            await gateway.query("icu", {"HR": (1, 2)})
    async with client(RetrievalClient, WORKER, ways) as gateway:
        with pytest.raises(UnknownStore):
            await gateway.query("nowhere", {"HR": (1, 2)})
        for code, error in (
            (b"QUERY_TOO_WIDE", QueryTooWide),
            (b"TOO_LARGE", QueryTooWide),
            (b"GRANT_DENIED", GrantDenied),
            (b"EXPIRED", GatewayUnavailable),
        ):
            async with asyncio.TaskGroup() as group:
                group.create_task(work(hall, failing(code)))
                with pytest.raises(error):
                    await gateway.query("icu", {"HR": (1, 2)})


async def test_a_worker_searches_through_the_fog(hall):
    """The order is about the data set; what it carries is for the institution's query gateway."""
    seen = []

    async def ends(inner):
        seen.append(inner)
        return "done", b'{"rows": [], "hits": 0}'

    ways = Ways(p80=hall.app, p82=stores)
    async with client(RetrievalClient, WORKER, ways) as gateway, asyncio.TaskGroup() as group:
        working = group.create_task(work(hall, ends))
        assert (await gateway.query("icu", {"HR": (100, None)}))["hits"] == 0
    order, (inner,) = working.result(), seen
    assert (order.kind, order.subject) == ("retrieval.query", DATASET)
    assert (inner.method, inner.target, inner.to) == ("POST", "/v1/stores/icu/query", A.msp)
    assert ways.heard[82] == 1
