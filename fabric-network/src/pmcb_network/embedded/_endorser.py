# SPDX-License-Identifier: Apache-2.0
"""One organisation's endorsing peer: admits a proposal, runs it on a snapshot, signs."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from ._envelopes import Malformed, Proposal, check_form, response_payload
from ._identity import Directory, InvalidIdentity, UnknownIdentity, sign
from ._protos import msp, response
from ._rwset import ReadWriteSet, encode
from ._simulator import Simulator
from ._snapshot import Snapshot, SnapshotGone
from .chaincode import ExecutionFailed, Host

CHAINCODE_VERSION = "1"
_ERROR_THRESHOLD = 400


class Refused(Exception):
    """A peer refuses the proposal before it runs; no other peer would take it."""


class Unauthorized(Exception):
    """A peer's door keeper refuses: the identity has expired, or the clock is too far off."""


class Failed(Exception):
    """The peer could not bring the proposal to an answer of the contract."""


@dataclass(frozen=True, slots=True)
class Endorsed:
    """A contract's answer. Below 400 with the payload to be signed, and what it read and writes."""

    answer: Any
    payload: bytes
    rw: ReadWriteSet


class Gatekeeper:
    """The checks that every peer of the channel makes alike before a proposal runs."""

    def __init__(
        self, directory: Directory, clock: Callable[[], int], *, time_window_s: float
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._window_ms = round(time_window_s * 1000)

    def admit(self, opened: Proposal, snapshot: Snapshot) -> None:
        """Form, identity, signature, time and uniqueness, in a peer's words.

        Raises:
            Unauthorized: expired, or outside the time window.
            Refused: anything else.
        """
        now = self._clock()
        try:
            check_form(opened)
            member = self._directory.member(opened.creator, now)
        except Malformed as error:
            raise Refused(f"error validating proposal: {error}") from error
        except UnknownIdentity as error:
            raise Refused(
                f"error validating proposal: access denied: channel [{opened.channel}]"
                " creator org unknown, creator is malformed"
            ) from error
        except InvalidIdentity as error:
            if error.expired:
                raise Unauthorized("proposal client identity expired") from error
            raise Refused(_denied(opened, error.msp_id)) from error
        if abs(now - opened.time_ms) > self._window_ms:
            raise Unauthorized(
                f"request unauthorized due to incorrect timestamp {_rfc3339(opened.time_ms)},"
                f" peer time {_rfc3339(now)},"
                f" peer.authentication.timewindow {_go_duration(self._window_ms)}"
            )
        if not member.verifies(opened.signed.signature, opened.signed.proposal_bytes):
            raise Refused(_denied(opened, member.msp_id))
        if snapshot.status(opened.tx_id) is not None:
            raise Refused(
                f"duplicate transaction found [{opened.tx_id}]. Creator [{opened.creator.hex()}]"
            )


def _denied(opened: Proposal, msp_id: str) -> str:
    return (
        f"error validating proposal: access denied: channel [{opened.channel}]"
        f" creator org [{msp_id}]"
    )


def _rfc3339(at_ms: int) -> str:
    try:
        return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return "out of range"


def _go_duration(span_ms: int) -> str:
    minutes, rest = divmod(span_ms, 60_000)
    return f"{minutes}m{rest / 1000:g}s" if minutes else f"{rest / 1000:g}s"


class Endorser:
    """One organisation's peer. Never raises for what a contract refuses: that is its answer."""

    def __init__(
        self,
        msp_id: str,
        certificate_pem: bytes,
        key: ec.EllipticCurvePrivateKey,
        host: Host,
        *,
        timeout_s: float,
        delay_s: float = 0.0,
    ) -> None:
        self.msp_id = msp_id
        self._serialized: bytes = msp.SerializedIdentity(
            mspid=msp_id, id_bytes=certificate_pem
        ).SerializeToString()
        self._key = key
        self._host = host
        self._timeout_s = timeout_s
        self._delay_s = delay_s

    async def run(self, opened: Proposal, snapshot: Snapshot) -> Endorsed:
        """Runs the proposal on the snapshot.

        Raises:
            Failed: no answer in time, no contract, or the snapshot was ended.
        """
        simulator = Simulator(snapshot, opened.tx_id)
        try:
            if self._delay_s:
                await asyncio.sleep(self._delay_s)
            done = await self._host.session().execute(opened, simulator, timeout_s=self._timeout_s)
            rw = simulator.result()
        except ExecutionFailed as error:
            raise Failed(
                f"error in simulation: failed to execute transaction {opened.tx_id}: {error}"
            ) from error
        except SnapshotGone as error:
            raise Failed(f"error in simulation: {error}") from error
        finally:
            simulator.done()
        if done.answer.status >= _ERROR_THRESHOLD:
            return Endorsed(done.answer, b"", rw)
        payload = response_payload(
            opened,
            answer=done.answer,
            results=encode(opened.chaincode, rw),
            event=done.event,
            version=CHAINCODE_VERSION,
        )
        return Endorsed(done.answer, payload, rw)

    def endorse(self, payload: bytes) -> Any:
        """This peer's signature under the payload and its own identity."""
        return response.Endorsement(
            endorser=self._serialized, signature=sign(self._key, payload + self._serialized)
        )
