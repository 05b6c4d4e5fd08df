# SPDX-License-Identifier: Apache-2.0
"""The collection layer: readings of devices in, orders for the institution's intake out."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog

from pmcb_client.content import ContentError, Receipt
from pmcb_client.errors import ClientError
from pmcb_services.fog.client import FogClient, submission
from pmcb_services.fog.errors import Conflict, FogError, InvalidInput

from ._buffer import Batch, Buffer
from ._inner import InnerRequest

if TYPE_CHECKING:
    from pmcb_client.network_file import NetworkFile
    from pmcb_client.wallet import WalletIdentity

__all__ = ["Collector"]

INTAKE = "intake"
"""The audience that observations are signed for."""

FINAL = frozenset({"BAD_REQUEST", "FORBIDDEN", "TOO_LARGE", "UNAUTHENTICATED"})
"""Codes with which the intake would refuse a batch again."""

LIFETIME_S = 3600
AT_ONCE = 8
_OUTCOME_S = 30.0

_log = structlog.get_logger("pmcb_services.fog")


class Collector:
    """Submits what is buffered, and forgets it once the intake's receipt is there.

    Args:
        buffer: of readings.
        network: as network.json says now.
        identity: of the institution; it signs observations and orders.
        gateway: a way to the order gateway, wherever it is now.
        every_s: seconds in which readings are gathered into batches.
    """

    def __init__(
        self,
        buffer: Buffer,
        network: Callable[[], NetworkFile],
        identity: WalletIdentity,
        gateway: Callable[[], FogClient],
        *,
        every_s: float = 1.0,
    ) -> None:
        self._buffer, self._network = buffer, network
        self._identity, self._gateway = identity, gateway
        self._every_s = every_s

    async def run(self) -> None:
        """Until it is cancelled; what cannot be sent now is sent later."""
        while True:
            try:
                await self.round()
            except FogError as error:
                _log.warning("later", code=error.code)
            except ClientError as error:  # network.json names no gateway, or cannot be read
                _log.warning("later", kind=type(error).__name__)
            await asyncio.sleep(self._every_s)

    async def round(self) -> None:
        """Send what there is, once.

        Raises:
            FogError: gateway or buffer do not answer; nothing is lost.
        """
        await asyncio.to_thread(self._buffer.pack)
        batches = await asyncio.to_thread(self._buffer.batches)
        if not batches:
            return
        slots = asyncio.Semaphore(AT_ONCE)
        async with self._gateway() as gateway:

            async def one(batch: Batch) -> None:
                async with slots:
                    await self._send(gateway, batch)

            results = await asyncio.gather(*map(one, batches), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _send(self, gateway: FogClient, batch: Batch) -> None:
        payload = batch.payload or self._signed(batch)
        if not batch.payload:
            await asyncio.to_thread(self._buffer.signed, batch, payload)
        try:
            await gateway.submit(submission(batch.order, "upload.observation", payload))
            found = await gateway.outcome(batch.order, within_s=_OUTCOME_S)
        except (Conflict, InvalidInput):  # the order's time is over, or its id is another's
            await asyncio.to_thread(self._buffer.again, batch)
            return
        await asyncio.to_thread(self._ended, batch, found)

    def _signed(self, batch: Batch) -> bytes:
        request = InnerRequest.sign(
            "POST",
            "/v1/observations",
            batch.body,
            self._identity,
            audience=INTAKE,
            lifetime_s=LIFETIME_S,
            to=self._identity.msp_id,  # its own intake takes them, no other
        )
        return request.encode()

    def _ended(self, batch: Batch, found: dict[str, Any]) -> None:
        """Delivered, refused, to be ordered again, or still open."""
        result = base64.b64decode(found.get("result") or "")
        state = found["state"]
        if state == "DONE" and self._is_receipt(batch, result):
            self._buffer.done(batch)
        elif state == "FAILED" and (code := result.decode("ascii", "replace")) in FINAL:
            _log.warning("refused", order=batch.order, code=code)
            self._buffer.refuse(batch, code)
        elif state in {"DONE", "FAILED", "CANCELLED"}:
            _log.warning("again", order=batch.order, state=state)
            self._buffer.again(batch)

    def _is_receipt(self, batch: Batch, result: bytes) -> bool:
        """Whether the institution's own intake answers for it."""
        try:
            document = json.loads(result)
            store = str(document["store"])
            if store.partition("/")[0] != self._identity.msp_id:
                return False
            uid = self._identity.uid
            Receipt.checked(document, self._network(), digest=batch.digest, uid=uid, store=store)
        except (ValueError, KeyError, TypeError, ContentError):
            return False
        return True
