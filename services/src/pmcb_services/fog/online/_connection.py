# SPDX-License-Identifier: Apache-2.0
"""A connection to the broker that comes back whenever the broker does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from pmcb_services.fog.errors import TooLarge, Unavailable

from ._address import Address
from ._messages import MAX_BYTES
from ._tasks import end

__all__ = ["AWAY", "Connection"]

AWAY = (nats.errors.Error, TimeoutError, OSError)
"""What the client raises where the broker does not answer. `TimeoutError` is one of its own and
asyncio's as well."""

AGAIN_S = 0.1
ANSWER_S = 2.0
BACK_S = 10.0
"""After which a client that does not come back is replaced: before it connects again it waits, as
long as that takes, for its old connection to take what was left to say."""

_PING_S = 2  # after two of them unanswered the broker is away

_log = structlog.get_logger("pmcb_services.fog")


class Connection:
    """Entered at once, whether the broker is there or not.

    ::

        async with Connection(broker.address) as connection:
            await connection.answer("fog.rpc.*", answer)        # a gateway
            await connection.request("fog.rpc.beat", data)      # a fog worker

    Args:
        address: of the broker.
        name: shown by the broker; no secret.
    """

    def __init__(self, address: Address, *, name: str = "pmcb-fog") -> None:
        self._address = address
        self._name = name
        self._client: Client | None = None
        self._answers: list[tuple[str, Callable[[Msg], Awaitable[None]]]] = []
        self._running: set[asyncio.Task[None]] = set()
        self._keeping: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether the broker is there now."""
        return self._client is not None and self._client.is_connected

    @property
    def narrow(self) -> bool:
        """Whether the broker is there and takes no messages of the size that orders may have."""
        return self._client is not None and self.connected and self._client.max_payload < MAX_BYTES

    @property
    def jetstream(self) -> JetStreamContext:
        """Streams and consumers, by the client as it is now.

        Raises:
            Unavailable: the broker is not there, or takes small messages only.
        """
        return self._there().jetstream(timeout=ANSWER_S)

    async def __aenter__(self) -> Self:
        self._keeping = asyncio.create_task(self._keep())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await end(*self._running, *filter(None, [self._keeping]))
        if self._client is not None:
            await _close(self._client)

    async def request(self, subject: str, data: bytes, *, timeout_s: float = ANSWER_S) -> bytes:
        """The answer of whoever answers there.

        Raises:
            Unavailable: nobody does, or not in time; whether it was heard is not known.
            TooLarge: no broker takes so much.
        """
        client = self._there()
        try:
            answer = await client.request(subject, data, timeout=timeout_s)
        except nats.errors.MaxPayloadError as error:
            raise TooLarge(f"A message of {len(data):,} bytes cannot be sent.") from error
        except AWAY as error:
            raise Unavailable("The gateway does not answer.") from error
        return answer.data

    async def answer(self, subject: str, work: Callable[[str, bytes], Awaitable[bytes]]) -> None:
        """Answer requests from now on, each in a task of its own; of several gateways one does.

        Args:
            subject: may end in ``*``.
            work: from the request's subject and bytes to the answer; what it raises is no answer.
        """

        async def heard(message: Msg) -> None:
            task = asyncio.create_task(self._told(message, work))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

        self._answers.append((subject, heard))
        if self._client is not None:
            with suppress(*AWAY):
                await self._client.subscribe(subject, queue="gateway", cb=heard)

    def _there(self) -> Client:
        if self._client is None or not self._client.is_connected:
            raise Unavailable("The broker does not answer.")
        if self.narrow:
            raise Unavailable(
                f"The broker takes messages of at most {self._client.max_payload:,} bytes.",
                next_step=f"Write `max_payload: {MAX_BYTES}` into each NATS server's settings.",
            )
        return self._client

    async def _told(self, message: Msg, work: Callable[[str, bytes], Awaitable[bytes]]) -> None:
        try:
            await message.respond(await work(message.subject, message.data))
        except nats.errors.MaxPayloadError:
            _log.error("answer_too_large", subject=message.subject)
        except AWAY:
            return  # whoever asked asks again

    async def _keep(self) -> None:
        """Connect, and with a new client where the old one gave up, or does not come back."""
        while True:
            client, closed = Client(), asyncio.Event()

            async def over(closed: asyncio.Event = closed) -> None:
                closed.set()

            try:
                await client.connect(closed_cb=over, **self._options())
                for subject, heard in self._answers:
                    await client.subscribe(subject, queue="gateway", cb=heard)
                self._client = client
                await _is_useless(client, closed)
                self._client = None
            except AWAY:
                await asyncio.sleep(AGAIN_S)
            finally:
                if client is not self._client:
                    await _close(client)

    def _options(self) -> dict[str, Any]:
        return {
            "servers": self._address.url.split(","),
            "name": self._name,
            "token": self._address.token or None,
            "tls": self._address.tls,
            "connect_timeout": 2,
            "reconnect_time_wait": AGAIN_S,
            "max_reconnect_attempts": -1,
            "ping_interval": _PING_S,
            "pending_size": 4 * MAX_BYTES,
            "error_cb": _problem,
        }


async def _is_useless(client: Client, closed: asyncio.Event) -> None:
    """Returns once it gave up, or did not come back in time."""
    seen_s = time.monotonic()
    while not closed.is_set() and time.monotonic() < seen_s + BACK_S:
        if client.is_connected:
            seen_s = time.monotonic()
        await asyncio.sleep(AGAIN_S)


async def _close(client: Client) -> None:
    """Whether the broker takes what is left to say or not."""
    closing = asyncio.create_task(client.close())
    try:
        await asyncio.wait({closing}, timeout=ANSWER_S)
    finally:
        await end(closing)


async def _problem(_: Exception) -> None:
    """The client's own handler prints traces; `connected` tells all there is to know."""
