# SPDX-License-Identifier: Apache-2.0
"""What server and client agree on: whom they speak to, how much at once, how it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmcb_services.retrieval.errors import (
    AccessError,
    CloudUnavailable,
    InputError,
    LogConflict,
    MissingBlob,
    RetrievalError,
    StaleWriter,
    StoreExists,
    UnknownStore,
)

if TYPE_CHECKING:
    import httpx

__all__ = ["OCTETS", "SLICE", "audience", "refusal"]

OCTETS = "application/octet-stream"
SLICE = 4 * 2**20  # bytes of items in one request or answer

_KINDS: tuple[type[RetrievalError], ...] = (
    InputError,
    LogConflict,
    MissingBlob,
    StaleWriter,
    StoreExists,
    UnknownStore,
)
_BY_CODE = {kind.code: kind for kind in _KINDS}
_ACCESS = {401, 403}
_AWAY = 500


def audience(uid: str) -> str:
    """For whom requests are signed: no cloud can hand them on to another one.

    >>> audience("CloudMSP/cloud")
    'retrieval-cloud/CloudMSP/cloud'
    """
    return f"retrieval-cloud/{uid}"


def refusal(answer: httpx.Response) -> RetrievalError:
    """The error that an answer tells of."""
    from pmcb_client.http_identity import said

    code, message, field = said(answer)
    if code in _BY_CODE:
        return _BY_CODE[code](message, field=field)
    if answer.status_code in _ACCESS:
        return AccessError(f"The cloud refuses: {message}", field=field)
    if code and answer.status_code < _AWAY:
        return InputError(f"The cloud refuses: {message}", field=field)
    return CloudUnavailable(f"The cloud cannot answer: {message}")
