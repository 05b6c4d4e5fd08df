# SPDX-License-Identifier: Apache-2.0
"""The network that stories are told on, and who is enrolled there."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from pmcb_client.enrolment import Enrolment
from pmcb_client.gateway import Identity, P256Signer, Signer
from pmcb_client.network_file import NetworkFile


@dataclass(frozen=True)
class Enrolled:
    """An identity and its signer."""

    identity: Identity
    signer: Signer

    @classmethod
    def of(cls, msp: str, enrolment: Enrolment) -> "Enrolled":
        identity = Identity(msp, enrolment.certificate_pem)
        return cls(identity, P256Signer(enrolment.private_key))


@dataclass(frozen=True)
class Place:
    """Where a network is, and who may register people there."""

    kind: str
    file: NetworkFile
    registrars: Mapping[str, tuple[str, str]]
    enrolled: dict[tuple[str, str, str], Enrolled] = field(default_factory=dict)
    registrar_ids: dict[str, Enrolled] = field(default_factory=dict)
    run: str = field(default_factory=lambda: secrets.token_hex(3))
