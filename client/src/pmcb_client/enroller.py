# SPDX-License-Identifier: Apache-2.0
"""From a name to somebody the ledger knows: register, enrol, keep, announce."""

import secrets
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from .enrolment import CaClient
from .errors import CaRefused, IdentityNotFound
from .files import write_private
from .gateway import Identity, connect, open_channel
from .network_file import NetworkFile
from .usage_errors import IdentityChoice
from .wallet import Wallet, WalletIdentity, registrar_label

if TYPE_CHECKING:
    import grpc

_TRIES = 3  # a secret opens again when the certificate was issued and could not be kept


@dataclass(frozen=True)
class Enrolled:
    """An identity of the wallet whose key the ledger knows; ``existed`` if it was there before."""

    identity: WalletIdentity
    existed: bool


class Enroller:
    """Enrols persons of one organisation, as its registrar.

    ::

        async with Enroller(network, "HospitalAMSP", wallet) as enroller:
            enrolled = await enroller.enroll("receiver1", "receiver")

    Args:
        network: of ``network.json``.
        msp: the organisation; the wallet holds its registrar under ``registrar.<msp>``.
        wallet: takes the new identities, each under its name.

    Raises:
        NetworkFileError: the network has no such organisation.
        IdentityNotFound: the registrar is not in the wallet.
    """

    def __init__(self, network: NetworkFile, msp: str, wallet: Wallet) -> None:
        self._network = network
        self._org = network.org(msp)
        self._wallet = wallet
        self._registrar = registrar_of(wallet, msp)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        org = self._org
        ca = CaClient(org.ca_url, org.tls_ca, org.ca_name)
        self._ca = await self._stack.enter_async_context(ca)
        self._channel: grpc.aio.Channel = open_channel(org.gateway, org.tls_ca)
        self._stack.push_async_callback(self._channel.close, None)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def enroll(self, name: str, role: str) -> Enrolled:
        """The identity ``name``, in the wallet and announced; a repeat finds what is there.

        A label that is in use is never overwritten.

        Args:
            name: enrolment id and label.
            role: becomes the certificate's ``pmcb.role``.

        Raises:
            IdentityChoice: the label holds somebody else, or another role.
            CaRefused: the CA knows the name already, or refuses for another reason.
            LedgerError: the key could not be announced; a repeat does only that.
        """
        try:
            identity = self._wallet.get(name)
        except IdentityNotFound:
            identity = await self._new(name, role)
            existed = False
        else:
            existed = True
            if (identity.uid, identity.role) != (f"{self._org.msp}/{name}", role):
                raise IdentityChoice(
                    f"The label {name} already holds {identity.uid} with the role "
                    f"{identity.role or 'registrar'}.",
                    next_step="Choose another name.",
                )
        gateway = connect(self._channel, identity.identity, identity.signer)
        contract = gateway.network(self._network.channel).contract(self._network.chaincode)
        await contract.submit("announce_key")
        return Enrolled(identity, existed)

    async def _new(self, name: str, role: str) -> WalletIdentity:
        """Register, enrol, keep: a repeat goes on wherever an earlier try was cut off.

        The secret is chosen and written down before the CA hears of the name, so that nobody is
        registered whom no secret enrols.
        """
        note = self._wallet.folder / f".{name}.secret"
        repeated = note.exists()
        if not repeated:
            write_private(note, secrets.token_urlsafe(24).encode())
        secret = note.read_text()
        attributes = {"pmcb.role": role}
        try:
            try:
                await self._ca.register(self._registrar, name, attributes, _TRIES, secret=secret)
            except CaRefused:
                if not repeated:
                    raise
            made = await self._ca.enroll(name, secret)
        except CaRefused as refused:
            note.unlink()
            refused.next_step = (
                "A name is enrolled once: use the wallet that holds it, or choose another name."
            )
            raise
        identity = Identity(self._org.msp, made.certificate_pem)
        kept = self._wallet.put(name, identity, made.private_key)
        note.unlink()
        return kept


def registrar_of(wallet: Wallet, msp: str) -> WalletIdentity:
    """The organisation's registrar in the wallet.

    Raises:
        IdentityNotFound: it is not there.
    """
    try:
        return wallet.get(registrar_label(msp))
    except IdentityNotFound:
        raise IdentityNotFound(
            f"The wallet does not hold the registrar of {msp}.",
            next_step="Enrol where the organisation's network was started: `pmcb network up` "
            "puts its registrar into the wallet.",
        ) from None
