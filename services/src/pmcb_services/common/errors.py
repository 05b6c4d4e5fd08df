# SPDX-License-Identifier: Apache-2.0
"""What a service answers when it does not do what it was asked: the one list of codes."""

from enum import StrEnum
from typing import Self

__all__ = ["ErrorCode", "ServiceError"]


class ErrorCode(StrEnum):
    """An error: its name on the wire, the HTTP status, what it means.

    >>> ErrorCode.NOT_FOUND.status
    404
    """

    status: int
    meaning: str

    def __new__(cls, value: str, status: int, meaning: str) -> Self:
        """Attach status and meaning to the text that travels."""
        code = str.__new__(cls, value)
        code._value_ = value
        code.status, code.meaning = status, meaning
        return code

    BAD_REQUEST = "BAD_REQUEST", 400, "A part of the request is malformed; it is named."
    HASH_MISMATCH = "HASH_MISMATCH", 400, "The bytes do not have the hash they were sent under."
    NOT_SEALED = "NOT_SEALED", 400, "Only sealed files are kept here."
    UNAUTHENTICATED = "UNAUTHENTICATED", 401, "Nobody whom the network knows signed this, now."
    FORBIDDEN = "FORBIDDEN", 403, "The caller may not do this."
    NOT_FOUND = "NOT_FOUND", 404, "What the request names is not here."
    METHOD = "METHOD", 405, "The path takes no such method."
    TOO_LARGE = "TOO_LARGE", 413, "The body is larger than the path takes."
    QUOTA = "QUOTA", 429, "The caller's quota of today is used up."
    INTERNAL = "INTERNAL", 500, "A defect of the service; its log names the place."
    STORE_UNAVAILABLE = "STORE_UNAVAILABLE", 503, "The storage behind the service fails."


class ServiceError(Exception):
    """Ends a request with a code, one sentence, and the part of the request that is to blame."""

    def __init__(self, code: ErrorCode, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.field = field
