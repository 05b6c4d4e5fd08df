# SPDX-License-Identifier: Apache-2.0
"""Revocation by the CA's calls, on the embedded CA and on Fabric's."""

import base64
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from tests.network.apart import serve
from tests.network.ca_wire import A, Ca, names, revoked_in

from pmcb_network.embedded._material import REGISTRAR, registrar_secret

LONG_AGO, FAR_OFF = "2000-01-01T00:00:00Z", "2100-01-01T02:00:00.5+02:00"


async def test_a_revocation_of_nothing_is_refused(ca):
    """Neither id nor certificate, half a certificate, an unknown one, odd values."""
    registrar = await ca.registrar()
    for fields, expected in (
        ({}, (400, [15])),
        ({"serial": "1"}, (400, [15])),
        ({"aki": "1"}, (400, [15])),
        ({"serial": "1", "aki": "2"}, (404, [8])),
        ({**names(registrar.x509), "aki": "2"}, (404, [8])),
        ({"id": ca.name("nobody")}, (404, [10])),
        ({"id": 5}, (400, [5])),
        ({"id": ca.registrar_id, "gencrl": "yes"}, (400, [5])),
    ):
        assert (await ca.call("revoke", fields, registrar))[:2] == expected
    assert (await ca.reenroll(registrar))[:2] == (201, [])


async def test_only_the_registrar_revokes_others(ca):
    """Not by id, not by number; who is unknown or revoked already is not told either."""
    registrar = await ca.registrar()
    alice, bob = [await ca.person(registrar, name) for name in ("alice", "bob")]
    for fields in ({"id": bob.name}, names(bob.identity.x509), {"id": ca.name("nobody")}):
        assert (await ca.call("revoke", fields, alice.identity))[:2] == (403, [71])
    assert (await ca.call("gencrl", {}, alice.identity))[:2] == (403, [71])
    assert (await ca.reenroll(bob.identity))[:2] == (201, [])
    fields = names(bob.identity.x509)
    assert (await ca.call("revoke", fields, registrar))[:2] == (200, [])
    assert (await ca.call("revoke", fields, alice.identity))[:2] == (403, [71])


async def test_a_certificate_of_another_owner_is_not_revoked(ca):
    """Whoever names id and certificate must name one that belongs to the other."""
    registrar = await ca.registrar()
    alice, bob = [await ca.person(registrar, name) for name in ("alice", "bob")]
    fields = {**names(bob.identity.x509), "id": alice.name}
    assert (await ca.call("revoke", fields, registrar))[:2] == (400, [9])
    assert (await ca.reenroll(bob.identity))[:2] == (201, [])


async def test_one_certificate_is_revoked_and_its_owner_stays(ca):
    """Numbers in any case with zeros before them; the certificate calls nothing any more."""
    registrar = await ca.registrar()
    bob = await ca.person(registrar, "bob")
    found = names(bob.identity.x509)
    loud = {name: "00" + value.upper() for name, value in found.items()}
    status, _, result = await ca.call("revoke", {**loud, "reason": "nonsense"}, registrar)
    assert (status, result["CRL"]) == (200, "")
    assert result["RevokedCerts"] == [{"Serial": found["serial"], "AKI": found["aki"]}]
    assert (await ca.call("revoke", found, registrar))[:2] == (404, [66])
    for path in ("reenroll", "revoke", "register"):
        assert (await ca.call(path, {"id": bob.name}, bob.identity))[:2] == (401, [20])
    other = await ca.again(bob)
    assert (await ca.reenroll(other))[:2] == (201, [])


async def test_a_revoked_id_is_over(ca):
    """All its certificates, its secret, its name; a second time there is nothing to revoke."""
    registrar = await ca.registrar()
    bob = await ca.person(registrar, "bob")
    second = await ca.again(bob)
    fields = {"id": bob.name, "gencrl": True, "reason": "keycompromise"}
    status, _, result = await ca.call("revoke", fields, registrar)
    numbers = {bob.identity.x509.serial_number, second.x509.serial_number}
    assert (status, {int(one["Serial"], 16) for one in result["RevokedCerts"]}) == (200, numbers)
    assert numbers <= revoked_in(result["CRL"])
    assert (await ca.enroll(bob.name, bob.secret))[:2] == (401, [20])
    for identity in (bob.identity, second):
        assert (await ca.reenroll(identity))[:2] == (401, [20])
    assert (await ca.register(registrar, id=bob.name))[:2] == (409, [74])
    status, _, result = await ca.call("revoke", fields, registrar)
    assert (status, result) == (200, {"RevokedCerts": None, "CRL": ""})


async def test_an_id_is_revoked_before_it_enrols(ca):
    """A secret on its way to its owner is worth nothing then."""
    registrar = await ca.registrar()
    name = ca.name("bob")
    _, _, result = await ca.register(registrar, id=name)
    assert (await ca.call("revoke", {"id": name}, registrar))[:2] == (200, [])
    assert (await ca.enroll(name, result["secret"]))[:2] == (401, [20])


