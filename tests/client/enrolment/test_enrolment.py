# SPDX-License-Identifier: Apache-2.0
import base64
import json
import socket
from hashlib import sha256

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from tests.client.enrolment.people import MSP, URL, Person, answering

from pmcb_client.enrolment import CaClient, authorization_token
from pmcb_client.errors import CaRefused, CaUnavailable, InvalidEnrolmentId
from pmcb_client.gateway import Identity, P256Signer
from pmcb_client.wallet import Wallet

# Denials.


@pytest.mark.parametrize("name", ["", "a b", "a:b", "é", "x" * 65, "a/b"])
async def test_a_name_that_cannot_be_enrolled_is_refused_here(ca, registrar, name):
    """Before anything is sent; it would break the header or the uid."""
    with pytest.raises(InvalidEnrolmentId) as caught:
        await ca.enroll(name, "secret")
    assert caught.value.exit_code == 2
    with pytest.raises(InvalidEnrolmentId):
        await ca.register(registrar, name, {})


async def test_a_wrong_secret_is_refused(ca, registrar):
    """With the CA's own code; the secret is in no message."""
    secret = await ca.register(registrar, "once", {"pmcb.role": "receiver"})
    with pytest.raises(CaRefused) as caught:
        await ca.enroll("once", secret + "x")
    assert caught.value.code == 20
    assert caught.value.exit_code == 1
    assert secret not in str(caught.value)


async def test_a_secret_serves_once(ca, registrar):
    """Unless more enrolments were asked for."""
    once = await ca.register(registrar, "single", {})
    await ca.enroll("single", once)
    with pytest.raises(CaRefused):
        await ca.enroll("single", once)
    twice = await ca.register(registrar, "double", {}, max_enrollments=2)
    assert await ca.enroll("double", twice)
    assert await ca.enroll("double", twice)


async def test_a_name_is_registered_once(ca, registrar):
    """The CA's code says that it knows the name."""
    await ca.register(registrar, "known", {})
    with pytest.raises(CaRefused, match="already registered") as caught:
        await ca.register(registrar, "known", {})
    assert caught.value.code == 74


async def test_only_a_registrar_registers(ca, registrar):
    """A receiver may not, and nobody with another's certificate."""
    secret = await ca.register(registrar, "plain", {"pmcb.role": "receiver"})
    enrolled = await ca.enroll("plain", secret)
    plain = Person(Identity(MSP, enrolled.certificate_pem), P256Signer(enrolled.private_key))
    forger = Person(registrar.identity, plain.signer)
    for caller in (plain, forger):
        with pytest.raises(CaRefused):
            await ca.register(caller, "intruder", {})


async def test_another_ca_name_is_refused(org):
    """Several CAs may live at one address."""
    async with CaClient(org.ca_url, org.tls_ca, "none") as ca:
        with pytest.raises(CaRefused):
            await ca.info()


async def test_a_ca_that_the_file_does_not_vouch_for_is_not_spoken_to(org, network):
    """Its TLS certificate must chain to the root in the network file."""
    async with CaClient(org.ca_url, org.msp_ca, org.ca_name) as ca:
        with pytest.raises(CaUnavailable, match="vouches for"):
            await ca.enroll(*network.registrars[MSP])


async def test_nothing_listening_is_unavailable(org):
    """Exit code 3, with the address."""
    with socket.socket() as taken:  # bound and not listening: nobody else gets the port
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        async with CaClient(f"https://{address}", org.tls_ca, org.ca_name) as ca:
            with pytest.raises(CaUnavailable, match=address) as caught:
                await ca.info()
    assert caught.value.exit_code == 3
    assert "pmcb network" in caught.value.next_step


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (200, "<html>"),
        (502, "<html>"),
        (200, "[]"),
        (200, "{}"),
        (200, '{"success": true, "result": 7}'),
        (200, '{"success": true, "result": {}}'),
        (200, '{"success": true, "result": {"CAName": "a", "CAChain": "?", "Version": "1"}}'),
        (500, '{"success": false, "errors": []}'),
        (500, '{"success": false, "errors": ["x"]}'),
    ],
)
async def test_what_is_no_ca_is_named_so(org, status, text):
    """A web page, another service, half an answer."""
    async with answering(status, text, org) as ca:
        with pytest.raises(CaUnavailable):
            await ca.info()


