# SPDX-License-Identifier: Apache-2.0
"""What exactly is signed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

__all__ = ["SignedRequest"]

CERTIFICATE, MSP, SIGNATURE = "PMCB-Certificate", "PMCB-Msp", "PMCB-Signature"
TIME, EXPIRES, NONCE = "PMCB-Time", "PMCB-Expires", "PMCB-Nonce"

_SIGNED = (MSP, TIME, EXPIRES, NONCE, "If-Match", "PMCB-Fence")


@dataclass(frozen=True)
class SignedRequest:
    """A request as its signature covers it.

    Attributes:
        method: in capitals.
        target: path with query, as it stands in the request line.
        headers: by name; looked up whatever the case.
        body: all its bytes.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def header(self, name: str) -> str:
        """The value of a header, "" where it is absent."""
        return self._by_name.get(name.lower(), "")

    @cached_property
    def _by_name(self) -> dict[str, str]:
        """The first of each name, in lower case; headers may be slow to walk through."""
        found: dict[str, str] = {}
        for name, value in self.headers.items():
            found.setdefault(name.lower(), value)
        return found

    def digest(self, audience: str) -> bytes:
        """SHA-256 over one line each: who is addressed, what is asked, by whom, and when.

        No part may hold a line feed, which no header and no request line does.
        """
        lines = [
            "pmcb/http/1",
            audience,
            self.method,
            self.target,
            hashlib.sha256(self.body).hexdigest(),
            *map(self.header, _SIGNED),
        ]
        return hashlib.sha256("\n".join(lines).encode()).digest()
