# SPDX-License-Identifier: Apache-2.0
"""What becomes of an ordered transaction: pure functions of messages, versions and ranges.

`check` looks at one message alone, when it is ordered; `validate` decides a whole block in order
against the committed state, as Fabric does: duplicate ids, then read versions, then ranges.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ._envelopes import Action, Malformed, Transaction, open_action
from ._identity import Directory, InvalidIdentity, UnknownIdentity
from ._protos import DecodeError, ValidationCode
from ._rwset import RangeRead, ReadWriteSet, decode
from ._snapshot import TxStatus, Value, Version

VALID: int = ValidationCode.Value("VALID")


class View(Protocol):
    """The committed state that a block is validated against; a `Snapshot` is one."""

    def version(self, key: str) -> Version | None: ...

    def rows(
        self, start: str, end: str, *, limit: int = 0, end_included: bool = False
    ) -> list[tuple[str, Value]]: ...

    def status(self, tx_id: str) -> TxStatus | None: ...


@dataclass(frozen=True, slots=True)
class Ordered:
    """A message on its way into a block: its bytes and what the static checks found."""

    raw: bytes
    tx_id: str
    code: int
    rw: ReadWriteSet


@dataclass(frozen=True, slots=True)
class Outcome:
    """A validated block: one code per message, and what the valid ones change."""

    codes: tuple[int, ...]
    updates: Mapping[str, Value | None]


def check(
    opened: Transaction, *, chaincode: str, directory: Directory, now_ms: int
) -> tuple[int, ReadWriteSet]:
    """The code that a message deserves by itself, and its read/write set if that is `VALID`.

    Type, id and the creator's signature are not looked at: the orderer refuses what lacks them.
    """
    nothing = ReadWriteSet()
    try:
        action = open_action(opened)
        rw = decode(chaincode, action.results)
    except (Malformed, DecodeError):
        return _code("BAD_PAYLOAD"), nothing
    if action.proposal_hash != action.expected_hash or action.status >= 400:
        return _code("BAD_RESPONSE_PAYLOAD"), nothing
    if action.chaincode != chaincode:
        return _code("INVALID_CHAINCODE"), nothing
    if rw is None:
        return _code("ILLEGAL_WRITESET"), nothing
    if not endorsed(action, directory=directory, now_ms=now_ms):
        return _code("ENDORSEMENT_POLICY_FAILURE"), nothing
    return VALID, rw


def endorsed(action: Action, *, directory: Directory, now_ms: int) -> bool:
    """Whether peers of more than half of the organisations signed the action."""
    agreed: set[str] = set()
    for endorsement in action.endorsements:
        try:
            peer = directory.member(endorsement.endorser, now_ms)
        except (UnknownIdentity, InvalidIdentity):
            continue
        signed = action.response_payload + endorsement.endorser
        if "peer" in peer.units and peer.verifies(endorsement.signature, signed):
            agreed.add(peer.msp_id)
    return len(agreed) > len(directory.msp_ids) // 2


def validate(messages: Sequence[Ordered], view: View, number: int) -> Outcome:
    """Decides every message of block `number`, in order; earlier ones of the block count."""
    updates: dict[str, Value | None] = {}
    seen: set[str] = set()
    codes: list[int] = []
    for position, message in enumerate(messages):
        code = message.code
        known = message.tx_id and (message.tx_id in seen or view.status(message.tx_id))
        if known:
            code = _code("DUPLICATE_TXID")
        elif code == VALID:
            code = _conflict(message.rw, view, updates)
        seen.add(message.tx_id)
        codes.append(code)
        if code == VALID:
            for key, data in message.rw.writes:
                updates[key] = Value((number, position), data) if data else None
    return Outcome(tuple(codes), updates)


def _conflict(rw: ReadWriteSet, view: View, updates: Mapping[str, Value | None]) -> int:
    for key, version in rw.reads:
        if key in updates or view.version(key) != version:
            return _code("MVCC_READ_CONFLICT")
    for walk in rw.ranges:
        if _rerun(walk, view, updates) != walk.reads:
            return _code("PHANTOM_READ_CONFLICT")
    return VALID


def _rerun(
    walk: RangeRead, view: View, updates: Mapping[str, Value | None]
) -> tuple[tuple[str, Version], ...]:
    now = dict(view.rows(walk.start, walk.end, end_included=not walk.exhausted))
    for key, value in updates.items():
        inside = not walk.end or key < walk.end or (key == walk.end and not walk.exhausted)
        if key < walk.start or not inside:
            continue
        if value is None:
            now.pop(key, None)
        else:
            now[key] = value
    return tuple((key, now[key].version) for key in sorted(now))


def _code(name: str) -> int:
    return int(ValidationCode.Value(name))
