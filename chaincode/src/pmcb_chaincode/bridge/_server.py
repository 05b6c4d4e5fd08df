# SPDX-License-Identifier: Apache-2.0
"""The chaincode process: a gRPC server that peers dial, one stream a peer."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeAlias

import grpc

from ._metrics import Metrics
from ._observers import Observers
from ._operations import Operations, Status, is_loopback
from ._protos import ChaincodeMessage
from ._refusals import RefusalLog
from ._registry import Contract
from ._stream import Stream
from .errors import ProtocolError, ServerConfigError

DRAIN_S = 10.0
_CLOSE_S = 1.0  # for the ends of streams to reach the peers

# 100 MiB as on the peer: at gRPC's 4 MiB one large transaction closes the stream for all.
# The ping settings: without them a peer's one-minute pings end in ENHANCE_YOUR_CALM (measured).
# A port belongs to one server: gRPC would share it, and peers would reach either.
_OPTIONS = (
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", 100 * 2**20),
    ("grpc.max_send_message_length", 100 * 2**20),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 5000),
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.keepalive_permit_without_calls", 1),
)

_log = logging.getLogger("pmcb_chaincode")

_Context: TypeAlias = "grpc.aio.ServicerContext[ChaincodeMessage, ChaincodeMessage]"
_Handler: TypeAlias = "grpc.GenericRpcHandler[ChaincodeMessage, ChaincodeMessage]"


@dataclass(frozen=True)
class ServerTls:
    """Keys of a chaincode server, PEM; with a client CA, peers must present a certificate."""

    key: bytes = field(repr=False)
    certificate: bytes
    client_ca: bytes | None = None


class ChaincodeServer:
    """Serves one contract to any number of peers.

    ::

        async with ChaincodeServer(Notes(), package_id, "127.0.0.1:20040") as server:
            await server.wait()
    """

    def __init__(
        self,
        contract: Contract,
        package_id: str,
        address: str,
        *,
        tls: ServerTls | None = None,
        drain_s: float = DRAIN_S,
        observers: Observers | None = None,
    ) -> None:
        if tls is None and not is_loopback(address):
            raise ServerConfigError(
                f"{address} is not a loopback address: serve it with TLS, or listen on 127.0.0.1"
            )
        self._contract = contract
        self._package_id = package_id
        self._address = address
        self._tls = tls
        self._drain_s = drain_s
        self._observers = observers or Observers()
        self._streams: set[Stream] = set()
        self._server: grpc.aio.Server | None = None
        self.status = Status.STARTING
        self.port = 0

    async def __aenter__(self) -> Self:
        """Bind and start."""
        server = grpc.aio.server(options=_OPTIONS)
        server.add_generic_rpc_handlers((_handler(self._connect),))
        try:
            if self._tls is None:
                self.port = server.add_insecure_port(self._address)
            else:
                credentials = grpc.ssl_server_credentials(
                    [(self._tls.key, self._tls.certificate)],
                    root_certificates=self._tls.client_ca,
                    require_client_auth=self._tls.client_ca is not None,
                )
                self.port = server.add_secure_port(self._address, credentials)
        except RuntimeError as error:
            raise ServerConfigError(
                f"cannot listen on {self._address}: is the port taken, or the key unreadable?"
            ) from error
        await server.start()
        self._server = server
        self.status = Status.SERVING
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Let running transactions end, for 10 s at most, then close the streams."""
        assert self._server is not None
        self.status = Status.DRAINING
        try:
            async with asyncio.timeout(self._drain_s):
                await asyncio.gather(*(stream.drain() for stream in self._streams))
        except TimeoutError:
            _log.warning('{"event":"drain_timeout"}')
        await self._server.stop(grace=_CLOSE_S)

    async def wait(self) -> None:
        """Return when the server stops."""
        assert self._server is not None
        await self._server.wait_for_termination()

    async def _connect(self, messages: AsyncIterator[ChaincodeMessage], context: _Context) -> None:
        if self.status is Status.DRAINING:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the server is shutting down")
        stream = Stream(self._contract, self._package_id, self._observers)
        self._streams.add(stream)
        _log.info('{"event":"stream_opened"}')
        try:
            await stream.run(messages, context.write)
        except ProtocolError as error:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        finally:
            self._streams.discard(stream)
            _log.info('{"event":"stream_closed","unmatched":%d}', stream.unmatched)


def _handler(
    connect: Callable[[AsyncIterator[ChaincodeMessage], _Context], Awaitable[None]],
) -> _Handler:
    method = grpc.stream_stream_rpc_method_handler(
        connect,
        request_deserializer=ChaincodeMessage.FromString,
        response_serializer=ChaincodeMessage.SerializeToString,
    )
    return grpc.method_handlers_generic_handler("protos.Chaincode", {"Connect": method})


async def serve(
    contract: Contract,
    *,
    package_id: str,
    address: str,
    tls: ServerTls | None = None,
    operations: str = "",
    audit: Path | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then drain; a second signal ends the process at once.

    ``operations`` is an address for ``/healthz`` and ``/metrics``, ``audit`` a folder for the
    refusal log; without them there is none.

    Raises:
        ServerConfigError: an address is taken, or plain beyond loopback; a folder is unusable.
    """
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()

    def stop() -> None:
        if stopping.is_set():
            os._exit(1)  # whoever insists does not wait for a contract that hangs
        stopping.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop)
    async with AsyncExitStack() as stack:
        metrics = Metrics.of_process()
        refusals = RefusalLog(audit, metrics=metrics) if audit else None
        server = ChaincodeServer(
            contract, package_id, address, tls=tls, observers=Observers(metrics, refusals)
        )

        def health() -> Mapping[str, str]:
            state = "off" if refusals is None else "failing" if refusals.is_failing else "ok"
            return {"status": server.status, "refusal_log": state}

        endpoint = Operations(operations, health, metrics) if operations else None
        if refusals is not None:
            await stack.enter_async_context(refusals)
        if endpoint is not None:
            await stack.enter_async_context(endpoint)
        await stack.enter_async_context(server)
        ports = (server.port, endpoint.port if endpoint else 0)
        _log.info('{"event":"serving","port":%d,"operations":%d}', *ports)
        await stopping.wait()
