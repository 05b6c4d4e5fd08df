# SPDX-License-Identifier: Apache-2.0
"""Offers of orders to servers, through the broker."""

from __future__ import annotations

import asyncio

from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import NotFoundError

from pmcb_services.fog.errors import Unavailable

from ._connection import AWAY, Connection
from ._messages import STREAM, Offer, encode, offers

__all__ = ["ACK_WAIT_S", "Stream", "consumer"]

IN_FLIGHT = 64  # awaited one by one, publishes end at 650 to 700 a second
ACK_WAIT_S = 30.0
DUPLICATE_S = 10.0
"""How long the same offer counts as the same message: long enough for one that is sent again
because its acknowledgement was lost, short enough for one that is made again because the broker
lost it."""


class Stream:
    """The gateway's side: what is offered to which server; only ids travel.

    Args:
        connection: to the broker, entered by whoever made it.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._flight = asyncio.Semaphore(IN_FLIGHT)

    @property
    def connected(self) -> bool:
        """Whether the broker is there now."""
        return self._connection.connected

    async def ensure(self) -> bool:
        """Have the stream; True where it was not there: then whatever was offered is lost.

        Raises:
            Unavailable: the broker does not answer, or cannot write.
        """
        try:
            try:
                await self._connection.jetstream.stream_info(STREAM)
            except NotFoundError:
                await self._connection.jetstream.add_stream(
                    StreamConfig(
                        name=STREAM,
                        subjects=[offers("*")],
                        retention=RetentionPolicy.WORK_QUEUE,
                        storage=StorageType.FILE,
                        discard=DiscardPolicy.NEW,
                        duplicate_window=DUPLICATE_S,
                    )
                )
                return True
        except AWAY as error:
            raise Unavailable("The broker does not keep the stream of offers.") from error
        return False

    async def offer(self, order_id: str, server: str, epoch: int) -> None:
        """Offer an order to a server; returns once the broker has written it.

        At most 64 are under way at once; callers beyond that wait. The same offer again within
        ten seconds is one message.

        Raises:
            Unavailable: it may be offered or not; `ensure`, and offer it again.
        """
        if not self.connected:
            raise Unavailable("The broker does not answer.")
        async with self._flight:
            try:
                await self._connection.jetstream.publish(
                    offers(server),
                    encode(Offer(order_id, epoch)),
                    stream=STREAM,
                    headers={"Nats-Msg-Id": f"{order_id}:{epoch}"},
                )
            except (*AWAY, ValueError) as error:
                raise Unavailable("The broker did not take the offer.") from error


def consumer(server: str) -> ConsumerConfig:
    """How a server's offers are taken: one by one, each until it is acknowledged."""
    return ConsumerConfig(
        durable_name=server,
        filter_subject=offers(server),
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ACK_WAIT_S,
    )
