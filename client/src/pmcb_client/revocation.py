# SPDX-License-Identifier: Apache-2.0
"""What it is to revoke: the reasons that a CA knows, and what it answers."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Revocation", "RevocationReason", "RevokedCertificate"]


class RevocationReason(StrEnum):
    """Why, as Fabric CA names the reasons of RFC 5280, 5.3.1.

    Without ``removefromcrl``: a Fabric CA revokes under that name, too.
    """

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "keycompromise"
    CA_COMPROMISE = "cacompromise"
    AFFILIATION_CHANGED = "affiliationchanged"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessationofoperation"
    CERTIFICATE_HOLD = "certificatehold"
    PRIVILEGE_WITHDRAWN = "privilegewithdrawn"
    AA_COMPROMISE = "aacompromise"


@dataclass(frozen=True)
class RevokedCertificate:
    """A certificate by serial number and authority key id, in hex without leading zeros."""

    serial: str
    aki: str


@dataclass(frozen=True)
class Revocation:
    """What a call revoked, which may be nothing, and the CA's whole list (PEM) after it."""

    certificates: tuple[RevokedCertificate, ...]
    crl_pem: bytes
