# SPDX-License-Identifier: Apache-2.0
"""Who calls a CA, and a CA that says what a test wants."""

from dataclasses import dataclass

import httpx
from cryptography import x509

from pmcb_client.enrolment import CaClient
from pmcb_client.gateway import Identity, P256Signer, Signer

MSP = "HospitalAMSP"
URL = "https://localhost:7054"


@dataclass(frozen=True)
class Person:
    """An identity with its signer."""

    identity: Identity
    signer: Signer


async def enrolled(ca, registrar, name, **attributes):
    """Somebody with a role."""
    secret = await ca.register(registrar, name, {"pmcb.role": "receiver", **attributes}, -1)
    made = await ca.enroll(name, secret)
    return Person(Identity(MSP, made.certificate_pem), P256Signer(made.private_key)), secret


def certificate(person):
    return x509.load_pem_x509_certificate(person.identity.certificate_pem)


def listed(crl_pem):
    """Serial numbers, in hex."""
    return {f"{one.serial_number:x}" for one in x509.load_pem_x509_crl(crl_pem)}


def answering(status, text, org):
    """A client of a CA that answers this to everything."""
    transport = httpx.MockTransport(lambda _: httpx.Response(status, text=text))
    return CaClient(URL, org.tls_ca, "ca-a", transport=transport)
