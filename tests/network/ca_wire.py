# SPDX-License-Identifier: Apache-2.0
"""Calls of a CA by hand: requests, tokens, certificates."""

import base64
import json
import ssl

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.network.wire import Person

ATTRIBUTES = x509.ObjectIdentifier("1.2.3.4.5.6.7.8.1")
A = "HospitalAMSP"


class Ca:
    """Raw HTTP to one CA, with tokens made by hand."""

    def __init__(self, network, index=0):
        self.org = network.network_file["orgs"][index]
        trust = ssl.create_default_context(cadata=self.org["tls_ca"])
        self.http = httpx.AsyncClient(base_url=self.org["ca_url"], verify=trust, trust_env=False)
        self.secret = network.registrars[self.org["msp"]][1]

    async def post(self, path, body, **more):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = await self.http.post(f"/api/v1/{path}", content=content, **more)
        document = answer.json()
        codes = [error["code"] for error in document["errors"]]
        assert set(document) == {"success", "result", "errors", "messages"}
        assert document["success"] is (not codes)
        return answer.status_code, codes, document["result"]

    async def enroll(self, name, secret, *, csr=None, **more):
        body = {"certificate_request": csr or request(name), "caname": self.org["ca_name"], **more}
        return await self.post("enroll", body, auth=(name, secret))

    async def register(self, caller: Person, *, change=lambda token: token, **more):
        body = {"type": "client", "max_enrollments": 1, "affiliation": "", "attrs": [], **more}
        content = json.dumps(body).encode()
        token = change(authorization(caller, "POST", "/api/v1/register", content))
        return await self.post("register", content, headers={"Authorization": token})

    async def registrar(self) -> Person:
        key = ec.generate_private_key(ec.SECP256R1())
        _, _, result = await self.enroll("registrar", self.secret, csr=request("registrar", key))
        return Person(self.org["msp"], base64.b64decode(result["Cert"]), key)


def authorization(caller, method, path, body):
    coded = [base64.b64encode(part).decode() for part in (path.encode(), body, caller.certificate)]
    signature = caller.sign(".".join([method, *coded]).encode())
    return f"{coded[-1]}.{base64.b64encode(signature).decode()}"


def request(name, key=None, *, algorithm=None):
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    )
    signed = builder.sign(key, algorithm or hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def certificate(result):
    return x509.load_pem_x509_certificate(base64.b64decode(result["Cert"]))


def attributes(made):
    try:
        found = made.extensions.get_extension_for_oid(ATTRIBUTES).value.value
    except x509.ExtensionNotFound:
        return None
    return json.loads(found)["attrs"]
