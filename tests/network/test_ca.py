# SPDX-License-Identifier: Apache-2.0
"""The CA's REST calls, as Fabric CA answers them: the same tests run against fabric-ca-server."""

import base64
import resource

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.network.ca_wire import Ca, attributes, authorization, certificate, request
from tests.network.conftest import person
from tests.network.contracts import Notes
from tests.network.wire import high_s

from pmcb_network.embedded import EmbeddedNetwork
from pmcb_network.embedded._authority import Authority

A = "HospitalAMSP"


def by_kind(ca, embedded, fabric):
    """Where the two differ on purpose."""
    return embedded if ca.kind == "embedded" else fabric


def _high(token):
    pem, _, signature = token.partition(".")
    return f"{pem}.{base64.b64encode(high_s(base64.b64decode(signature))).decode()}"


BAD_TOKENS = {
    "none": (lambda _: "", 2),
    "garbage": (lambda _: "x.y", 20),
    "unsigned": (lambda token: token.partition(".")[0], 20),
    "high S": (_high, 20),
    "altered": (lambda token: token[:-8] + "AAAAAAA=", 20),
}


async def test_a_wrong_secret_enrols_nobody(ca):
    """Unknown id, wrong secret, another scheme, no header: Fabric's code 20 or 2, 401."""
    assert (await ca.enroll("nobody", "secret"))[:2] == (401, [20])
    assert (await ca.enroll(ca.registrar_id, "secret"))[:2] == (401, [20])
    assert (await ca.post("enroll", {}))[:2] == (401, [2])
    for header in ("Bearer x", "Basic ???", "Basic " + base64.b64encode(b"no colon").decode()):
        answer = await ca.post("enroll", {}, headers={"Authorization": header})
        assert answer[:2] == (401, [20])
    await ca.enroll(ca.registrar_id, ca.secret)  # Fabric CA counts wrong secrets up to ten


async def test_a_bad_request_enrols_nobody(ca):
    """No CSR, one for another name, an RSA key, an altered one, an unknown profile or CA.

    Fabric CA answers 500 to some, and certifies RSA keys, which no peer of ours takes.
    """
    name = ca.registrar_id
    altered = request(name).replace("\nM", "\nN", 1)
    rsa_key = rsa.generate_private_key(65537, 2048)
    for csr, expected in (
        ("no csr", (400, [31])),
        (altered, by_kind(ca, (400, [31]), (500, [0]))),
        (request(name, rsa_key), by_kind(ca, (400, [31]), (201, []))),
        (request("somebody"), (403, [77])),
    ):
        assert (await ca.enroll(name, ca.secret, csr=csr))[:2] == expected
    no_profile = await ca.enroll(name, ca.secret, profile="x")
    assert no_profile[:2] == by_kind(ca, (400, [31]), (500, [0]))
    assert (await ca.enroll(name, ca.secret, caname="other"))[:2] == (404, [19])
    bodies = {b"": 4, b"[]": 5, b"{": 5, b'{"certificate_request": 5}': 5, b"{}": 31}
    for body, code in bodies.items():
        assert (await ca.post("enroll", body, auth=(name, ca.secret)))[:2] == (400, [code])


async def test_what_is_too_large_or_unknown_is_refused(own):
    """A body without end, a call that is not offered (by its name), a method that is not."""
    assert (await own.post("enroll", b"x" * 300_000))[:2] == (413, [3])
    answer = await own.http.get("/api/v1/enroll")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (405, 1)
    for name in ("identities", "idemix/credential"):
        answer = await own.http.post(f"/api/v1/{name}")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, 1)
        said = answer.json()["errors"][0]["message"]
        assert said == f"/api/v1/{name} is not offered by the embedded network's CA"


@pytest.mark.parametrize("path", ["register", "reenroll", "revoke", "gencrl"])
async def test_a_bad_token_does_nothing(ca, path):
    """Unsigned, altered, high S, over another body: no call hears it."""
    registrar = await ca.registrar()
    fields = {"id": ca.name("bob"), "certificate_request": request(ca.registrar_id)}
    for change, code in BAD_TOKENS.values():
        assert (await ca.call(path, fields, registrar, change=change))[:2] == (401, [code])
    token = authorization(registrar, "POST", f"/api/v1/{path}", b'{"id": "eve"}')
    answer = await ca.post(path, fields, headers={"Authorization": token})
    assert answer[:2] == (401, [20])


