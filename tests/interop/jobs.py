# SPDX-License-Identifier: Apache-2.0
"""What our Node scripts are told: where the network is, who asks, and what to do."""

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def job(network, certificate, key, steps, *, index=0):
    org = network.network_file["orgs"][index]
    return {
        "gateway": org["gateway"],
        "tls_ca": org["tls_ca"],
        "msp": org["msp"],
        "certificate": certificate,
        "key": key,
        "channel": "pmcb",
        "chaincode": "notes",
        "steps": steps,
    }


def job_of(network, who, steps):
    key = who.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return job(network, who.certificate.decode(), key.decode(), steps)
