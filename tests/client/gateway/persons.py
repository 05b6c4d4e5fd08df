# SPDX-License-Identifier: Apache-2.0
"""Members of an embedded network's organisations."""

from dataclasses import dataclass

from pmcb_client.enrolment import CaClient
from pmcb_client.gateway import Identity, P256Signer, Signer
from pmcb_client.network_file import parse


@dataclass(frozen=True)
class Person:
    """An identity with its signer."""

    identity: Identity
    signer: Signer


async def enrol(network, name, msp="HospitalAMSP"):
    """A receiver, registered and enrolled at its organisation's CA."""
    org = parse(network.network_file).org(msp)
    async with CaClient(org.ca_url, org.tls_ca, org.ca_name) as ca:
        admin = await ca.enroll(*network.registrars[msp])
        registrar = Person(Identity(msp, admin.certificate_pem), P256Signer(admin.private_key))
        secret = await ca.register(registrar, name, {"pmcb.role": "receiver"})
        enrolled = await ca.enroll(name, secret)
    return Person(Identity(msp, enrolled.certificate_pem), P256Signer(enrolled.private_key))
