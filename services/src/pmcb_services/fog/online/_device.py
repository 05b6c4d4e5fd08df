# SPDX-License-Identifier: Apache-2.0
"""Commands to devices, through the adapters that speak to them."""

from __future__ import annotations

import base64
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from pmcb_client._services import is_url
from pmcb_services.fog.errors import InvalidInput

from ._handler import EFFECT_S, OrderFailed, OutcomeUnknown, Task
from ._http import PATIENCE_S, Clients, send

__all__ = ["Adapter", "DeviceControl", "read_adapters"]

_KEYS = {"url", "token", "tls_ca", "dedup"}


@dataclass(frozen=True)
class Adapter:
    """Where a device's commands go: ``POST url`` with `DeviceControl`'s document.

    Attributes:
        url: of the adapter.
        token: sent as ``Authorization: Bearer``; "" for none.
        tls_ca: roots (PEM) of its TLS certificate; "" for the machine's own.
        dedup: whether it drops an order that it has carried out, and says again what it said.
    """

    url: str
    token: str = field(default="", repr=False)
    tls_ca: str = ""
    dedup: bool = False


def read_adapters(path: Path) -> dict[str, Adapter]:
    """The adapters of a file, by device (``msp/name``), or by organisation for all its others.

    ::

        ["HospitalAMSP/pump-3"]
        url = "https://10.0.4.3:8443/commands"
        token = "..."
        tls_ca = "pump-3.pem"          # a file beside this one
        dedup = true

        [HospitalAMSP]                 # whatever else is the hospital's, and what is added
        url = "https://10.0.4.2:8443/commands"

    Raises:
        InvalidInput: names the device whose entry cannot be.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path.name} is no TOML file that can be read.") from error
    return {name: _adapter(name, entry, path.parent) for name, entry in document.items()}


def _adapter(name: str, entry: object, folder: Path) -> Adapter:
    if not isinstance(entry, dict) or entry.keys() - _KEYS:
        keys = ", ".join(sorted(_KEYS))
        raise InvalidInput(f"A device is a table of {keys}: {name} is not.", field=name)
    url, token, dedup = entry.get("url", ""), entry.get("token", ""), entry.get("dedup", False)
    sound = isinstance(url, str) and isinstance(token, str) and isinstance(dedup, bool)
    base = "/".join(str(url).split("/")[:3])
    if not sound or not is_url(base):
        raise InvalidInput(f"The adapter of {name} needs a 'url'.", field=name)
    try:
        roots = (folder / entry["tls_ca"]).read_text() if "tls_ca" in entry else ""
    except (OSError, TypeError, ValueError) as error:
        raise InvalidInput(f"The 'tls_ca' of {name} cannot be read.", field=name) from error
    return Adapter(url, token, roots, dedup)


class DeviceControl:
    """Hands a command to the device's adapter, with order id and epoch.

    The adapter gets ``{"order", "epoch", "device", "command", "payload"}`` (payload in base64). It
    drops what it has done under the same order id, if it can, and refuses with 409 an epoch below
    one that it has seen of that order. 400 to 499 is a refusal: nothing was done. 500 and above,
    and whatever is lost on the way back, is unknown; an adapter that drops repeats is asked again.
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
        owner = task.subject.partition("/")[0]
        adapter = self._adapters.get(task.subject) or self._adapters.get(owner)
        if adapter is None:
            raise OrderFailed("UNKNOWN_DEVICE")
        if task.on_unknown != "hold" and not adapter.dedup:  # the gateway was told otherwise
            raise OrderFailed("NO_DEDUP")
        task.begin()
        give_up, pause_s = time.monotonic() + PATIENCE_S, 0.05
        doubtful = False  # whether it may have been done
        while True:
            tried = self._tried(adapter, task)
            if isinstance(tried, bytes):
                return tried
            doubtful |= tried
            if doubtful and not adapter.dedup:
                raise OutcomeUnknown
            in_time = time.monotonic() + pause_s < give_up
            if not in_time or task.tenure.left_s < pause_s + EFFECT_S:
                raise OutcomeUnknown if doubtful else OrderFailed("DEVICE_AWAY")
            time.sleep(pause_s)
            pause_s *= 2

    def _tried(self, adapter: Adapter, task: Task) -> bytes | bool:
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
        return True if answer.status >= 500 else answer.success()
