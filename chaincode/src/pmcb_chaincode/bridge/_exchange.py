# SPDX-License-Identifier: Apache-2.0
"""The ledger calls of one transaction on the stream: one at a time, each with its own reply."""

import asyncio
from collections.abc import Callable

from ._protos import ChaincodeMessage
from .errors import BridgeError, PeerError, PeerTimeout


class Exchange:
    """What a transaction asks its peer until ``end``.

    The peer drops a second request of a transaction whose first is unanswered, and a reply names
    only its transaction. So calls take turns, and after one that was never answered there is no
    other: the late reply would pass for the next call's.
    """

    def __init__(
        self,
        message: ChaincodeMessage,
        send: Callable[[ChaincodeMessage], None],
        *,
        timeout_s: float,
    ) -> None:
        self._message = message
        self._send = send
        self._timeout_s = timeout_s
        self._turn = asyncio.Lock()
        self._reply: asyncio.Future[bytes] | None = None
        self._ended: BridgeError | None = None

    @property
    def is_ended(self) -> bool:
        """Whether the peer no longer waits for this transaction."""
        return self._ended is not None

    async def call(self, kind: int, payload: bytes) -> bytes:
        """Send a call, give the payload of its reply.

        Raises:
            PeerError: the peer answered ERROR.
            PeerTimeout: no answer in time, to this call or to an earlier one.
            BridgeError: the transaction has ended, as ``end`` was told.
        """
        async with self._turn:
            if self._ended is not None:
                raise self._ended
            if self._reply is not None:
                raise PeerTimeout("an earlier ledger call was left unanswered")
            reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            self._reply = reply
            self._send(
                ChaincodeMessage(
                    type=kind,
                    payload=payload,
                    txid=self._message.txid,
                    channel_id=self._message.channel_id,
                )
            )
            if reply.done():  # in one process: no turn of the loop
                return reply.result()
            try:
                async with asyncio.timeout(self._timeout_s):
                    return await reply
            except TimeoutError:
                raise PeerTimeout("the peer did not answer a ledger call in time") from None

    def answer(self, message: ChaincodeMessage) -> bool:
        """Take a reply; False when no call waits for it."""
        reply = self._reply
        if reply is None or reply.done():
            return False
        self._reply = None
        if message.type == ChaincodeMessage.ERROR:
            reply.set_exception(PeerError("the peer answered ERROR to a ledger call"))
        else:
            reply.set_result(message.payload)
        return True

    def end(self, reason: BridgeError) -> None:
        """Fail the call that waits, and every later one."""
        self._ended = reason
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(reason)
