# SPDX-License-Identifier: Apache-2.0
"""The contract's canonical JSON, as much of it as this client writes."""

import json


def canonical(value: object) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces; the caller passes no floats and no None.

    >>> canonical({"b": 1, "a": ["x"]})
    b'{"a":["x"],"b":1}'
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()