async def test_a_certificate_over_another_key_is_not_taken(org):
    """Whoever answers must certify the key that was made here."""
    for pem in (org.msp_ca, "no certificate"):
        result = {"Cert": base64.b64encode(pem.encode()).decode()}
        text = json.dumps({"success": True, "result": result})
        async with answering(201, text, org) as ca:
            with pytest.raises(CaUnavailable):
                await ca.enroll("receiver1", "secret")


def test_a_root_that_is_no_certificate_is_refused():
    """Before anything is sent."""
    for roots in ("", "none", b"none", "-----BEGIN CERTIFICATE-----\nx\n"):
        with pytest.raises(ValueError, match="PEM"):
            CaClient(URL, roots, "ca-a")


# The good path.


async def test_an_enrolled_certificate_carries_what_was_registered(ca, registrar, tmp_path):
    """Role and enrolment id, over a key that never left this process."""
    secret = await ca.register(registrar, "receiver1", {"pmcb.role": "receiver"})
    enrolled = await ca.enroll("receiver1", secret)
    wallet = Wallet(tmp_path / "wallet")
    wallet.put("me", Identity(MSP, enrolled.certificate_pem), enrolled.private_key)
    me = wallet.get("me")
    assert (me.uid, me.role) == (f"{MSP}/receiver1", "receiver")
    assert "private" not in repr(enrolled).lower()


async def test_a_ca_says_who_it_is(ca, org):
    """Name, chain, version."""
    info = await ca.info()
    assert info.name == org.ca_name
    assert info.chain_pem.decode() == org.msp_ca
    assert info.version


def test_a_token_signs_method_target_body_and_certificate():
    """``C.S`` over ``METHOD.b64(target).b64(body).C``; checked by hand on a small call."""
    key = ec.generate_private_key(ec.SECP256R1())
    person = Person(Identity(MSP, b"PEM"), P256Signer(key))
    token = authorization_token(person, "POST", "/api/v1/register?ca=a", b"{}")
    certificate, signature = token.split(".")
    assert certificate == "UEVN"
    message = b"POST.L2FwaS92MS9yZWdpc3Rlcj9jYT1h.e30=.UEVN"
    key.public_key().verify(base64.b64decode(signature), message, ec.ECDSA(SHA256()))
    echo = Person(person.identity, lambda digest: digest)
    echoed = authorization_token(echo, "POST", "/api/v1/register?ca=a", b"{}").split(".")[1]
    assert base64.b64decode(echoed) == sha256(message).digest()


async def test_a_request_names_the_id_and_asks_for_no_attribute(org):
    """Naming any would replace the defaults, and the enrolment id would be missing."""
    seen = []

    def answer(request):
        seen.append(request)
        return httpx.Response(401, json={"success": False, "errors": [{"code": 20}]})

    transport = httpx.MockTransport(answer)
    async with CaClient(URL, org.tls_ca, "ca-a", transport=transport) as ca:
        with pytest.raises(CaRefused):
            await ca.enroll("receiver1", "s3cret")
    body = json.loads(seen[0].content)
    assert set(body) == {"certificate_request", "caname"}
    request = x509.load_pem_x509_csr(body["certificate_request"].encode())
    names = request.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    assert [name.value for name in names] == ["receiver1"]
    assert request.is_signature_valid
    assert request.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint
    )
    expected = base64.b64encode(b"receiver1:s3cret").decode()
    assert seen[0].headers["Authorization"] == f"Basic {expected}"


async def test_a_node_asks_for_its_type_its_names_and_its_profile(registrar):
    """What a CA of Fabric's needs for a peer and its TLS certificate; a person asks for none."""
    asked = []

    def note(request: httpx.Request) -> httpx.Response:
        asked.append((request.url.path.rpartition("/")[2], json.loads(request.content)))
        return httpx.Response(200, json={"success": True, "result": {"secret": "s", "Cert": "x"}})

    transport = httpx.MockTransport(note)
    root = registrar.identity.certificate_pem
    async with CaClient("https://ca", root, "ca", transport=transport) as ca:
        await ca.register(registrar, "peer0", {}, type="peer")
        with pytest.raises(CaUnavailable):
            await ca.enroll("peer0", "s", hosts=["localhost"], profile="tls")
        with pytest.raises(CaUnavailable):
            await ca.enroll("peer0", "s")
    (_, registered), (_, for_tls), (_, plain) = asked
    assert registered["type"] == "peer"
    assert (for_tls["hosts"], for_tls["profile"]) == (["localhost"], "tls")
    assert not {"hosts", "profile"} & set(plain)
