# SPDX-License-Identifier: Apache-2.0
"""The services as `pmcb up` runs them, met by whoever means harm, and by whoever means none.

One module, so that one process of a run starts the services, and no other.
"""

import re
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from socket import socket

import httpx
import pytest
from tests.security.attacks import MARK, again, dialled, flooded, forged, rest, sound
from tests.security.conftest import ROLES, TOKEN, Site
from tests.security.doors import SERVICES, Bearer, door
from tests.security.interfaces import SLOW_S, draw
from tests.security.story import Marks, tell, until
from tests.security.traces import keys_of, places

from pmcb_services.common._connection import HEAD_S
from pmcb_services.common._incoming import BODY_S
from pmcb_services.content._app import UPLOAD_S

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("service", SERVICES)
def test_no_request_that_can_be_drawn_meets_a_defect(site: Site, service: str):
    """Every operation, as every role and unsigned; afterwards the service is as it was."""
    here = door(site, service)
    callers: list[httpx.Auth] = [Bearer()]
    if here.audience:
        callers = [here.auth(site.people[role]) for role in ROLES]
    with httpx.Client(base_url=here.url, timeout=SLOW_S) as http:
        try:
            met = draw(http, callers)
        finally:
            if service == "fog":  # operators may stop it, and it was drawn that they do
                http.post("/v1/drain", json={"draining": False}, auth=here.auth())
        assert http.get("/healthz").text == "ok\n"
    assert {401} < met, "nothing was signed as it should be"
    assert not {"defect", "Traceback"} & set(re.findall(r"\w+", site.log(service)))


@pytest.mark.parametrize("service", SERVICES)
def test_forged_requests_are_refused_by_their_name_and_change_nothing(site: Site, service: str):
    """Unsigned, altered, late, for others, by others, too large; a sound one is taken, once."""
    here = door(site, service)
    for name, sent, told in forged(site, here):
        answer = sent.to(here.url)
        found = answer.json()
        assert (answer.status_code, found["error"], found["field"]) == told, name
    large = replace(sound(here), body=bytes(here.most + 1))
    assert large.to(here.url).json()["error"] == "TOO_LARGE"
    assert replace(large, headers={}).to(here.url).json()["error"] == "UNAUTHENTICATED"
    assert flooded(here) == b""
    assert not here.done()

    first = sound(here)
    for _ in range(2):
        answer = first.to(here.url)
        assert answer.is_success or service == "query-gateway", answer.text
    until(lambda: here.done() or service == "query-gateway")
    if here.audience:
        answer = again(here, first).to(here.url)
        assert (answer.status_code, answer.json()["field"]) == (401, "nonce")
    assert MARK not in site.log(service)


@pytest.mark.stress
@pytest.mark.timeout(600)
def test_whoever_dawdles_loses_the_connection(site: Site):
    """A head has ten seconds, a body a minute, an upload five; the services go on."""
    with ExitStack() as stack:
        began = time.monotonic()
        heads: list[socket] = []
        bodies: list[socket] = []
        for here in (door(site, service) for service in SERVICES):
            words = "".join(f"{name}: {text}\r\n" for name, text in sound(here).headers.items())
            head = f"{here.method} {here.path} HTTP/1.1\r\n{words}content-length: 99\r\n".encode()
            for said, kept in ((b"", heads), (head, heads), (head + b"\r\nhalf", bodies)):
                wire = stack.enter_context(dialled(here))
                wire.settimeout(UPLOAD_S + SLOW_S)
                wire.sendall(said)
                kept.append(wire)
        assert {rest(wire) for wire in heads} == {b""}
        assert time.monotonic() - began < HEAD_S + SLOW_S
        for wire in sorted(bodies, key=lambda wire: wire is bodies[0]):  # uploads at last
            assert b"TOO_SLOW" in rest(wire)
            assert wire is bodies[0] or time.monotonic() - began < BODY_S + SLOW_S
        for service in SERVICES:
            assert httpx.get(f"{site.urls[service]}/healthz").text == "ok\n"


def test_what_is_secret_stands_where_it_belongs_and_in_no_log(site: Site):
    """Of a whole day's questions, answers, records and keys each is found at home, and only there.

    The ledger's blocks, the logs of all processes, audit trails and stores lie in the same folder.
    """
    marks = Marks()
    task = tell(site, marks)
    at_home = {
        marks.title: {"task.yaml", "home/tasks", "home/receiver"},
        marks.asked: {"task.yaml", "home/receiver"},
        marks.secret: {"task.yaml"},
        marks.answered: {"answer.json", "home/institution"},
        marks.person: set(),
        marks.read: {"home/institution"},
        str(marks.recorded): {"records.csv"},
        marks.ordered: {"dose"},
        marks.listed: {"tables/own.csv"},
        marks.row: {"tables/own.csv"},
        TOKEN: {"tokens.toml", "adapter.toml", "devices.toml"},
    }
    for mark, found in zip(at_home, places(site.folder, map(str.encode, at_home)), strict=True):
        assert {_house(path) for path in found} == at_home[mark]
    keys = keys_of(site.home)
    for path, found in zip(keys, places(site.folder, keys.values()), strict=True):
        assert found == {path}
    (told,) = places(site.folder, [task.encode()])  # what is no secret is seen there
    assert Path("home/network/ledger/data.mdb") in told
    assert all(site.log(service) for service in SERVICES)


def _house(path: Path) -> str:
    """Whose folder in the home it is; what lies outside is what people wrote themselves."""
    return "/".join(path.parts[:2]) if path.parts[0] == "home" else str(path)
