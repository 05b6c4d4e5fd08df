# SPDX-License-Identifier: Apache-2.0
"""What a ledger call sends and gets, whichever call it is."""

from collections.abc import Awaitable, Callable
from typing import Any

from ._protos import decoded
from .errors import PeerError

Call = Callable[[int, bytes], Awaitable[bytes]]
"""Sends a message of a type with a payload, gives the payload of the answer."""


def read_reply(kind: Any, data: bytes) -> Any:
    """The message of a kind behind an answer's bytes.

    Raises:
        PeerError: the bytes are no such message.
    """
    try:
        return decoded(kind, data)
    except ValueError:
        raise PeerError("the peer's answer cannot be read") from None
