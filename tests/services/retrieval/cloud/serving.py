# SPDX-License-Identifier: Apache-2.0
"""A cloud behind HTTP on loopback, its people, and requests that no client would send."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import httpx
from tests.client.http_identity.people import NOW_MS, Ca, network

from pmcb_client.http_identity import RequestChecker, SignedRequests
from pmcb_client.network_file import RetrievalCloud
from pmcb_services.common import Served, serving
from pmcb_services.retrieval.cloud import Cloud, RemoteCloud, audience
from pmcb_services.retrieval.cloud.server import cloud_application

A, B = Ca("HospitalAMSP"), Ca("HospitalBMSP")
OWNER = B.person("records", "institution")
GATEWAY = B.person("gateway", "institution", serial=8)
FOREIGN = A.person("records", "institution")
WORKER = B.person("ann", "receiver", serial=9)
SERVER = "HospitalAMSP/cloud"
NETWORK = network(A, B)


def checker() -> RequestChecker:
    """Of the server."""
    return RequestChecker(NETWORK, audience=audience(SERVER), clock=lambda: NOW_MS)


@contextmanager
def served(cloud: Cloud, **where) -> Iterator[str]:
    """The address of a server in a thread of this process."""
    place, app = Served(**where), cloud_application(cloud, checker())
    loop = asyncio.new_event_loop()
    with place.listen() as listening:
        running = loop.create_task(serving(app, place, listening))
        thread = threading.Thread(target=_run, args=(loop, running))
        thread.start()
        try:
            yield place.url(listening)
        finally:
            loop.call_soon_threadsafe(running.cancel)
            thread.join()


def _run(loop, running):
    try:
        loop.run_until_complete(asyncio.gather(running, return_exceptions=True))
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


@contextmanager
def remote(url: str, who=OWNER, tls_ca: str = "") -> Iterator[RemoteCloud]:
    """Somebody's way to a server."""
    network = replace(NETWORK, cloud=RetrievalCloud(url, SERVER, tls_ca))
    found = RemoteCloud(network, who, clock=lambda: NOW_MS)
    try:
        yield found
    finally:
        found.close()


@contextmanager
def caller(url: str, who=OWNER, audience_=None) -> Iterator[httpx.Client]:
    """Somebody who signs whatever they send."""
    auth = SignedRequests(who, audience=audience_ or audience(SERVER), clock=lambda: NOW_MS)
    with httpx.Client(base_url=f"{url}/v1", auth=auth) as client:
        yield client
