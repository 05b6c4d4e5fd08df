# SPDX-License-Identifier: Apache-2.0
"""Callers that have a token and no certificate: devices, and what speaks for them."""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from .errors import ErrorCode, ServiceError

__all__ = ["TOKEN_CHARACTERS", "check_bearer", "is_token"]

TOKEN_CHARACTERS = 16
"""A token has at least so many."""


def is_token(text: object) -> bool:
    """Whether it may be one: long enough, and sent as it is.

    >>> is_token("0123456789abcdef"), is_token("short")
    (True, False)
    """
    return (
        isinstance(text, str)
        and len(text) >= TOKEN_CHARACTERS
        and text.isascii()
        and text.isprintable()
        and text == text.strip()
    )


def check_bearer(header: str, tokens: Iterable[str]) -> None:
    """Whether an ``Authorization`` header carries one of the tokens; equally long for each.

    Raises:
        ServiceError: ``UNAUTHENTICATED``.
    """
    given = header.removeprefix("Bearer ").encode()
    known = [hmac.compare_digest(given, token.encode()) for token in tokens]
    if not any(known):
        raise ServiceError(ErrorCode.UNAUTHENTICATED, "The request has no token known here.")
