# SPDX-License-Identifier: Apache-2.0
"""A contract as organisations approve it for a channel."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ._package import package_id


@dataclass(frozen=True)
class Chaincode:
    """What is installed under a label, by which rules it is endorsed, and under which name.

    Attributes:
        name: what clients call it, ``pmcb``.
        label: the package's; it stands for the code.
        policy: a signature policy, ``OR('AMSP.peer','BMSP.peer')``; empty: the channel's own.
        collections: a file of private data collections, in Fabric's JSON.
    """

    name: str
    label: str
    policy: str = ""
    collections: Path | None = None

    @property
    def package_id(self) -> str:
        """What peers call its package."""
        return package_id(self.label)

    @property
    def version(self) -> str:
        """One text for the whole definition: another policy or collection is another version."""
        kept = self.collections.read_bytes() if self.collections is not None else b""
        if not self.policy and not kept:
            return self.label
        rules = hashlib.sha256(self.policy.encode() + b"\0" + kept).hexdigest()
        return f"{self.label}.{rules[:8]}"
