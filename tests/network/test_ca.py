# SPDX-License-Identifier: Apache-2.0
"""The CA's REST calls, as Fabric CA answers them."""

import base64
import resource

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.network.ca_wire import Ca, attributes, authorization, certificate, request
from tests.network.conftest import person
from tests.network.contracts import Notes
from tests.network.wire import high_s

from pmcb_client.enrolment import CaClient
from pmcb_client.errors import CaRefused
from pmcb_client.gateway import Identity
from pmcb_client.wallet import Wallet
from pmcb_network.embedded import EmbeddedNetwork
from pmcb_network.embedded._authority import Authority

ATTRIBUTES = x509.ObjectIdentifier("1.2.3.4.5.6.7.8.1")
A = "HospitalAMSP"


@pytest.fixture
async def ca(network):
    made = Ca(network)
    async with made.http:
        yield made


async def test_a_wrong_secret_enrols_nobody(ca):
    """Unknown id, wrong secret, no header, another scheme: Fabric's code 20 or 2, 401."""
    assert (await ca.enroll("nobody", "secret"))[:2] == (401, [20])
    assert (await ca.enroll("registrar", "secret"))[:2] == (401, [20])
    assert (await ca.post("enroll", {}))[:2] == (401, [2])
    for header in ("Bearer x", "Basic ???", "Basic " + base64.b64encode(b"no colon").decode()):
        assert (await ca.post("enroll", {}, headers={"Authorization": header}))[0] == 401


async def test_a_bad_request_enrols_nobody(ca):
    """No CSR, one for another name, an RSA key, an altered one, an unknown profile or CA."""
    secret = ca.secret
    other_key = rsa.generate_private_key(65537, 2048)
    altered = request("registrar").replace("\nM", "\nN", 1)
    for csr, expected in (
        ("no csr", (400, [31])),
        (altered, (400, [31])),
        (request("registrar", other_key), (400, [31])),
        (request("somebody"), (403, [77])),
    ):
        assert (await ca.enroll("registrar", secret, csr=csr))[:2] == expected
    assert (await ca.enroll("registrar", secret, profile="ca"))[:2] == (400, [31])
    assert (await ca.enroll("registrar", secret, caname="other"))[:2] == (404, [19])
    for body in (b"", b"[]", b"{", b'{"certificate_request": 5}'):
        assert (await ca.post("enroll", body, auth=("registrar", secret)))[:2] == (400, [5])


async def test_what_is_too_large_or_unknown_is_refused(ca):
    """A body without end, a call that is not offered (by its name), a method that is not."""
    assert (await ca.post("enroll", b"x" * 300_000))[:2] == (413, [3])
    assert (await ca.post("revoke", {}))[:2] == (404, [1])
    answer = await ca.http.get("/api/v1/enroll")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (405, 1)
    for name in ("reenroll", "revoke"):
        answer = await ca.http.post(f"/api/v1/{name}")
        said = answer.json()["errors"][0]["message"]
        assert said == f"/api/v1/{name} is not offered by the embedded network's CA"


async def test_a_bad_token_registers_nobody(network, ca):
    """Unsigned, altered, high S, another CA's person, a registrar of the other organisation."""
    registrar = await ca.registrar()
    for change in (
        lambda _: "",
        lambda _: "x.y",
        lambda token: token.partition(".")[0],
        lambda token: token.partition(".")[0] + "." + _high(token.partition(".")[2]),
        lambda token: token[:-8] + "AAAAAAA=",
    ):
        assert (await ca.register(registrar, id="bob", change=change))[:2] == (401, [20])
    body = b'{"id": "bob"}'
    token = authorization(registrar, "POST", "/api/v1/register", b'{"id": "eve"}')
    answer = await ca.post("register", body, headers={"Authorization": token})
    assert answer[:2] == (401, [20])
    stranger = person(network, "registrar", index=1)
    assert (await ca.register(stranger, id="bob"))[:2] == (401, [20])


def _high(signature):
    return base64.b64encode(high_s(base64.b64decode(signature))).decode()


async def test_only_the_registrar_registers(network, ca):
    """Another person of the organisation is known, and may not."""
    assert (await ca.register(person(network, "alice"), id="bob"))[:2] == (403, [71])


async def test_a_bad_registration_is_refused(ca):
    """An odd id, type, number or attribute, an affiliation, an attribute that is the CA's own."""
    registrar = await ca.registrar()
    for more, expected in (
        ({"id": ""}, (400, [5])),
        ({"id": "a b"}, (400, [5])),
        ({"id": "x" * 65}, (400, [5])),
        ({"id": "bob", "max_enrollments": "1"}, (400, [5])),
        ({"id": "bob", "max_enrollments": -2}, (400, [5])),
        ({"id": "bob", "attrs": ["x"]}, (400, [5])),
        ({"id": "bob", "type": "king"}, (403, [71])),
        ({"id": "bob", "affiliation": "a.b"}, (403, [71])),
        ({"id": "bob", "attrs": [{"name": "hf.EnrollmentID", "value": "eve"}]}, (403, [71])),
    ):
        assert (await ca.register(registrar, **more))[:2] == expected
    assert (await ca.register(registrar, id="bob"))[:2] == (201, [])
    assert (await ca.register(registrar, id="bob"))[:2] == (409, [74])


