# SPDX-License-Identifier: Apache-2.0
"""What a hostile CA answers to its client: an error of the client's tree, or what was asked for."""

import asyncio
import base64
import json
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.checks import attempt, examples, pem
from tests.fuzz.damage import documents, scarred
from tests.network.wire import Person

from pmcb_client.enrolment import CaClient, CaInfo, Enrolment
from pmcb_client.errors import EnrolmentError
from pmcb_client.gateway import Identity
from pmcb_client.revocation import Revocation
from pmcb_client.wallet import WalletIdentity
from pmcb_network.embedded._authority import Authority, certificate_pem

pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
NOW_MS = 1_700_000_000_000
CA = Authority.make("ca", "HospitalAMSP", now_ms=NOW_MS)
ALICE = Person.issue(CA, "HospitalAMSP", "alice", now_ms=NOW_MS)
IDENTITY = Identity("HospitalAMSP", ALICE.certificate)
SECRET = "secret-of-alice"
DER = ALICE.x509.public_bytes(Encoding.DER)
GIVEN: dict[str, Any] = {
    "success": True,
    "result": {
        "Cert": "@cert@",
        "CAName": "ca-a",
        "CAChain": base64.b64encode(certificate_pem(CA.certificate)).decode(),
        "Version": "1.5.15",
        "secret": "0123456789",
        "RevokedCerts": [{"Serial": "12", "AKI": "34"}],
        "CRL": base64.b64encode(CA.revocation_list([(1, NOW_MS)], now_ms=NOW_MS)).decode(),
    },
    "errors": [],
    "messages": [],
}
ODD = [
    {**GIVEN, "result": {**GIVEN["result"], **change}}
    for change in ({"RevokedCerts": [3]}, {"RevokedCerts": None}, {"Cert": 3}, {"CRL": "eHg="})
]
WORDS = "\x1b[2JNo.\r\nNo\u202e"
REFUSED = {"success": False, "result": "", "errors": [{"code": 20, "message": WORDS}]}

SOUND_OR_ODD = st.sampled_from([json.dumps(each).encode() for each in (GIVEN, *ODD)])


class HostileCa(httpx.AsyncBaseTransport):
    """A CA that issues what is asked for, and damages its answers."""

    draw: st.DrawFn

    async def handle_async_request(self, request):
        fields = json.loads(await request.aread())
        draw = self.draw
        body = draw(documents(GIVEN, REFUSED) | SOUND_OR_ODD)
        certificate = pem(draw(scarred(DER)))
        if (csr := fields.get("certificate_request")) and draw(st.booleans()):
            key = x509.load_pem_x509_csr(csr.encode()).public_key()
            assert isinstance(key, ec.EllipticCurvePublicKey)
            certificate = certificate_pem(CA.issue(key, "alice", now_ms=NOW_MS))
        return httpx.Response(
            draw(st.sampled_from((200, 201, 301, 401, 500))),
            headers=draw(st.sampled_from(({}, {}, {}, {"Content-Encoding": "gzip"}))),
            content=body.replace(b"@cert@", base64.b64encode(certificate)),
            request=request,
        )


@pytest.fixture(scope="module")
def hostile_ca():
    """A CA's client, its loop, and the transport whose `draw` decides what it is answered."""
    transport = HostileCa()
    root = certificate_pem(CA.certificate)
    with asyncio.Runner() as runner:
        client = CaClient("https://localhost:1", root, "ca", transport=transport)
        yield client, runner.run, transport
        runner.run(client.close())


@examples(80)
@given(st.data(), st.sampled_from(("info", "enroll", "reenroll", "register", "revoke", "gencrl")))
def test_damaged_answers_of_a_ca_are_values_or_errors_of_its_tree(hostile_ca, data, name):
    """Every call of the CA's client: what it promises, or an EnrolmentError in one quiet line."""
    ca, run, transport = hostile_ca
    transport.draw = data.draw
    held = WalletIdentity("alice", IDENTITY, ALICE.key)
    arguments: tuple[Any, ...] = {
        "info": (),
        "enroll": ("alice", SECRET),
        "register": (held, "bob", {}),
        "revoke": (held, "bob"),
    }.get(name, (held,))
    found, error = attempt(EnrolmentError, run, getattr(ca, name)(*arguments))
    if error is not None:
        assert str(error).isprintable()
        assert len(str(error)) < 1000
        assert SECRET not in str(error)
    else:
        assert isinstance(found, CaInfo | Enrolment | str | Revocation | bytes)
