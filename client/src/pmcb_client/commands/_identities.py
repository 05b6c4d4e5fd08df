# SPDX-License-Identifier: Apache-2.0
"""How identities of the wallet are chosen and described."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pmcb_client.cli import Settings
from pmcb_client.usage_errors import IdentityChoice, InputError

from .acting import choose

if TYPE_CHECKING:
    from pmcb_client.network_file import NetworkFile
    from pmcb_client.wallet import Wallet, WalletIdentity

_SOON = timedelta(days=30)


def registrars_organisation(network: "NetworkFile", wallet: "Wallet", org: str | None) -> str:
    """The organisation of ``--org``; else the only one whose registrar the wallet holds.

    Raises:
        InputError: several, or none.
    """
    from pmcb_client.wallet import registrar_label

    if org is not None:
        return org
    known = [one.msp for one in network.orgs]
    ours = [msp for msp in known if registrar_label(msp) in wallet.list()]
    if len(ours) == 1:
        return ours[0]
    raise InputError(
        f"The wallet holds the registrars of several organisations: {', '.join(ours)}."
        if ours
        else "The wallet holds no organisation's registrar.",
        next_step="Choose one with --org MSP."
        if ours
        else "Enrol where `pmcb network up` was run.",
    )


def named(settings: Settings, label: str | None) -> "WalletIdentity":
    """The identity ``label``; else the one of ``--as``; else the only one there is.

    Raises:
        IdentityChoice: there are several.
        WalletError: the one named cannot be used.
    """
    from pmcb_client.wallet import Wallet

    wallet = Wallet(settings.home / "wallet")
    if label is not None:
        return wallet.get(label)
    if settings.label is None and len(wallet.list()) > 1:
        raise IdentityChoice(
            "The wallet holds several identities.", next_step="Name one; `pmcb id list` shows them."
        )
    return choose(settings)


def network_of(settings: Settings) -> "NetworkFile | None":
    """The home's network, if it has one that can be read."""
    from pmcb_client.errors import NetworkFileError
    from pmcb_client.network_file import load

    try:
        return load(settings.home / "network.json")
    except NetworkFileError:
        return None


def described(
    identity: "WalletIdentity", network: "NetworkFile | None" = None, **more: object
) -> dict[str, object]:
    """What is printed of an identity; with the network, whether its CA has revoked it."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = identity.private_key.public_key()
    return {
        "label": identity.label,
        "uid": identity.uid,
        "msp": identity.msp_id,
        "enrollment_id": identity.enrollment_id,
        "role": identity.role,
        "expires": f"{identity.certificate.not_valid_after_utc:%Y-%m-%d}",
        "state": _state(identity, network),
        "serial": f"{identity.certificate.serial_number:x}",
        "key": public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint).hex(),
        **more,
    }


def _state(identity: "WalletIdentity", network: "NetworkFile | None") -> str:
    """As far as this home knows: a list that was written later is not in its network.json."""
    orgs = network.orgs if network is not None else ()
    serial = identity.certificate.serial_number
    if any(org.msp == identity.msp_id and serial in org.revoked() for org in orgs):
        return "revoked"
    soon = identity.certificate.not_valid_after_utc - datetime.now(UTC) < _SOON
    return "expires soon" if soon else "valid"
