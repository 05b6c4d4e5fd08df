# SPDX-License-Identifier: Apache-2.0
"""Results of a classification, as its own package would write them."""

import hashlib
import json
from typing import Any

COVERED = ("version", "levels", "graph_hash", "params_hash", "users", "level")


def sealed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the hash that covers its levels."""
    covered = {key: document.get(key) for key in COVERED}
    text = json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return {**document, "result_hash": hashlib.sha256(text.encode()).hexdigest()}
