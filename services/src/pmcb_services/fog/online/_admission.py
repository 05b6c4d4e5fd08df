# SPDX-License-Identifier: Apache-2.0
"""From what somebody submitted to an order that may be carried out."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from pmcb_client.errors import LedgerError, Refused
from pmcb_client.http_identity import Caller
from pmcb_client.http_identity._check import AHEAD_MS
from pmcb_services.common._grants import KeptGrants
from pmcb_services.fog.errors import Forbidden, InvalidInput, LedgerUnavailable, TooLarge

from ._dispatch import WEIGHTS
from ._inner import LONGEST_S, InnerRequest
from ._kinds import DEVICE_KINDS, KINDS, Kind
from ._messages import MAX_PAYLOAD_BYTES
from ._order import Order

if TYPE_CHECKING:
    from pmcb_client._ledger import Ledger

    from ._bodies import Submission

__all__ = ["Admission", "Admitted"]

_MB = 1e6
_LONGEST_MI = 1e9
_SUBJECTS = {
    "dataset": (re.compile("[0-9a-f]{32}"), "a data set's id, 32 hexadecimal digits"),
    "device": (re.compile("[A-Za-z0-9._-]{1,64}/[A-Za-z0-9._-]{1,64}"), "a device, MSP/NAME"),
}
_NOBODY = "The ledger does not answer: nobody knows whether there is a grant."


@dataclass(frozen=True)
class Admitted:
    """An order that nothing speaks against, and its payload."""

    order: Order
    payload: bytes
    rejects_late: bool


class Admission:
    """Checks who submits what.

    Args:
        ledger: the contract, as the gateway sees it.
        clock: milliseconds UTC.
        dedup_devices: see `GatewaySettings`.
    """

    def __init__(
        self, ledger: Ledger, *, clock: Callable[[], int], dedup_devices: frozenset[str]
    ) -> None:
        async def evaluate(query: str, *words: str) -> bytes:
            try:
                return await ledger.evaluate(query, *words)
            except Refused as refused:
                raise Forbidden("The ledger refuses to tell of this grant.") from refused
            except LedgerError as error:
                raise LedgerUnavailable(_NOBODY) from error

        self.grants = KeptGrants(evaluate, clock=clock)
        self._now_ms, self._dedup = clock, dedup_devices

    async def admit(self, caller: Caller, asked: Submission) -> Admitted:
        """The order, NEW.

        Raises:
            InvalidInput, TooLarge: names the field that cannot be.
            Forbidden: the role or the grant is lacking.
            LedgerUnavailable: nobody knows whether there is a grant.
        """
        kind = KINDS.get(asked.kind)
        if kind is None:
            raise InvalidInput(f"The kinds of orders are {', '.join(KINDS)}.", field="kind")
        if caller.role not in kind.roles:
            roles = " or ".join(sorted(kind.roles))
            raise Forbidden(f"{asked.kind} takes the role {roles}.", field="kind")
        payload = _payload(asked)
        order = self._order(caller, asked, kind, payload)
        await self.check_grant(order, caller)
        return Admitted(order, payload, asked.if_late == "reject")

    async def check_grant(self, order: Order, caller: Caller | None = None) -> None:
        """Whether its submitter may have it done now.

        Args:
            order: asked for again when it is claimed, hours later perhaps.
            caller: who submits it, where that is at hand.

        Raises:
            Forbidden: no grant covers it.
            LedgerUnavailable: nobody knows.
        """
        msp, _, name = order.submitter.partition("/")
        who = caller or Caller(msp, name, "worker")
        about = KINDS[order.kind].subject
        if about == "dataset":
            found = await self.grants.find("check_grant", who, order.subject)
        elif about == "device":
            found = await self.grants.find("check_device", who, order.subject, order.command)
        else:
            return
        if not found:
            what = "command of the device" if about == "device" else "data set"
            raise Forbidden(
                f"No grant covers this {what} now.",
                field="subject",
                next_step="Ask the institution that owns it for a grant.",
            )

    def _order(self, caller: Caller, asked: Submission, kind: Kind, payload: bytes) -> Order:
        now_ms = self._now_ms()
        order_class = kind.order_class
        if asked.order_class not in {None, order_class}:
            if asked.kind != "compute.test":
                raise InvalidInput(f"{asked.kind} has the class {order_class}.", field="class")
            order_class = str(asked.order_class)
        deadline_ms = now_ms + int(kind.due_s * 1000)
        if asked.deadline_ms is not None:
            deadline_ms = asked.deadline_ms
        if kind.is_forwarded:
            deadline_ms = _within(
                InnerRequest.decode(payload).expires_ms, asked.deadline_ms, now_ms
            )
        owner = asked.subject.partition("/")[0]
        dedup = kind.subject == "device" and not self._dedup.isdisjoint({asked.subject, owner})
        return Order(
            id=asked.id,
            kind=asked.kind,
            order_class=order_class,
            submitter=caller.uid,
            body_sha256=_digest(asked, payload),
            subject=_subject(asked, kind, payload),
            command=_command(asked, kind),
            length=_length(asked, kind),
            size=len(payload) / _MB,
            arrival_ms=now_ms,
            changed_ms=now_ms,
            deadline_ms=deadline_ms,
            weight=WEIGHTS[order_class],
            on_unknown="rerun" if dedup else kind.on_unknown,
        )


def _payload(asked: Submission) -> bytes:
    if len(asked.payload) > 4 * (MAX_PAYLOAD_BYTES // 3 + 1):
        raise TooLarge(f"A payload holds at most {MAX_PAYLOAD_BYTES:,} bytes.", field="payload")
    try:
        data = base64.b64decode(asked.payload, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput("'payload' is no base64.", field="payload") from None
    if len(data) > MAX_PAYLOAD_BYTES:
        raise TooLarge(f"A payload holds at most {MAX_PAYLOAD_BYTES:,} bytes.", field="payload")
    return data


def _digest(asked: Submission, payload: bytes) -> str:
    """Of all that was said, so that a repeat is told from another order of the same id."""
    said = [repr(value) for name, value in asked if name != "payload"]
    return sha256("\n".join(said).encode() + sha256(payload).digest()).hexdigest()


def _subject(asked: Submission, kind: Kind, payload: bytes) -> str:
    if kind.subject == "hash":
        found = sha256(payload).hexdigest()
        if asked.subject or asked.sha256 != found:
            raise InvalidInput("'sha256' must be that of the payload.", field="sha256")
        return found
    if asked.sha256 and asked.sha256 != sha256(payload).hexdigest():
        raise InvalidInput("'sha256' must be that of the payload.", field="sha256")
    if not kind.subject:
        if asked.subject:
            raise InvalidInput(f"{asked.kind} has no subject.", field="subject")
        return ""
    pattern, meant = _SUBJECTS[kind.subject]
    if not pattern.fullmatch(asked.subject):
        raise InvalidInput(f"'subject' must be {meant}.", field="subject")
    return asked.subject


def _command(asked: Submission, kind: Kind) -> str:
    if kind.command:
        if asked.command:
            raise InvalidInput(f"{asked.kind} is the command itself.", field="command")
        return kind.command
    if (kind.subject == "device") != bool(asked.command):
        raise InvalidInput("A device, and nothing else, gets a command.", field="command")
    for name, other in DEVICE_KINDS.items():
        if asked.command and asked.command == other.command:
            raise InvalidInput(f"The kind of this order is {name}.", field="command")
    return asked.command


def _within(expires_ms: int, deadline_ms: int | None, now_ms: int) -> int:
    """The deadline of an order that ends as its submitter's own request: when that expires."""
    if not expires_ms:
        raise InvalidInput("The request that it carries is not signed.", field="payload")
    if expires_ms > now_ms + LONGEST_S * 1000 + AHEAD_MS:
        raise InvalidInput(
            f"The request that it carries holds for more than {LONGEST_S} s.",
            field="payload",
            next_step="Sign it for less; compare this machine's clock with the gateway's.",
        )
    return min(expires_ms, deadline_ms or expires_ms)


def _length(asked: Submission, kind: Kind) -> float:
    length = kind.length if asked.length is None else asked.length
    if not (math.isfinite(length) and 0 < length <= _LONGEST_MI):
        raise InvalidInput(f"'length' must be above 0 and at most {_LONGEST_MI:g}.", field="length")
    return length
