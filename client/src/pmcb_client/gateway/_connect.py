# SPDX-License-Identifier: Apache-2.0
"""From a network.json and an identity to a gateway."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import grpc

from pmcb_client.errors import LedgerUnavailable
from pmcb_client.gateway._calls import Timeouts
from pmcb_client.gateway._channel import open_channel
from pmcb_client.gateway._gateway import MAX_IN_FLIGHT, CommitBy, Gateway, connect
from pmcb_client.gateway._identity import Credentials
from pmcb_client.network_file import NetworkFile, Organisation, load, parse

_READY_WITHIN_S = 5.0
_DEFAULT_TIMEOUTS = Timeouts()


@asynccontextmanager
async def connect_network(
    network: str | Path | Mapping[str, object] | NetworkFile,
    identity: Credentials,
    *,
    timeouts: Timeouts = _DEFAULT_TIMEOUTS,
    max_in_flight: int = MAX_IN_FLIGHT,
    commit: CommitBy = "status",
    clock: Callable[[], int] | None = None,
) -> AsyncIterator[Gateway]:
    """The gateway of the identity's own organisation; its channel is closed at the end.

    ::

        identity = Wallet(home / "wallet").get("receiver1")
        async with connect_network(home / "network.json", identity) as gateway:
            contract = gateway.network("pmcb").contract("pmcb")
            print(await contract.evaluate("get_governance"))

    The other parameters are those of ``connect``.

    Raises:
        NetworkFileError: the file is missing or wrong, or names no gateway for this MSP.
        LedgerUnavailable: nothing trustworthy answers at the gateway's address.
    """
    if isinstance(network, str | Path):
        network = load(network)
    elif not isinstance(network, NetworkFile):
        network = parse(network)
    organisation = network.org(identity.identity.msp_id)
    channel = open_channel(organisation.gateway, organisation.tls_ca)
    try:
        await _wait_until_ready(channel, organisation)
        async with connect(
            channel,
            identity.identity,
            identity.signer,
            timeouts,
            max_in_flight=max_in_flight,
            commit=commit,
            clock=clock,
        ) as gateway:
            yield gateway
    finally:
        await channel.close(grace=None)


async def _wait_until_ready(channel: grpc.aio.Channel, organisation: Organisation) -> None:
    failed = grpc.ChannelConnectivity.TRANSIENT_FAILURE
    state = channel.get_state(try_to_connect=True)
    try:
        async with asyncio.timeout(_READY_WITHIN_S):
            while state not in {grpc.ChannelConnectivity.READY, failed}:
                await channel.wait_for_state_change(state)
                state = channel.get_state(try_to_connect=True)
    except TimeoutError:
        state = failed
    if state is failed:
        raise LedgerUnavailable(
            f"No gateway of {organisation.msp} that the network file vouches for answers at "
            f"{organisation.gateway}."
        )