@pytest.mark.parametrize("path", ["register", "reenroll", "revoke", "gencrl"])
async def test_a_bad_body_does_nothing(ca, path):
    """Empty, no JSON object, a number for a text, another CA."""
    registrar = await ca.registrar()
    for body, expected in (
        (b"", (400, [4])),
        (b"[]", (400, [5])),
        (b"{", (400, [5])),
        (b'{"caname": 5}', (400, [5])),
        (b'{"caname": "other"}', (404, [19])),
    ):
        assert (await ca.call(path, body, registrar))[:2] == expected


async def test_a_stranger_has_no_call(network, own):
    """Another CA's person, a registrar of the other organisation, a certificate out of the air."""
    for stranger in (person(network, "registrar", index=1), person(network, "registrar")):
        assert (await own.register(stranger, id="bob"))[:2] == (401, [20])
        assert (await own.call("gencrl", {}, stranger))[:2] == (401, [20])


async def test_only_the_registrar_registers(ca):
    """Another person of the organisation is known, and may not."""
    alice = await ca.person(await ca.registrar(), "alice")
    assert (await ca.register(alice.identity, id=ca.name("bob")))[:2] == (403, [71])


async def test_a_bad_registration_is_refused(ca):
    """An odd number or attribute, an affiliation, an attribute that is the CA's own, a repeat."""
    registrar = await ca.registrar()
    name = ca.name("bob")
    for more, expected in (
        ({"max_enrollments": "1"}, (400, [5])),
        ({"max_enrollments": -2}, (400, [82])),
        ({"attrs": ["x"]}, (400, [5])),
        ({"affiliation": "a.b"}, (403, [71])),
        ({"attrs": [{"name": "hf.EnrollmentID", "value": "eve"}]}, (403, [71])),
        ({}, (201, [])),
        ({}, (409, [74])),
    ):
        assert (await ca.register(registrar, id=name, **more))[:2] == expected


async def test_what_fabric_ca_would_register_is_refused_here(own):
    """Ids that fit no label and no uid, unknown types, powers of a CA's own."""
    registrar = await own.registrar()
    for more, expected in (
        ({"id": ""}, (400, [5])),
        ({"id": "a b"}, (400, [5])),
        ({"id": "x" * 65}, (400, [5])),
        ({"id": "bob", "type": "king"}, (403, [71])),
        ({"id": "bob", "attrs": [{"name": "hf.Revoker", "value": "true"}]}, (403, [71])),
    ):
        assert (await own.register(registrar, **more))[:2] == expected


async def test_a_secret_is_used_up(ca):
    """As often as registered, not once more; 0 and -1 mean any number."""
    registrar = await ca.registrar()
    for times, left in ((1, 1), (2, 2), (0, 4), (-1, 4)):
        name = ca.name(f"bob{times}")
        _, _, result = await ca.register(registrar, id=name, max_enrollments=times)
        secret = result["secret"]
        assert [(await ca.enroll(name, secret))[0] for _ in range(left)] == [201] * left
        assert (await ca.enroll(name, secret))[0] == (401 if left == times else 201)


async def test_a_refused_request_uses_up_nothing(own):
    """A mistake in the CSR or the hosts leaves the one enrolment to its owner."""
    _, _, result = await own.register(await own.registrar(), id="bob")
    secret = result["secret"]
    assert (await own.enroll("bob", secret, csr="no csr"))[0] == 400
    for hosts in (5, "a.b", {"a.b": 1}, [5], ["klinik-süd"], ["a b"], ["a" * 254]):
        assert (await own.enroll("bob", secret, hosts=hosts))[:2] == (400, [5])
    assert (await own.enroll("bob", secret, hosts=[""]))[0] == 201


