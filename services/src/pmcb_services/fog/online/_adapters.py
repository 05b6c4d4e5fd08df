# SPDX-License-Identifier: Apache-2.0
"""The file of adapters: where the commands of which device go."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from pmcb_client._services import is_loopback, is_url
from pmcb_services.fog.errors import InvalidInput

__all__ = ["Adapter", "read_adapters"]

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
    if str(url).startswith("http:") and not is_loopback(str(url)):
        raise InvalidInput(f"Beyond this machine the adapter of {name} needs https.", field=name)
    try:
        roots = (folder / entry["tls_ca"]).read_text() if "tls_ca" in entry else ""
    except (OSError, TypeError, ValueError) as error:
        raise InvalidInput(f"The 'tls_ca' of {name} cannot be read.", field=name) from error
    return Adapter(url, token, roots, dedup)
