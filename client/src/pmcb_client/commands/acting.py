# SPDX-License-Identifier: Apache-2.0
"""As whom a command acts, and its way to the ledger."""

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pmcb_client.cli import Settings
from pmcb_client.usage_errors import IdentityChoice

if TYPE_CHECKING:
    from pmcb_client.gateway import Contract, Network
    from pmcb_client.network_file import NetworkFile
    from pmcb_client.wallet import WalletIdentity

_T = TypeVar("_T")
_SHOWN = 10


@dataclass(frozen=True)
class Acting:
    """An identity with its contract, the contract's channel, and what ``network.json`` says."""

    identity: "WalletIdentity"
    contract: "Contract"
    channel: "Network"
    network: "NetworkFile"


def run(work: Coroutine[Any, Any, _T]) -> _T:
    """The result of ``work``."""
    return asyncio.run(work)


def run_until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """``work``, until it ends or SIGINT or SIGTERM cancels it; being told to stop is no error."""

    async def main() -> None:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(main())


def choose(settings: Settings, role: str = "") -> "WalletIdentity":
    """The identity of ``--as``; else the only one with the role; without a role the first of any.

    Raises:
        IdentityChoice: none has the role, or several do.
        WalletError: the one named cannot be used.
    """
    from pmcb_client.errors import WalletError
    from pmcb_client.wallet import Wallet

    wallet = Wallet(settings.home / "wallet")
    if settings.label is not None:
        return wallet.get(settings.label)
    fit: list[WalletIdentity] = []
    broken: WalletError | None = None
    for label in wallet.list():
        try:
            identity = wallet.get(label)
        except WalletError as error:  # matters only when nothing else fits
            broken = broken or error
            continue
        if identity.role and role in {"", identity.role}:
            fit.append(identity)
    if len(fit) == 1 or (fit and not role):
        return fit[0]
    if fit:
        labels = [identity.label for identity in fit]
        named = ", ".join(labels[:_SHOWN]) + (", ..." if len(labels) > _SHOWN else "")
        raise IdentityChoice(
            f"Several identities have the role {role}: {named}.",
            next_step="Choose one with --as LABEL.",
        )
    if broken is not None:
        raise broken
    raise IdentityChoice(
        f"The wallet holds no identity with the role {role}."
        if role
        else "The wallet holds no identity with a role.",
        next_step=f"`pmcb id enroll NAME --role {role or 'ROLE'}` adds one.",
    )


def choose_valid(settings: Settings, network: "NetworkFile", role: str = "") -> "WalletIdentity":
    """The same, unless its certificate is on the list in ``network.json``.

    Raises:
        IdentityChoice: see `choose`.
        WalletError: the certificate was revoked.
    """
    from pmcb_client.errors import WalletError

    identity = choose(settings, role)
    if identity.certificate.serial_number in network.org(identity.msp_id).revoked():
        raise WalletError(
            f"The certificate of {identity.label} has been revoked.",
            next_step="Act as another identity with --as LABEL; `pmcb id list` shows them.",
        )
    return identity


@asynccontextmanager
async def acting(settings: Settings, role: str = "") -> AsyncIterator[Acting]:
    """The chosen identity, connected to the network of ``network.json``.

    Raises:
        NetworkFileError: there is no network here.
        LedgerUnavailable: it does not answer.
        IdentityChoice: see `choose`.
        WalletError: the identity's certificate is on the list in ``network.json``.
    """
    from pmcb_client.gateway import connect_network
    from pmcb_client.network_file import load

    network = load(settings.home / "network.json")
    identity = choose_valid(settings, network, role)
    async with connect_network(network, identity) as gateway:
        channel = gateway.network(network.channel)
        yield Acting(identity, channel.contract(network.chaincode), channel, network)
