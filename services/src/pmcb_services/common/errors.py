# SPDX-License-Identifier: Apache-2.0
"""What a service answers when it does not do what it was asked: the one list of codes."""

from enum import StrEnum
from typing import Self

__all__ = ["Coded", "ErrorCode", "ServiceError"]


class Coded(StrEnum):
    """A word on the wire, with its HTTP status and what it means.

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


class ErrorCode(Coded):
    """Why a service did not do what it was asked."""

    BAD_REQUEST = "BAD_REQUEST", 400, "A part of the request is malformed; it is named."
    HASH_MISMATCH = "HASH_MISMATCH", 400, "The bytes do not have the hash they were sent under."
    NOT_SEALED = "NOT_SEALED", 400, "Only sealed files are kept here."
    NOT_TEXT = "NOT_TEXT", 400, "A notice is text in UTF-8 without control characters."
    UNAUTHENTICATED = "UNAUTHENTICATED", 401, "Nobody whom the network knows signed this, now."
    FORBIDDEN = "FORBIDDEN", 403, "The caller may not do this."
    NOT_FOUND = "NOT_FOUND", 404, "What the request names is not here."
    METHOD = "METHOD", 405, "The path takes no such method."
    TOO_SLOW = "TOO_SLOW", 408, "The body did not come in time."
    BUDGET_EXHAUSTED = "BUDGET_EXHAUSTED", 409, "The cohort has less left than was asked for."
    NOT_ENOUGH_DATA = "NOT_ENOUGH_DATA", 409, "Too few persons for this epsilon; nothing was spent."
    NOT_PRIVATE = "NOT_PRIVATE", 409, "The algorithm protects nobody: it publishes nothing."
    SUBJECTS_OVERLAP = "SUBJECTS_OVERLAP", 409, "Somebody of the table is in another cohort, too."
    LEDGER_REFUSED = "LEDGER_REFUSED", 409, "The ledger refused; the message is its sentence."
    RELEASE_LOST = "RELEASE_LOST", 410, "Paid for and lost in a crash; a new attempt pays again."
    FORGOTTEN = "FORGOTTEN", 410, "A reader of the file had it deleted."
    TOO_LARGE = "TOO_LARGE", 413, "The body is larger than the path takes."
    QUOTA = "QUOTA", 429, "The caller's quota of today is used up."
    INTERNAL = "INTERNAL", 500, "A defect of the service; its log names the place."
    RELEASE_TAMPERED = "RELEASE_TAMPERED", 500, "A file of a release was changed on the disk."
    LEDGER_UNAVAILABLE = "LEDGER_UNAVAILABLE", 503, "The ledger does not answer; try again."
    STORE_UNAVAILABLE = "STORE_UNAVAILABLE", 503, "The storage behind the service fails."


class ServiceError(Exception):
    """Ends a request with a code, one sentence, and the part of the request that is to blame."""

    def __init__(self, code: ErrorCode, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.field = field
