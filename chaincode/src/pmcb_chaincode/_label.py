# SPDX-License-Identifier: Apache-2.0
"""Which code a chaincode package stands for: approving a package is approving that code."""

import hashlib
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable

from pmcb_chaincode.bridge import canonical_dumps
from pmcb_chaincode.contract import Governance


def package_label(governance: Governance) -> str:
    """``pmcb_<version>_<12 hex>`` over every module of this package and the governance.

    The same code under the same governance has the same label everywhere; any other has another.
    """
    digest = hashlib.sha256(canonical_dumps(governance.as_json()))
    for name, source in sorted(_modules(files("pmcb_chaincode"), "")):
        digest.update(f"\0{name}\0{len(source)}\0".encode() + source)
    return f"pmcb_{version('pmcb-chaincode')}_{digest.hexdigest()[:12]}"


def _modules(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _modules(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".py"):
            found.append((prefix + entry.name, entry.read_bytes()))
    return found
