# SPDX-License-Identifier: Apache-2.0
"""The channel's peers together: who runs a proposal, and whether they agree."""

from collections.abc import Callable, Sequence
from typing import Any

from ._endorser import Endorsed, Endorser, Failed, Gatekeeper, Refused, Unauthorized
from ._envelopes import Malformed, Proposal, assemble, open_proposal
from ._failures import Detail, GatewayError, StatusCode
from ._rwset import ReadWriteSet
from ._snapshot import Snapshot

_ERROR_THRESHOLD = 400
_SEE_DETAILS = "see attached details for more info"


class Peers:
    """All endorsers, in the network's order, with what they share.

    `lagging` gives the snapshot that every peer but the first works on, when heights differ.
    """

    def __init__(
        self,
        endorsers: Sequence[Endorser],
        gatekeeper: Gatekeeper,
        *,
        channel: str,
        chaincode: str,
        current: Callable[[], Snapshot],
        lagging: Callable[[], Snapshot | None],
    ) -> None:
        self._endorsers = {endorser.msp_id: endorser for endorser in endorsers}
        self._first = endorsers[0].msp_id
        self._gatekeeper = gatekeeper
        self._channel = channel
        self._chaincode = chaincode
        self._current = current
        self._lagging = lagging

    def open(self, signed: Any) -> Proposal:
        """Takes the proposal apart; raises `GatewayError` if it is none."""
        try:
            return open_proposal(signed)
        except Malformed as error:
            raise GatewayError(
                StatusCode.INVALID_ARGUMENT, f"failed to unpack transaction proposal: {error}"
            ) from error

    def _known(self, opened: Proposal) -> bool:
        return (opened.channel, opened.chaincode) == (self._channel, self._chaincode)

    def _snapshot(self, msp_id: str, newest: Snapshot) -> Snapshot:
        behind = None if msp_id == self._first else self._lagging()
        return behind or newest

    async def evaluate(self, opened: Proposal, wanted: Sequence[str], own: Detail) -> Any:
        """The contract's `Response` from one peer: the gateway's own, or the first one wanted."""
        names = [name for name in wanted or [own.msp_id] if name in self._endorsers]
        if not names or not self._known(opened):
            raise GatewayError(
                StatusCode.FAILED_PRECONDITION,
                f"no peers available to evaluate chaincode {opened.chaincode}"
                f" in channel {opened.channel}",
            )
        at = own.of(names[0])
        failed = f"failed to evaluate transaction, {_SEE_DETAILS}"
        returned = "evaluate call to endorser returned error: "
        snapshot = self._snapshot(names[0], self._current())
        try:
            self._gatekeeper.admit(opened, snapshot)
            done = await self._endorsers[names[0]].run(opened, snapshot)
        except Unauthorized as error:
            raise GatewayError(StatusCode.UNAVAILABLE, failed, at.saying(str(error))) from error
        except Refused as error:
            raise GatewayError(
                StatusCode.FAILED_PRECONDITION, f"{returned}{error}", at.saying(str(error))
            ) from error
        except Failed as error:
            raise GatewayError(StatusCode.ABORTED, failed, at.saying(str(error))) from error
        if done.answer.status >= _ERROR_THRESHOLD:
            said = _refusal(done)
            raise GatewayError(StatusCode.UNKNOWN, f"{returned}{said}", at.saying(said))
        return done.answer

    async def endorse(
        self, opened: Proposal, wanted: Sequence[str], own: Detail
    ) -> tuple[bytes, ReadWriteSet | None]:
        """The transaction's payload, signed by every peer asked, and what it reads and writes.

        The set is `None` when the peers asked are too few for the endorsement policy. The
        gateway's own peer runs first; when it refuses nobody else is asked.
        """
        missing = [name for name in wanted if name not in self._endorsers]
        if wanted and (missing or not self._known(opened)):
            raise GatewayError(
                StatusCode.UNAVAILABLE,
                f"failed to find any endorsing peers for org(s): {', '.join(missing or wanted)}",
            )
        if not self._known(opened):
            raise GatewayError(
                StatusCode.FAILED_PRECONDITION,
                "no combination of peers can be derived which satisfy the endorsement policy:"
                f" No metadata was found for chaincode {opened.chaincode}"
                f" in channel {opened.channel}",
            )
        names = list(dict.fromkeys(wanted)) or self._own_first(own.msp_id)
        failed = "failed to endorse transaction" if not wanted else _NOT_ENOUGH
        newest = self._current().acquire()  # one height for all, unless a test wants them apart
        try:
            first = await self._run(opened, names[0], newest, own, failed, admit=True)
            for name in names[1:]:
                other = await self._run(opened, name, newest, own, _NOT_ENOUGH)
                if other.payload != first.payload:
                    said = own.of(name).saying("ProposalResponsePayloads do not match")
                    raise GatewayError(StatusCode.ABORTED, f"{_NOT_ENOUGH}, {_SEE_DETAILS}", said)
        finally:
            newest.release()
        signed = [self._endorsers[name].endorse(first.payload) for name in names]
        enough = len(names) > len(self._endorsers) // 2
        return assemble(opened, first.payload, signed), first.rw if enough else None

    def _own_first(self, own: str) -> list[str]:
        return sorted(self._endorsers, key=lambda name: name != own)

    async def _run(
        self,
        opened: Proposal,
        name: str,
        newest: Snapshot,
        own: Detail,
        failed: str,
        *,
        admit: bool = False,
    ) -> Endorsed:
        snapshot = self._snapshot(name, newest)
        try:
            if admit:
                self._gatekeeper.admit(opened, snapshot)
            done = await self._endorsers[name].run(opened, snapshot)
            said = "" if done.answer.status < _ERROR_THRESHOLD else _refusal(done)
        except (Unauthorized, Refused, Failed) as error:
            said = str(error)
        if said:
            at = own.of(name).saying(said)
            raise GatewayError(StatusCode.ABORTED, f"{failed}, {_SEE_DETAILS}", at)
        return done


_NOT_ENOUGH = "failed to collect enough transaction endorsements"


def _refusal(done: Endorsed) -> str:
    return f"chaincode response {done.answer.status}, {done.answer.message}"
