# SPDX-License-Identifier: Apache-2.0
"""The way to the ledger: an identity on a channel."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

import grpc

from pmcb_client.gateway._calls import Calls, Timeouts
from pmcb_client.gateway._contract import Contract
from pmcb_client.gateway._identity import Identity, Signer

MAX_IN_FLIGHT = 450  # a peer's gateway limit is 500 unless tuned
_DEFAULT_TIMEOUTS = Timeouts()


class Network:
    """A channel of the ledger."""

    def __init__(self, calls: Calls, name: str) -> None:
        self._calls = calls
        self.name = name

    def contract(self, chaincode: str, name: str | None = None) -> Contract:
        """The contract ``name`` of ``chaincode``; without a name its default one."""
        return Contract(self._calls, self.name, chaincode, name)


class Gateway:
    """One identity's view of the ledger.

    ::

        channel = open_channel("localhost:7051", root_ca)
        async with connect(channel, identity, signer) as gateway:
            contract = gateway.network("pmcb").contract("pmcb")
            await contract.submit("announce_key")
        await channel.close()                  # the caller's, as it may carry other identities
    """

    def __init__(self, calls: Calls, identity: Identity) -> None:
        self._calls = calls
        self.identity = identity

    def network(self, name: str) -> Network:
        """The channel ``name``."""
        return Network(self._calls, name)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to end: the channel is the caller's."""


def connect(
    channel: grpc.aio.Channel,
    identity: Identity,
    signer: Signer,
    timeouts: Timeouts = _DEFAULT_TIMEOUTS,
    max_in_flight: int = MAX_IN_FLIGHT,
    clock: Callable[[], int] | None = None,
) -> Gateway:
    """A gateway that speaks as ``identity`` over ``channel``.

    Args:
        channel: from ``open_channel``; the caller closes it.
        identity: who speaks.
        signer: signs SHA-256 digests with the identity's key.
        timeouts: seconds for each phase.
        max_in_flight: calls at once, waiting ones included; all gateways on a channel share
            this limit and must name the same.
        clock: milliseconds UTC, stamped on proposals; the contract's time. Peers refuse
            proposals too far from their own clock.

    Raises:
        ValueError: ``max_in_flight`` is below 1 or not the channel's.
    """
    calls = Calls(
        channel, identity, signer, timeouts=timeouts, max_in_flight=max_in_flight, clock=clock
    )
    return Gateway(calls, identity)
