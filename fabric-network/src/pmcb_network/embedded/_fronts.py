# SPDX-License-Identifier: Apache-2.0
"""Puts peers and CAs on their ports."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

import grpc

from ._ca import CertificateAuthority
from ._ca_database import CaDatabase
from ._ca_server import CaServer
from ._identity import Directory
from ._material import REGISTRAR, Organization, Tls
from ._ports import busy, listen
from ._rpc import NotOffered

_MESSAGE_BYTES = 100 * 1024 * 1024
_OPTIONS = [
    ("grpc.so_reuseport", 0),  # on, two networks would share a port in silence
    ("grpc.max_send_message_length", _MESSAGE_BYTES),
    ("grpc.max_receive_message_length", _MESSAGE_BYTES),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 5000),
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.keepalive_permit_without_calls", 1),
]
_GRACE_S = 1.0


async def serve_peer(stack: AsyncExitStack, services: Sequence[Any], tls: Tls, port: int) -> None:
    """Serves what clients call of one peer, as gRPC handlers, until the stack ends.

    Raises:
        PortBusy: somebody else listens there.
    """
    pair = await asyncio.to_thread(
        lambda: (tls.key_file.read_bytes(), tls.certificate_file.read_bytes())
    )
    server = grpc.aio.server(options=_OPTIONS)
    server.add_generic_rpc_handlers((*services, NotOffered()))
    try:
        server.add_secure_port(f"127.0.0.1:{port}", grpc.ssl_server_credentials([pair]))
    except RuntimeError:
        raise busy(port) from None
    stack.push_async_callback(server.stop, _GRACE_S)
    await server.start()


async def serve_ca(
    stack: AsyncExitStack,
    org: Organization,
    tls: Tls,
    port: int,
    directory: Directory,
    clock: Callable[[], int],
) -> CertificateAuthority:
    """Serves the organisation's CA until the stack ends; `directory` knows what it revoked.

    Raises:
        PortBusy: somebody else listens there.
    """
    listening = listen(port)
    stack.callback(listening.close)
    database = CaDatabase(org.database)
    stack.callback(database.close)
    authority = CertificateAuthority(
        org.msp_id, f"ca-{org.msp_id}", org.ca, database, directory, clock
    )
    authority.admit_registrar(REGISTRAR, org.registrar_secret)
    server = CaServer(authority, listening, tls)
    stack.push_async_callback(server.close)
    await server.start()
    return authority
