# SPDX-License-Identifier: Apache-2.0
"""A certificate's life after its enrolment: renewed by its holder, ended by a registrar."""

from dataclasses import dataclass

from cryptography import x509

from ._x509 import read_certificate
from .enrolment import CaClient
from .errors import CaRefused, InvalidRevocation, LedgerError, NetworkFileError
from .gateway import connect_network
from .network_file import NetworkFile
from .revocation import Revocation, RevocationReason
from .wallet import Wallet, WalletIdentity

__all__ = ["Renewed", "renew", "revoke"]

_NOT_FOUND = "Check name, organisation and number; `pmcb id list` shows what this wallet holds."
_RENEWAL_ADVICE = {
    20: "A CA renews no certificate that it revoked or does not know: enrol another name with "
    "`pmcb id enroll NAME`.",
}
_REVOCATION_ADVICE = {
    8: _NOT_FOUND,
    9: _NOT_FOUND,
    10: _NOT_FOUND,
    20: "The CA does not take the registrar's certificate: `pmcb network up`, where the network "
    "was started, enrols it again.",
    66: "Nothing is left to do.",
    71: "Only a registrar of the organisation revokes others.",
}
"""Next step by Fabric CA's code."""


@dataclass(frozen=True)
class Renewed:
    """The identity as it is now; ``announced`` if the ledger was told of its key."""

    identity: WalletIdentity
    announced: bool


async def renew(
    network: NetworkFile, wallet: Wallet, held: WalletIdentity, *, passphrase: str | None = None
) -> Renewed:
    """Re-enrols ``held``: a new key and certificate, the same person, role and attributes.

    ::

        renewed = await renew(network, wallet, wallet.get("receiver1"))

    The wallet's file is replaced once the new certificate is there: whatever ends this earlier,
    the one held stays in use. Its key stays in the file. The ledger is told of the new key, which
    others seal to from then on.

    Args:
        network: of ``network.json``.
        wallet: where ``held`` came from.
        held: valid, and not revoked: a CA renews nothing else.
        passphrase: encrypts the keys in the file; the one under which it was read.

    Raises:
        CaRefused: the CA does not know the certificate, or has revoked it; nothing was changed.
        CaUnavailable: no CA answers; nothing was changed.
        LedgerError: the certificate is renewed, and its key could not be announced.
    """
    org = network.org(held.msp_id)
    async with CaClient(org.ca_url, org.tls_ca, org.ca_name) as ca:
        try:
            made = await ca.reenroll(held)
        except CaRefused as refused:
            refused.next_step = _RENEWAL_ADVICE.get(refused.code, "")
            raise
    identity = wallet.renew(held, made.certificate_pem, made.private_key, passphrase=passphrase)
    if not identity.role:  # a registrar: nobody seals to it
        return Renewed(identity, announced=False)
    try:
        async with connect_network(network, identity) as gateway:
            contract = gateway.network(network.channel).contract(network.chaincode)
            await contract.submit("announce_key")
    except LedgerError as error:
        error.next_step = (
            "The certificate is renewed; `pmcb id renew` again announces a key to the ledger."
        )
        raise
    return Renewed(identity, announced=True)


async def revoke(
    network: NetworkFile,
    registrar: WalletIdentity,
    name: str,
    *,
    serial: str = "",
    reason: str = RevocationReason.UNSPECIFIED,
) -> Revocation:
    """Ends every certificate of ``name`` and its enrolment, or one of its certificates.

    Args:
        network: of ``network.json``.
        registrar: of the organisation that enrolled the name.
        name: enrolment id.
        serial: of one certificate, in hex; by default all, and the name cannot enrol again.
        reason: one of ``RevocationReason``.

    Raises:
        InvalidRevocation: the name is the registrar's own, or the reason no CA's.
        CaRefused: the CA knows no such name or certificate.
    """
    if name == registrar.enrollment_id and not serial:
        raise InvalidRevocation(
            f"{name} is the registrar of {registrar.msp_id}: without it nobody of the organisation"
            " could be enrolled, renewed or revoked.",
            next_step="End one of its certificates with --serial.",
        )
    org = network.org(registrar.msp_id)
    aki = _key_id(org.msp_ca) if serial else ""
    async with CaClient(org.ca_url, org.tls_ca, org.ca_name) as ca:
        try:
            return await ca.revoke(registrar, name, serial=serial, aki=aki, reason=reason)
        except CaRefused as refused:
            refused.next_step = _REVOCATION_ADVICE.get(refused.code, "")
            raise


def _key_id(root: str) -> str:
    """The authority key id of what this root issues, in hex."""
    try:
        extensions = read_certificate(root.encode()).extensions
        found = extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except (ValueError, x509.ExtensionNotFound):
        raise NetworkFileError("The network file's 'msp_ca' is no root of a CA.") from None
    return found.value.digest.hex()