async def test_the_registrars_certificate_has_no_attributes(ca):
    """It registers others, and is nobody for the contract."""
    assert attributes((await ca.registrar()).x509) is None


async def test_a_certificate_says_what_was_registered(ca):
    """Attributes marked for it and Fabric's three; the type as unit; naming some replaces all."""
    wanted = [
        {"name": "pmcb.role", "value": "receiver", "ecert": True},
        {"name": "shelf", "value": "7", "ecert": False},
    ]
    bob = await ca.person(await ca.registrar(), "bob", attrs=wanted)
    made = bob.identity.x509
    assert attributes(made) == {
        "pmcb.role": "receiver",
        "hf.EnrollmentID": bob.name,
        "hf.Type": "client",
        "hf.Affiliation": "",
    }
    units = made.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATIONAL_UNIT_NAME)
    assert [unit.value for unit in units] == ["client"]
    named = [{"name": "shelf"}, {"name": "none", "optional": True}]
    made = certificate((await ca.enroll(bob.name, bob.secret, attr_reqs=named))[2])
    assert attributes(made) == {"shelf": "7"}
    missing = await ca.enroll(bob.name, bob.secret, attr_reqs=[{"name": "none"}])
    assert missing[:2] == by_kind(ca, (400, [0]), (500, [0]))


async def test_a_tls_certificate_names_its_hosts(ca):
    """Profile `tls`: for servers and clients, names and addresses."""
    _, _, result = await ca.enroll(
        ca.registrar_id, ca.secret, profile="tls", hosts=["a.b", "127.0.0.1"]
    )
    made = certificate(result)
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == ["a.b", "127.0.0.1"]
    uses = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [use._name for use in uses] == ["serverAuth", "clientAuth"]


async def test_a_chosen_secret_enrols(ca):
    """A registrar may hand out a secret of its own; it is kept only as a slow digest."""
    registrar = await ca.registrar()
    answer = await ca.register(registrar, id=ca.name("bob"), secret="tulip")
    assert answer[2] == {"secret": "tulip"}
    assert (await ca.enroll(ca.name("bob"), "rose"))[:2] == (401, [20])
    assert (await ca.enroll(ca.name("bob"), "tulip"))[:2] == (201, [])


async def test_registrations_outlive_the_process(tmp_path):
    """An id registered before a restart enrols after it, at the same CA, once."""
    async with EmbeddedNetwork(tmp_path, contract=Notes()) as network:
        ca = Ca.of(network)
        async with ca.http:
            _, _, result = await ca.register(await ca.registrar(), id="bob")
        before = network.network_file
    async with EmbeddedNetwork(tmp_path, contract=Notes()) as network:
        assert network.network_file == before
        ca = Ca.of(network)
        async with ca.http:
            assert (await ca.enroll("bob", result["secret"]))[0] == 201
            assert (await ca.enroll("bob", result["secret"]))[0] == 401


async def test_a_full_disk_is_told(own):
    """Nothing is half done: 503 with the likely reason, and later it works."""
    registrar = await own.registrar()
    bob = await own.person(registrar, "bob")
    _, _, once = await own.register(registrar, id="once")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1]))
    try:
        assert (await own.register(registrar, id="eve"))[:2] == (503, [0])
        assert (await own.enroll("once", once["secret"]))[:2] == (503, [0])
        assert (await own.call("revoke", {"id": bob.name}, registrar))[:2] == (503, [0])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (await own.register(registrar, id="eve"))[:2] == (201, [])
    assert (await own.enroll("once", once["secret"]))[:2] == (201, [])
    assert (await own.reenroll(bob.identity))[:2] == (201, [])


async def test_a_defect_of_the_ca_is_answered_and_logged_without_values(own, monkeypatch, caplog):
    """A sentence for the client, class and place for the log."""

    def fail(*_, **__):
        raise RuntimeError("secret words")

    monkeypatch.setattr(Authority, "issue", fail)
    assert (await own.enroll("registrar", own.secret))[:2] == (500, [0])
    assert "RuntimeError at test_ca.py:" in caplog.text
    assert "secret words" not in caplog.text
