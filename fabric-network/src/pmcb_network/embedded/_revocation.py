# SPDX-License-Identifier: Apache-2.0
"""What a call to revoke or for a list says, read as Fabric CA reads it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ._ca_call import CaError, bad_body, flag, text
from ._certificates import EARLIEST_MS, LATEST_MS, Period

# Fabric CA's names for the reasons of RFC 5280, 5.3.1.
_REASONS = {
    "unspecified": 0,
    "keycompromise": 1,
    "cacompromise": 2,
    "affiliationchanged": 3,
    "superseded": 4,
    "cessationofoperation": 5,
    "certificatehold": 6,
    "removefromcrl": 8,
    "privilegewithdrawn": 9,
    "aacompromise": 10,
}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_NO_MOMENT = datetime(1, 1, 1, tzinfo=UTC)  # Go's zero time


@dataclass(frozen=True, slots=True)
class Revocation:
    """Whose certificates, or which one; `list_wanted` asks for a list in the answer."""

    id: str
    serial: str
    aki: str
    reason: int
    list_wanted: bool

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> "Revocation":
        """Numbers in hex of any case, with or without colons; an unknown reason is none."""
        return cls(
            text(fields, "id"),
            _number(text(fields, "serial")),
            _number(text(fields, "aki")),
            _REASONS.get(text(fields, "reason"), 0),
            flag(fields, "gencrl"),
        )


def _number(written: str) -> str:
    return written.lower().lstrip("0").replace(":", "")


def period(fields: Mapping[str, Any]) -> Period:
    """The period of a call for a list.

    Raises:
        CaError: a moment that is not RFC 3339, or ends in the wrong order.
    """
    found = Period(
        _moment(fields, "revokedafter", EARLIEST_MS),
        _moment(fields, "revokedbefore", LATEST_MS),
        _moment(fields, "expireafter", EARLIEST_MS),
        _moment(fields, "expirebefore", LATEST_MS),
    )
    for code, kind, after, before in (
        (36, "revoked", found.revoked_after_ms, found.revoked_before_ms),
        (37, "expire", found.expire_after_ms, found.expire_before_ms),
    ):
        if after > before:
            raise CaError(
                400,
                code,
                f"Invalid '{kind}after' value. It must not be a timestamp greater than"
                f" '{kind}before'",
            )
    return found


def _moment(fields: Mapping[str, Any], name: str, default_ms: int) -> int:
    written = fields.get(name)
    if written is None:
        return default_ms
    if not isinstance(written, str) or not _MOMENT.fullmatch(written):
        raise bad_body()
    try:
        moment = datetime.fromisoformat(written).astimezone(UTC)
    except (ValueError, OverflowError):
        raise bad_body() from None
    return default_ms if moment == _NO_MOMENT else round(moment.timestamp() * 1000)