async def test_one_revokes_oneself(ca):
    """The certificate at hand, or the id; not a second certificate by its number."""
    registrar = await ca.registrar()
    bob = await ca.person(registrar, "bob")
    second = await ca.again(bob)
    numbered = names(second.x509)
    assert (await ca.call("revoke", numbered, bob.identity))[:2] == (403, [71])
    assert (await ca.call("revoke", names(bob.identity.x509), bob.identity))[:2] == (200, [])
    assert (await ca.call("revoke", {"id": bob.name}, second))[:2] == (200, [])
    assert (await ca.call("revoke", {"id": bob.name}, second))[:2] == (401, [20])


async def test_a_list_is_of_the_period_asked_for(ca):
    """Ends by revocation and by expiry, in any case of their names; nothing asked: everything."""
    registrar = await ca.registrar()
    bob = await ca.person(registrar, "bob")
    await ca.call("revoke", {"id": bob.name}, registrar)
    number = bob.identity.x509.serial_number
    for fields, listed in (
        ({}, True),
        ({"expireBefore": None, "revokedBefore": "0001-01-01T00:00:00Z"}, True),
        ({"revokedAfter": LONG_AGO, "revokedBefore": FAR_OFF}, True),
        ({"expireafter": LONG_AGO, "expirebefore": FAR_OFF}, True),
        ({"revokedAfter": FAR_OFF}, False),
        ({"revokedBefore": LONG_AGO}, False),
        ({"expireAfter": FAR_OFF}, False),
        ({"expireBefore": LONG_AGO}, False),
    ):
        _, _, result = await ca.call("gencrl", fields, registrar)
        assert (number in revoked_in(result["CRL"])) is listed, fields


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"revokedAfter": FAR_OFF, "revokedBefore": LONG_AGO}, 36),
        ({"expireAfter": FAR_OFF, "expireBefore": LONG_AGO}, 37),
        ({"expireBefore": "yesterday"}, 5),
        ({"expireBefore": ""}, 5),
        ({"expireBefore": "2000-01-01"}, 5),
        ({"expireBefore": "2000-13-01T00:00:00Z"}, 5),
        ({"expireBefore": 5}, 5),
    ],
)
async def test_an_odd_period_is_refused(ca, fields, code):
    """Ends in the wrong order; what is no moment of RFC 3339."""
    assert (await ca.call("gencrl", fields, await ca.registrar()))[:2] == (400, [code])


async def test_a_list_is_signed_by_the_ca(ca):
    """By its own key, as a peer checks it."""
    _, _, result = await ca.call("gencrl", {}, await ca.registrar())
    listed = x509.load_pem_x509_crl(base64.b64decode(result["CRL"]))
    root = x509.load_pem_x509_certificate(ca.org["msp_ca"].encode())
    key = root.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert listed.is_signature_valid(key)
    assert listed.issuer == root.subject
    known = listed.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    subject = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert known.key_identifier == subject.digest
    assert listed.next_update_utc is not None


async def test_a_ca_revokes_only_what_is_its_own(network):
    """The other organisation's registrar has no word, and this one's none there."""
    async with AsyncExitStack() as stack:
        here, there = (Ca.of(network, index) for index in range(2))
        for one in (here, there):
            await stack.enter_async_context(one.http)
        ours, theirs = await here.registrar(), await there.registrar()
        bob = await here.person(ours, "bob")
        fields = names(bob.identity.x509)
        assert (await there.call("revoke", fields, theirs))[:2] == (404, [8])
        assert (await there.call("revoke", {"id": bob.name}, theirs))[:2] == (404, [10])
        assert (await here.call("revoke", fields, theirs))[:2] == (401, [20])
        assert (await here.reenroll(bob.identity))[:2] == (201, [])


@asynccontextmanager
async def killed_at_the_end(folder):
    """The first organisation's CA, in a process that gets SIGKILL when the block ends."""
    process, found = await serve(folder)
    try:
        secret = registrar_secret(folder / "network", A)
        ca = Ca(found.network_file["orgs"][0], (REGISTRAR, secret), "embedded")
        async with ca.http:
            yield ca
    finally:
        process.kill()
        process.wait(10)


async def test_what_was_answered_survives_kill_9(tmp_path):
    """The CA still refuses whom it revoked, lists them, and knows the others."""
    async with killed_at_the_end(tmp_path) as ca:
        registrar = await ca.registrar()
        bob, kept = [await ca.person(registrar, name) for name in ("bob", "kept")]
        assert (await ca.call("revoke", {"id": bob.name}, registrar))[:2] == (200, [])
    async with killed_at_the_end(tmp_path) as ca:
        listed = x509.load_pem_x509_crl(ca.org["crl"].encode())
        assert {one.serial_number for one in listed} == {bob.identity.x509.serial_number}
        assert (await ca.enroll(bob.name, bob.secret))[:2] == (401, [20])
        assert (await ca.reenroll(bob.identity))[:2] == (401, [20])
        assert (await ca.reenroll(kept.identity))[:2] == (201, [])
