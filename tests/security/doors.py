# SPDX-License-Identifier: Apache-2.0
"""Each service's way in: a request that it takes, who may send it, and what it changes."""

import json
import secrets
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass

import httpx
from tests.client.sealing.keys import point
from tests.security.conftest import PUMP, TOKEN, Site
from tests.security.story import taken_in

from pmcb_client.http_identity import SignedRequests
from pmcb_client.orders import audience as of_fog
from pmcb_client.sealing import Kind, Place, seal
from pmcb_client.wallet import WalletIdentity
from pmcb_services.publishing import Numeric, Schema
from pmcb_services.publishing._service import audience as of_publishing
from pmcb_services.retrieval.cloud._wire import audience as of_cloud
from pmcb_services.retrieval.worker import audience as of_gateway

SERVICES = (
    *("content", "cloud", "query-gateway", "publishing", "intake", "fog", "collector"),
    "device-adapter",
)
SLOW_S = 30.0


class Bearer(httpx.Auth):
    """A device, or who orders one: it has a token and no certificate."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {TOKEN}"
        yield request


@dataclass(frozen=True)
class Door:
    """One service's.

    Attributes:
        url: of the service.
        audience: for which requests are signed; "" where a token is sent.
        owner: who may; a wrong role and a wrong organisation are tried beside it.
        method, path, body: of a request that changes something.
        most: bytes of a body.
        done: whether the change stands.
        strangers: of the site's people, those who may not; what they hear is ``refused``.
    """

    url: str
    audience: str
    owner: WalletIdentity
    method: str
    path: str
    body: bytes
    most: int
    done: Callable[[], bool]
    strangers: tuple[str, ...] = ("receiver", "analyst", "guest")
    refused: tuple[int, str, str] = (403, "FORBIDDEN", "")

    def auth(self, who: WalletIdentity | None = None) -> httpx.Auth:
        if not self.audience:
            return Bearer()
        return SignedRequests(who or self.owner, audience=self.audience)


def door(site: Site, service: str) -> Door:
    """The way in, with a request that nobody sent before."""
    return _MADE[service](site)


def _found(site: Site, service: str, audience: str, path: str) -> Callable[[], bool]:
    """Whether an institution is shown something there."""

    def look() -> bool:
        auth = SignedRequests(site.people["institution"], audience=audience)
        answer = httpx.get(f"{site.urls[service]}{path}", auth=auth)
        assert answer.status_code in {200, 403, 404}
        return answer.status_code == 200

    return look


def _content(site: Site) -> Door:
    owner, reader = site.people["receiver"], site.people["institution"]
    place = Place(secrets.token_hex(16), 0, slot=3, holder=owner.uid)
    blob, _ = seal(Kind.ANSWER, place, b"72", recipients={reader.uid: point(reader.private_key)})
    path = f"/v1/blobs/{blob.hash}"
    done = _found(site, "content", "content", path)
    strangers = ("institution", "analyst", "worker")
    url = site.urls["content"]
    return Door(url, "content", owner, "PUT", path, blob.data, 2**22, done, strangers)


def _cloud(site: Site) -> Door:
    owner, name = site.people["institution"], secrets.token_hex(8)
    audience = of_cloud(owner.uid)
    asked = {"name": name, "schema_digest": "0" * 64, "blob_size": 99, "log_size": 99}
    done = _found(site, "cloud", audience, f"/v1/stores/{name}")
    body = json.dumps(asked).encode()
    strangers = ("receiver", "analyst")
    url = site.urls["cloud"]
    return Door(url, audience, owner, "POST", "/v1/stores", body, 4096, done, strangers)


def _query_gateway(site: Site) -> Door:
    """There is no such store, whoever asks: what is told of others is tested with theirs."""
    owner = site.people["institution"]
    body = json.dumps({"rows": [[secrets.randbelow(99)]]}).encode()
    path, url = "/v1/stores/nowhere/insert", site.urls["query-gateway"]
    nothing = (404, "UNKNOWN_STORE", "store")
    audience = of_gateway(owner.uid)
    return Door(url, audience, owner, "POST", path, body, 2**24, lambda: False, refused=nothing)


def _publishing(site: Site) -> Door:
    owner, cohort = site.people["institution"], secrets.token_hex(16)
    audience = of_publishing(owner.uid)
    schema = Schema([Numeric("pulse", 30, 220, step=1)], expected_size=1000)
    body = json.dumps({"cohort": cohort, "total": "1", "schema": schema.document()}).encode()
    done = _found(site, "publishing", audience, f"/v1/cohorts/{cohort}")
    return Door(site.urls["publishing"], audience, owner, "POST", "/v1/cohorts", body, 2**18, done)


def _intake(site: Site) -> Door:
    before = taken_in(site, "observations")
    row = {"at": 1, "values": {"systolic": 61 + secrets.randbelow(10**9) / 10**7}}
    body = json.dumps({"subject_ref": "p", "rows": [row]}).encode()
    return Door(
        site.urls["intake"],
        "intake",
        site.people["institution"],
        "POST",
        "/v1/observations",
        body,
        2**20,
        lambda: taken_in(site, "observations") > before,
    )


def _fog(site: Site) -> Door:
    owner, order = site.people["institution"], secrets.token_hex(8)
    audience = of_fog(owner.uid)
    body = json.dumps({"id": order, "kind": "compute.test"}).encode()
    done = _found(site, "fog", audience, f"/v1/orders/{order}")
    strangers = ("receiver", "analyst", "worker")
    return Door(
        site.urls["fog"],
        audience,
        owner,
        "POST",
        "/v1/orders",
        body,
        12 * 2**20,
        done,
        strangers,
        (403, "FORBIDDEN", "kind"),
    )


def _collector(site: Site) -> Door:
    before = taken_in(site, "observations")
    values = {"systolic": 62 + secrets.randbelow(10**9) / 10**7}
    reading = {"subject_ref": "p", "at": time.time_ns() // 10**6 - 1000, "values": values}
    return Door(
        site.urls["collector"],
        "",
        site.people["institution"],
        "POST",
        "/v1/readings",
        json.dumps(reading).encode(),
        2**16,
        lambda: taken_in(site, "observations") > before,
        strangers=(),
    )


def _device_adapter(site: Site) -> Door:
    order, effects = secrets.token_hex(8), site.folder / "effects"
    said = {"order": order, "epoch": 1, "device": PUMP, "command": "start", "payload": "NSBtbA=="}
    return Door(
        site.urls["device-adapter"],
        "",
        site.people["institution"],
        "POST",
        "/v1/commands",
        json.dumps(said).encode(),
        12 * 2**20,
        lambda: effects.exists() and f"{order} " in effects.read_text(),
        strangers=(),
    )


_MADE: dict[str, Callable[[Site], Door]] = {
    "content": _content,
    "cloud": _cloud,
    "query-gateway": _query_gateway,
    "publishing": _publishing,
    "intake": _intake,
    "fog": _fog,
    "collector": _collector,
    "device-adapter": _device_adapter,
}
