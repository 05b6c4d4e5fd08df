# SPDX-License-Identifier: Apache-2.0
"""A content store beside a story's network, as `pmcb content serve` would start it."""

import asyncio
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import uvicorn
from obstore.store import LocalStore

from pmcb_client.enrolment import CaClient
from pmcb_client.gateway import Identity
from pmcb_client.http_identity import RequestChecker
from pmcb_client.network_file import ContentStore, NetworkFile
from pmcb_client.wallet import WalletIdentity
from pmcb_services.content import Blobs, content_application

MSP = "HospitalBMSP"


@contextmanager
def content_served(
    loop: asyncio.AbstractEventLoop,
    file: NetworkFile,
    registrars: Mapping[str, tuple[str, str]],
    folder: Path,
) -> Iterator[NetworkFile]:
    """The network's file with the store in it, which answers on that loop meanwhile."""
    identity = asyncio.run_coroutine_threadsafe(_enrolled(file, registrars), loop).result(30)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        known = replace(file, content=ContentStore(url, identity.uid, ""))
        checker = RequestChecker(known, audience="content")
        app = content_application(Blobs(LocalStore(folder, mkdir=True)), checker, identity)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        serving = asyncio.run_coroutine_threadsafe(server.serve(sockets=[listening]), loop)
        try:
            yield known
        finally:
            server.should_exit = True
            serving.result(20)


async def _enrolled(file: NetworkFile, registrars: Mapping[str, tuple[str, str]]) -> WalletIdentity:
    """The store's own identity, in nobody's wallet."""
    org = file.org(MSP)
    async with CaClient(org.ca_url, org.tls_ca, org.ca_name) as ca:
        root = await ca.enroll(*registrars[MSP])
        registrar = WalletIdentity("root", Identity(MSP, root.certificate_pem), root.private_key)
        secret = await ca.register(registrar, "store", {"pmcb.role": "institution"})
        made = await ca.enroll("store", secret)
    return WalletIdentity("store", Identity(MSP, made.certificate_pem), made.private_key)
