# SPDX-License-Identifier: Apache-2.0
"""Calls of a CA by hand: requests, tokens, certificates, revocation lists."""

import base64
import json
import secrets
import ssl
from dataclasses import asdict, dataclass
from typing import Any, Self

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.fabric import Fabric
from tests.network.wire import Person

ATTRIBUTES = x509.ObjectIdentifier("1.2.3.4.5.6.7.8.1")
A = "HospitalAMSP"


@dataclass(frozen=True)
class Bob:
    """An id with the secret that enrols it, and the identity it enrolled."""

    name: str
    secret: str
    identity: Person


class Ca:
    """Raw HTTP to one CA, with tokens made by hand.

    The ids of one object are its own: what it calls `bob` no earlier run has registered, so it may
    speak to a CA that lives on.
    """

    def __init__(self, org: dict[str, Any], registrar: tuple[str, str], kind: str) -> None:
        self.org = org
        self.kind = kind
        self.registrar_id, self.secret = registrar
        self._run = secrets.token_hex(4)
        trust = ssl.create_default_context(cadata=org["tls_ca"])
        self.http = httpx.AsyncClient(base_url=org["ca_url"], verify=trust, trust_env=False)

    @classmethod
    def of(cls, network, index: int = 0) -> Self:
        org = network.network_file["orgs"][index]
        return cls(org, network.registrars[org["msp"]], "embedded")

    def name(self, name: str) -> str:
        """The id that this object means by `name`."""
        return f"{name}.{self._run}"

    async def post(self, path: str, body: object, **more: Any):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = await self.http.post(f"/api/v1/{path}", content=content, **more)
        document = answer.json()
        codes = [error["code"] for error in document["errors"]]
        assert set(document) == {"success", "result", "errors", "messages"}
        assert document["success"] is (not codes)
        return answer.status_code, codes, document["result"]

    async def call(self, path: str, fields: object, caller: Person, *, change=lambda token: token):
        """A call under the caller's token, which `change` may spoil."""
        content = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
        token = change(authorization(caller, "POST", f"/api/v1/{path}", content))
        return await self.post(path, content, headers={"Authorization": token})

    async def enroll(self, name: str, secret: str, *, csr: str | None = None, **more: Any):
        body = {"certificate_request": csr or request(name), "caname": self.org["ca_name"], **more}
        return await self.post("enroll", body, auth=(name, secret))

    async def register(self, caller: Person, *, change=lambda token: token, **more: Any):
        body = {"type": "client", "max_enrollments": 1, "affiliation": "", "attrs": [], **more}
        return await self.call("register", body, caller, change=change)

    async def reenroll(self, caller: Person, *, csr: str | None = None, **more: Any):
        name = enrollment_id(caller)
        return await self.call(
            "reenroll", {"certificate_request": csr or request(name), **more}, caller
        )

    async def registrar(self) -> Person:
        return await self._enrolled(self.registrar_id, self.secret)

    async def person(self, registrar: Person, name: str, **more: Any) -> Bob:
        """Registers and enrols; any number of enrolments unless `more` says so."""
        more = {"max_enrollments": -1, **more}
        _, _, result = await self.register(registrar, id=self.name(name), **more)
        secret = result["secret"]
        return Bob(self.name(name), secret, await self._enrolled(self.name(name), secret))

    async def again(self, bob: Bob) -> Person:
        """One more certificate for somebody's secret."""
        return await self._enrolled(bob.name, bob.secret)

    async def _enrolled(self, name: str, secret: str) -> Person:
        key = ec.generate_private_key(ec.SECP256R1())
        _, _, result = await self.enroll(name, secret, csr=request(name, key))
        return Person(self.org["msp"], base64.b64decode(result["Cert"]), key)


def fabrics_ca(fabric: Fabric) -> tuple[dict[str, Any], tuple[str, str]]:
    """The first organisation of a Fabric network, and its registrar."""
    org = fabric.file.orgs[0]
    return asdict(org), fabric.registrars[org.msp]


def authorization(caller: Person, method: str, path: str, body: bytes) -> str:
    coded = [base64.b64encode(part).decode() for part in (path.encode(), body, caller.certificate)]
    signature = caller.sign(".".join([method, *coded]).encode())
    return f"{coded[-1]}.{base64.b64encode(signature).decode()}"


def enrollment_id(person: Person) -> str:
    (name,) = person.x509.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(name.value)


def request(name, key=None, *, algorithm=None):
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    )
    signed = builder.sign(key, algorithm or hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def certificate(result):
    return x509.load_pem_x509_certificate(base64.b64decode(result["Cert"]))


def names(made: x509.Certificate) -> dict[str, str]:
    """Serial number and authority key id as a revocation names them."""
    extension = made.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    authority = extension.value.key_identifier
    assert authority is not None
    return {"serial": f"{made.serial_number:x}", "aki": authority.hex().lstrip("0")}


def revoked_in(coded: str) -> set[int]:
    """The serial numbers in a revocation list as a CA answers it."""
    listed = x509.load_pem_x509_crl(base64.b64decode(coded))
    return {one.serial_number for one in listed}


def attributes(made):
    try:
        found = made.extensions.get_extension_for_oid(ATTRIBUTES).value.value
    except x509.ExtensionNotFound:
        return None
    return json.loads(found)["attrs"]
