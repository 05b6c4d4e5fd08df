# SPDX-License-Identifier: Apache-2.0
"""The fog worker's side of the stream: what is offered to its server, one after the other."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from nats.aio.msg import Msg
from nats.js import JetStreamContext

from pmcb_services.fog.errors import InvalidInput, Unavailable

from ._connection import AGAIN_S, AWAY, Connection
from ._messages import STREAM, Offer, decode, offers
from ._stream import consumer

__all__ = ["Offered", "Offers"]

FETCH_S = 1.0
"""How long a request for an offer waits at the broker; one that a broker took with it when it died
is missed for so long."""


class Offered:
    """An offer that was taken, until it is acknowledged; the broker gives it again otherwise."""

    def __init__(self, message: Msg, offer: Offer) -> None:
        self._message = message
        self.order = offer.order
        self.epoch = offer.epoch

    async def done(self) -> None:
        """It needs no other worker."""
        with suppress(*AWAY):
            await self._message.ack()

    async def beat(self) -> None:
        """It is being worked on."""
        with suppress(*AWAY):
            await self._message.in_progress()


class Offers:
    """What is offered to one server.

    Args:
        connection: to the broker.
        server: its id.
    """

    def __init__(self, connection: Connection, server: str) -> None:
        self._connection = connection
        self._server = server
        self._pull: JetStreamContext.PullSubscription | None = None

    async def next(self) -> Offered | None:
        """The next offer; None where there is none yet, or the broker is away."""
        try:
            if self._pull is None:
                self._pull = await self._connection.jetstream.pull_subscribe(
                    offers(self._server),
                    durable=self._server,
                    stream=STREAM,
                    config=consumer(self._server),
                )
            message = (await self._pull.fetch(1, timeout=FETCH_S))[0]
        except TimeoutError:
            return None
        except (*AWAY, Unavailable):
            await self._close()  # the broker may have lost it
            await asyncio.sleep(AGAIN_S)
            return None
        try:
            return Offered(message, decode(message.data, Offer))
        except InvalidInput:
            with suppress(*AWAY):
                await message.ack()  # it will never be one
            return None

    async def _close(self) -> None:
        pull, self._pull = self._pull, None
        if pull is not None:
            with suppress(*AWAY):
                await pull.unsubscribe()
