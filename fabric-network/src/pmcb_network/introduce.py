# SPDX-License-Identifier: Apache-2.0
"""Makes a network known to its user: registrars into the wallet, a ping, then `network.json`."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from pmcb_client import network_file
from pmcb_client.enrolment import CaClient
from pmcb_client.errors import ClientError, IdentityNotFound, LedgerError, WalletError
from pmcb_client.gateway import Identity, Timeouts, connect_network
from pmcb_client.network_file import NetworkFile, Organisation
from pmcb_client.wallet import Wallet, WalletIdentity, registrar_label

from .errors import StartFailed

_POLL_S = 0.1
_SHORT = Timeouts(evaluate_s=1.0)


async def introduce(
    home: Path,
    network: NetworkFile,
    secrets: Mapping[str, tuple[str, str]],
    *,
    within_s: float,
) -> None:
    """Enrols the registrars, waits until the contract answers, writes the file.

    An organisation without a secret here is another host's: so is its registrar.

    Raises:
        StartFailed: no answer within the time; the message says what was seen last.
    """
    wallet = Wallet(home / "wallet")
    registrars = [
        await _registrar(wallet, org, *secrets[org.msp])
        for org in network.orgs
        if org.msp in secrets
    ]
    await wait_for_ping(network, registrars[0], within_s=within_s)
    network_file.renew(home / "network.json", network)


async def wait_for_ping(
    network: NetworkFile, registrar: WalletIdentity, *, within_s: float, committed: bool = False
) -> None:
    """Returns once the contract answers `ping` through the registrar's gateway, or committed it.

    Raises:
        StartFailed: not within the time; the message says what was seen last.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    while True:
        try:
            async with connect_network(network, registrar, timeouts=_SHORT) as gateway:
                contract = gateway.network(network.channel).contract(network.chaincode)
                if committed:
                    await contract.submit("ping")
                else:
                    await contract.proposal("ping").evaluate()  # once: the waiting is ours
        except LedgerError as error:
            seen = getattr(error, "reason", "") or str(error)
        else:
            return
        if loop.time() >= deadline:
            raise StartFailed(
                f"the network did not answer a ping within {within_s:g} s; last seen: {seen}"
            )
        await asyncio.sleep(_POLL_S)


async def _registrar(wallet: Wallet, org: Organisation, name: str, secret: str) -> WalletIdentity:
    label = registrar_label(org.msp)
    held = registrar_of(wallet, org)
    if held is not None:
        return held
    try:
        async with CaClient(org.ca_url, org.tls_ca, org.ca_name) as ca:
            made = await ca.enroll(name, secret)
    except ClientError as error:
        raise StartFailed(f"the registrar of {org.msp} could not enrol: {error}") from error
    return wallet.put(label, Identity(org.msp, made.certificate_pem), made.private_key)


def registrar_of(wallet: Wallet, org: Organisation) -> WalletIdentity | None:
    """The organisation's registrar in the wallet, unless of another CA, unusable or revoked."""
    try:
        held = wallet.get(registrar_label(org.msp))
    except (IdentityNotFound, WalletError):
        return None
    standing = held.certificate.serial_number not in org.revoked()
    return held if standing and issued_by(held, org) else None


def issued_by(held: WalletIdentity, org: Organisation) -> bool:
    """Whether the organisation's CA issued the identity."""
    root = x509.load_pem_x509_certificate(org.msp_ca.encode())
    try:
        held.certificate.verify_directly_issued_by(root)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return held.msp_id == org.msp
