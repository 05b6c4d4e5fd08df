# SPDX-License-Identifier: Apache-2.0
"""Commands to devices, through the adapters that speak to them."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping

import httpx

from ._adapters import Adapter
from ._handler import EFFECT_S, OrderFailed, OutcomeUnknown, Task
from ._http import PATIENCE_S, Answer, Clients, send

__all__ = ["DeviceControl"]

_UNREAD = frozenset({401, 403, 408, 413, 429})
"""Refusals of a request, which say nothing of what became of the order."""


class DeviceControl:
    """Hands a command to the device's adapter, with order id and epoch.

    The adapter gets ``{"order", "epoch", "device", "command", "payload"}`` (payload in base64). It
    drops what it has done under the same order id, if it can, and refuses with 409 an epoch below
    one that it has seen of that order. 400 to 499 is a refusal: nothing was done. 500 and above,
    and whatever is lost on the way back, is unknown; an adapter that drops repeats is asked again.
    Where an earlier attempt may have been done, no more is known from one that does not get there.
    An order that would run again after a loss goes to such an adapter only. A device that is added
    is told ``add``, one that is removed ``remove``.

    Args:
        adapters: by device, ``msp/name``, and by ``msp`` for its devices that have none of their
            own; an order never says where its device is.
        timeout_s: seconds that an answer may take.
    """

    def __init__(self, adapters: Mapping[str, Adapter], *, timeout_s: float = 10.0) -> None:
        self._adapters = adapters
        self._clients = Clients(timeout_s)

    def run(self, task: Task) -> bytes:
        """What the adapter answered."""
        doubtful = task.attempt > 1  # whether it may have been done
        owner = task.subject.partition("/")[0]
        adapter = self._adapters.get(task.subject) or self._adapters.get(owner)
        if adapter is None:
            raise _ended("UNKNOWN_DEVICE", doubtful=doubtful)
        if task.on_unknown != "hold" and not adapter.dedup:  # the gateway was told otherwise
            raise _ended("NO_DEDUP", doubtful=doubtful)
        task.begin()
        give_up, pause_s = time.monotonic() + PATIENCE_S, 0.05
        while True:
            tried = self._tried(adapter, task)
            if isinstance(tried, Answer):
                return _told(tried, doubtful=doubtful)
            doubtful |= tried
            if doubtful and not adapter.dedup:
                raise OutcomeUnknown
            in_time = time.monotonic() + pause_s < give_up
            if not in_time or task.tenure.left_s < pause_s + EFFECT_S:
                raise _ended("DEVICE_AWAY", doubtful=doubtful)
            time.sleep(pause_s)
            pause_s *= 2

    def _tried(self, adapter: Adapter, task: Task) -> Answer | bool:
        """What the adapter answered; else whether the command may have reached the device."""
        client = self._clients.of(adapter.tls_ca)
        document = {
            "order": task.order,
            "epoch": task.epoch,
            "device": task.subject,
            "command": task.command,
            "payload": base64.b64encode(task.payload).decode(),
        }
        headers = {"Authorization": f"Bearer {adapter.token}"} if adapter.token else {}
        request = client.build_request("POST", adapter.url, json=document, headers=headers)
        try:
            answer = send(client, request)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            return False
        except (httpx.TransportError, OrderFailed):  # or an answer without end
            return True
        return True if answer.status >= 500 else answer


def _told(answer: Answer, *, doubtful: bool) -> bytes:
    """What it answered; a refusal ends a doubt only where it is the adapter's word on the order."""
    try:
        return answer.success()
    except OrderFailed as refused:
        if doubtful and (answer.status in _UNREAD or refused.code.startswith("HTTP_")):
            raise OutcomeUnknown from None
        raise


def _ended(code: str, *, doubtful: bool) -> Exception:
    """This attempt did nothing; of an earlier one nobody knows."""
    return OutcomeUnknown() if doubtful else OrderFailed(code)