async def test_a_secret_is_used_up(ca):
    """As often as registered, not once more; 0 and -1 mean any number."""
    registrar = await ca.registrar()
    for times, left in ((1, 1), (2, 2), (0, 4), (-1, 4)):
        name = f"bob{times}"
        _, _, result = await ca.register(registrar, id=name, max_enrollments=times)
        secret = result["secret"]
        assert [(await ca.enroll(name, secret))[0] for _ in range(left)] == [201] * left
        assert (await ca.enroll(name, secret))[0] == (401 if left == times else 201)


async def test_a_refused_request_uses_up_nothing(ca):
    """A mistake in the CSR or the hosts leaves the one enrolment to its owner."""
    _, _, result = await ca.register(await ca.registrar(), id="bob")
    secret = result["secret"]
    assert (await ca.enroll("bob", secret, csr="no csr"))[0] == 400
    for hosts in (5, "a.b", {"a.b": 1}, [5], ["klinik-süd"], ["a b"], ["a" * 254]):
        assert (await ca.enroll("bob", secret, hosts=hosts))[:2] == (400, [5])
    assert (await ca.enroll("bob", secret, hosts=[""]))[0] == 201


async def test_the_registrars_certificate_has_no_attributes(ca):
    """It registers others, and is nobody for the contract."""
    registrar = await ca.registrar()
    assert attributes(registrar.x509) is None


async def test_a_certificate_says_what_was_registered(ca):
    """Attributes marked for it and Fabric's three; the type as unit; naming some replaces all."""
    wanted = [
        {"name": "pmcb.role", "value": "receiver", "ecert": True},
        {"name": "shelf", "value": "7", "ecert": False},
    ]
    registrar = await ca.registrar()
    _, _, result = await ca.register(registrar, id="bob", attrs=wanted, max_enrollments=3)
    secret = result["secret"]
    made = certificate((await ca.enroll("bob", secret))[2])
    assert attributes(made) == {
        "pmcb.role": "receiver",
        "hf.EnrollmentID": "bob",
        "hf.Type": "client",
        "hf.Affiliation": "",
    }
    units = made.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATIONAL_UNIT_NAME)
    assert [unit.value for unit in units] == ["client"]
    named = [{"name": "shelf"}, {"name": "none", "optional": True}]
    made = certificate((await ca.enroll("bob", secret, attr_reqs=named))[2])
    assert attributes(made) == {"shelf": "7"}
    assert (await ca.enroll("bob", secret, attr_reqs=[{"name": "none"}]))[0] == 400


async def test_a_tls_certificate_names_its_hosts(ca):
    """Profile `tls`: for servers and clients, names and addresses."""
    _, _, result = await ca.enroll(
        "registrar", ca.secret, profile="tls", hosts=["a.b", "127.0.0.1"]
    )
    made = certificate(result)
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == ["a.b", "127.0.0.1"]
    uses = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [use._name for use in uses] == ["serverAuth", "clientAuth"]


async def test_a_chosen_secret_enrols(ca):
    """A registrar may hand out a secret of its own; it is kept only as a slow digest."""
    registrar = await ca.registrar()
    assert (await ca.register(registrar, id="bob", secret="tulip"))[2] == {"secret": "tulip"}
    assert (await ca.enroll("bob", "rose"))[:2] == (401, [20])
    assert (await ca.enroll("bob", "tulip"))[:2] == (201, [])


async def test_our_own_client_enrols_and_registers(network, tmp_path):
    """The same client as against fabric-ca-server, wallet included."""
    org = network.network_file["orgs"][0]
    async with CaClient(org["ca_url"], org["tls_ca"], org["ca_name"]) as client:
        info = await client.info()
        assert (info.name, info.chain_pem.decode()) == (org["ca_name"], org["msp_ca"])
        first = await client.enroll(*network.registrars[A])
        wallet = Wallet(tmp_path / "wallet")
        registrar = wallet.put("reg", Identity(A, first.certificate_pem), first.private_key)
        secret = await client.register(registrar, "bob", {"pmcb.role": "releaser"})
        made = await client.enroll("bob", secret)
        bob = wallet.put("bob", Identity(A, made.certificate_pem), made.private_key)
        assert (bob.uid, bob.role) == (f"{A}/bob", "releaser")
        with pytest.raises(CaRefused) as caught:
            await client.enroll("bob", secret)
        assert caught.value.code == 20


async def test_registrations_outlive_the_process(tmp_path):
    """An id registered before a restart enrols after it, at the same CA, once."""
    async with EmbeddedNetwork(tmp_path, contract=Notes()) as network:
        ca = Ca(network)
        async with ca.http:
            _, _, result = await ca.register(await ca.registrar(), id="bob")
        before = network.network_file
    async with EmbeddedNetwork(tmp_path, contract=Notes()) as network:
        assert network.network_file == before
        ca = Ca(network)
        async with ca.http:
            assert (await ca.enroll("bob", result["secret"]))[0] == 201
            assert (await ca.enroll("bob", result["secret"]))[0] == 401


async def test_a_full_disk_is_told(ca):
    """Nothing is half registered: 503 with the likely reason, and later it works."""
    registrar = await ca.registrar()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1]))
    try:
        assert (await ca.register(registrar, id="bob"))[:2] == (503, [0])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (await ca.register(registrar, id="bob"))[:2] == (201, [])


async def test_a_defect_of_the_ca_is_answered_and_logged_without_values(ca, monkeypatch, caplog):
    """A sentence for the client, class and place for the log."""

    def fail(*_, **__):
        raise RuntimeError("secret words")

    monkeypatch.setattr(Authority, "issue", fail)
    assert (await ca.enroll("registrar", ca.secret))[:2] == (500, [0])
    assert "RuntimeError at test_ca.py:" in caplog.text
    assert "secret words" not in caplog.text
