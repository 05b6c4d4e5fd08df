# SPDX-License-Identifier: Apache-2.0
"""What our Node scripts are told: where the network is, who asks, and what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.network.wire import Person
from tests.scenarios.world import Person as Member

from pmcb_client.gateway import P256Signer

Step = dict[str, Any]


def job(network, certificate: str, key: str, steps: Sequence[Step], *, index: int = 0):
    """A job for somebody of the organisation at `index` of an embedded network."""
    return job_for(
        network.network_file, network.network_file["orgs"][index], certificate, key, steps
    )


def job_for(file: Mapping[str, Any], org: Mapping[str, Any], certificate: str, key: str, steps):
    """The same with the facts of any network file."""
    return {
        "gateway": org["gateway"],
        "tls_ca": org["tls_ca"],
        "msp": org["msp"],
        "certificate": certificate,
        "key": key,
        "channel": file["channel"],
        "chaincode": file["chaincode"],
        "steps": steps,
    }


def job_by(person: Member, steps: Sequence[Step]):
    """A job for somebody of a story."""
    file = person.world.place.file
    credentials = person.credentials
    assert isinstance(credentials.signer, P256Signer)
    certificate = credentials.identity.certificate_pem.decode()
    key = pem(credentials.signer._key)
    return job_for(asdict(file), asdict(file.org(person.msp)), certificate, key, steps)


def job_of(network, who: Person, steps: Sequence[Step]):
    return job(network, who.certificate.decode(), pem(who.key), steps) | {"msp": who.msp_id}


def pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def evaluate(*call: str, **more: Any) -> Step:
    """More: `transient`, `chaincode`; off-line `sign` (what is signed) and another `key`."""
    return {"do": "evaluate", "call": call, **more}


def submit(*call: str, **more: Any) -> Step:
    """As for `evaluate`, and `orgs`, which are to endorse."""
    return {"do": "submit", "call": call, **more}


def conflict(*calls: Sequence[str]) -> Step:
    """All endorsed on one state, then submitted in this order."""
    return {"do": "conflict", "calls": calls}


def listen(name: str, kind: str = "chaincode", **more: Any) -> Step:
    """Kinds: chaincode, blocks, filtered, private. More: `start`, `checkpoint`, `sign`, `key`."""
    return {"do": "listen", "name": name, "kind": kind, **more}


def take(name: str, count: int = 1) -> Step:
    return {"do": "take", "name": name, "count": count}


def close(name: str) -> Step:
    return {"do": "close", "name": name}
