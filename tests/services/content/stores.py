# SPDX-License-Identifier: Apache-2.0
"""A content store's network, its people, and what they put there."""

from dataclasses import replace

import httpx
from obstore.store import LocalStore
from tests.client.http_identity.people import NOW_MS, Ca, network

from pmcb_client.content import ContentClient
from pmcb_client.http_identity import RequestChecker
from pmcb_client.network_file import ContentStore
from pmcb_client.sealing import Kind, Place, seal
from pmcb_services.content import Blobs, content_application

A, B = Ca("HospitalAMSP"), Ca("HospitalBMSP")
STORE = B.person("content", "institution")
NETWORK = replace(
    network(A, B), content=ContentStore("http://localhost", "HospitalBMSP/content", "")
)
ANN, RELEASER = A.person("ann"), A.person("rel", "releaser")
RECORDS = B.person("records", "institution")
TASK = "a" * 32


def made(folder, **how):
    """A store on this folder."""
    return checked_application(Blobs(LocalStore(folder)), **how)


def checked_application(blobs, **how):
    """A store of these files."""
    checker = RequestChecker(NETWORK, audience="content", clock=lambda: NOW_MS)
    return content_application(blobs, checker, STORE, clock=lambda: NOW_MS, **how)


def client(app, who=ANN, found=NETWORK):
    """Somebody's client of an application in this process."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return ContentClient(found, who, transport=transport, clock=lambda: NOW_MS)


def answer(who=ANN, slot=3, content=b"72", kind=Kind.ANSWER, **recipients):
    """A sealed file of a holder."""
    place = Place(TASK, 0, slot=slot, holder=who.uid)
    return seal(kind, place, content, recipients=recipients)[0]
