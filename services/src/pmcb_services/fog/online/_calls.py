# SPDX-License-Identifier: Apache-2.0
"""What a fog worker asks its gateway, through the broker."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from pmcb_services.fog.errors import FogError, InvalidInput, StaleEpoch, Unavailable

from ._connection import Connection
from ._messages import (
    RPC,
    Beat,
    Beaten,
    Claim,
    Claimed,
    Commit,
    Committed,
    Refused,
    Register,
    Registered,
    decode,
    encode,
)

__all__ = ["Calls"]

ANSWER_S = 2.0
_PAUSES_S = (0.05, 0.1, 0.2, 0.5, 1.0)

R = TypeVar("R")


class Calls:
    """The gateway, as a fog worker asks it; what must be answered is asked until it is.

    Args:
        connection: to the broker.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def register(self, register: Register) -> Registered:
        """Serve a server from now on.

        Raises:
            FogError: the gateway refuses, or the broker takes small messages only.
        """
        return await self._until_answered(register, Registered)

    async def claim(self, claim: Claim) -> Claimed | None:
        """The order; None where the gateway does not give it to this worker."""
        try:
            return await self._until_answered(claim, Claimed)
        except FogError:
            return None

    async def beat(self, beat: Beat, *, timeout_s: float) -> Beaten:
        """Once: the next beat follows soon.

        Raises:
            StaleEpoch: another worker serves the server.
            Unavailable: nobody answers.
        """
        return await self._asked(beat, Beaten, timeout_s=timeout_s)

    async def commit(self, commit: Commit) -> bool:
        """Whether it counts; False where the attempt was given to another."""
        try:
            await self._until_answered(commit, Committed)
        except FogError:
            return False
        return True

    async def _until_answered(self, message: Register | Claim | Commit, kind: type[R]) -> R:
        tries = 0
        while True:
            try:
                return await self._asked(message, kind, timeout_s=ANSWER_S)
            except Unavailable:
                if isinstance(message, Register) and self._connection.narrow:
                    raise
                await asyncio.sleep(_PAUSES_S[min(tries, len(_PAUSES_S) - 1)])
                tries += 1

    async def _asked(
        self, message: Register | Claim | Beat | Commit, kind: type[R], *, timeout_s: float
    ) -> R:
        subject = RPC + type(message).__name__.lower()
        data = await self._connection.request(subject, encode(message), timeout_s=timeout_s)
        try:
            answer = decode(data, kind, Refused)
        except InvalidInput as error:
            raise Unavailable("The gateway's answer cannot be read.") from error
        if isinstance(answer, kind):
            return answer
        assert isinstance(answer, Refused)
        for refusal in (StaleEpoch, Unavailable):
            if answer.code == refusal.code:
                raise refusal(answer.message)
        raise FogError(answer.message)
