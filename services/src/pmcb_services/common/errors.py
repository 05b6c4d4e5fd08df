# SPDX-License-Identifier: Apache-2.0
"""What a service answers when it does not do what it was asked: the one list of codes."""

from enum import StrEnum
from typing import Self

__all__ = ["ErrorCode", "ServiceError"]


class ErrorCode(StrEnum):
    """An error: its name on the wire, the HTTP status, the exit code of a command that meets it.

    >>> ErrorCode.NOT_FOUND.status, ErrorCode.NOT_FOUND.exit_code
    (404, 1)
    """

    status: int
    exit_code: int
    meaning: str

    def __new__(cls, value: str, status: int, exit_code: int, meaning: str) -> Self:
        """Attach status, exit code and meaning to the text that travels."""
        code = str.__new__(cls, value)
        code._value_ = value
        code.status, code.exit_code, code.meaning = status, exit_code, meaning
        return code

    BAD_REQUEST = "BAD_REQUEST", 400, 2, "A part of the request is malformed; it is named."
    HASH_MISMATCH = "HASH_MISMATCH", 400, 2, "The bytes do not have the hash they were sent under."
    NOT_SEALED = "NOT_SEALED", 400, 2, "Only sealed files are kept here."
    UNAUTHENTICATED = "UNAUTHENTICATED", 401, 1, "Nobody whom the network knows signed this, now."
    FORBIDDEN = "FORBIDDEN", 403, 1, "The caller may not do this."
    NOT_FOUND = "NOT_FOUND", 404, 1, "What the request names is not here."
    METHOD = "METHOD", 405, 2, "The path takes no such method."
    TOO_LARGE = "TOO_LARGE", 413, 2, "The body is larger than the path takes."
    QUOTA = "QUOTA", 429, 1, "The caller's quota of today is used up."
    INTERNAL = "INTERNAL", 500, 70, "A defect of the service; its log names the place."
    STORE_UNAVAILABLE = "STORE_UNAVAILABLE", 503, 3, "The storage behind the service fails."
    LEDGER_UNAVAILABLE = "LEDGER_UNAVAILABLE", 503, 3, "The ledger does not answer."


class ServiceError(Exception):
    """Ends a request with a code, one sentence, and the part of the request that is to blame."""

    def __init__(self, code: ErrorCode, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.field = field
