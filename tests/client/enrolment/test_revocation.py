# SPDX-License-Identifier: Apache-2.0
"""Re-enrolment and revocation by ``CaClient``."""

import json
from dataclasses import replace

import pytest
from cryptography import x509
from tests.client.enrolment.people import answering, certificate, enrolled, listed

from pmcb_client.errors import CaRefused, CaUnavailable, InvalidRevocation
from pmcb_client.revocation import RevocationReason, RevokedCertificate


@pytest.mark.parametrize(
    "named",
    [
        {},
        {"serial": "1"},
        {"aki": "1"},
        {"id": "bob", "serial": "1"},
        {"id": "bob", "reason": "dislike"},
        {"id": "bob", "reason": "removefromcrl"},
    ],
)
async def test_an_odd_revocation_is_refused_here(ca, registrar, named):
    """Nobody, half a certificate, a reason that is none or would surprise: nothing is sent."""
    with pytest.raises(InvalidRevocation) as caught:
        await ca.revoke(registrar, **named)
    assert caught.value.exit_code == 2


async def test_only_a_registrar_revokes_and_lists(ca, registrar):
    """A receiver may not, and the CA knows who is there."""
    person, _ = await enrolled(ca, registrar, "nosy")
    with pytest.raises(CaRefused, match="refused to revoke registrar") as caught:
        await ca.revoke(person, "registrar")
    assert caught.value.code == 71
    with pytest.raises(CaRefused, match="list what it revoked"):
        await ca.gencrl(person)
    with pytest.raises(CaRefused, match="was not found") as caught:
        await ca.revoke(registrar, "stranger")
    assert caught.value.code == 10


@pytest.mark.parametrize(
    "result",
    [
        {},
        {"RevokedCerts": [], "CRL": 7},
        {"RevokedCerts": ["x"], "CRL": ""},
        {"RevokedCerts": [{"Serial": "1"}], "CRL": ""},
        {"RevokedCerts": [{"Serial": "1", "AKI": "2"}], "CRL": ""},
        {"RevokedCerts": [{"Serial": "1", "AKI": "2"}], "CRL": "eA=="},
    ],
)
async def test_half_a_revocation_is_not_taken(org, registrar, result):
    """No list, no list in the list's place, certificates without numbers."""
    text = json.dumps({"success": True, "result": result, "errors": []})
    async with answering(200, text, org) as ca:
        with pytest.raises(CaUnavailable):
            await ca.revoke(registrar, "bob")


async def test_a_renewed_certificate_is_of_the_same_person(ca, registrar):
    """Another key and number, the same attributes; the one before renews again."""
    person, _ = await enrolled(ca, registrar, "lasting")
    made = await ca.reenroll(person)
    old, new = certificate(person), x509.load_pem_x509_certificate(made.certificate_pem)
    assert new.public_key() == made.private_key.public_key() != old.public_key()
    assert new.subject == old.subject
    oid = x509.ObjectIdentifier("1.2.3.4.5.6.7.8.1")
    assert new.extensions.get_extension_for_oid(oid) == old.extensions.get_extension_for_oid(oid)
    assert (await ca.reenroll(person)).certificate_pem != made.certificate_pem


async def test_a_revoked_name_is_over(ca, registrar, org):
    """Every certificate is named and listed; a repeat names none and lists the same."""
    person, secret = await enrolled(ca, registrar, "leaver")
    await ca.reenroll(person)
    done = await ca.revoke(registrar, "leaver", reason=RevocationReason.CESSATION_OF_OPERATION)
    assert len(done.certificates) == 2
    serials = {one.serial for one in done.certificates}
    assert f"{certificate(person).serial_number:x}" in serials <= listed(done.crl_pem)
    crl = done.crl_pem.decode()
    assert {f"{serial:x}" for serial in replace(org, crl=crl).revoked()} >= serials
    for refused in (ca.reenroll(person), ca.enroll("leaver", secret)):
        with pytest.raises(CaRefused) as caught:
            await refused
        assert caught.value.code == 20
    again = await ca.revoke(registrar, "leaver")
    assert again.certificates == ()
    assert listed(again.crl_pem) == listed(await ca.gencrl(registrar)) >= serials


async def test_one_certificate_is_revoked(ca, registrar):
    """By its numbers; its owner's next one is not listed."""
    person, _ = await enrolled(ca, registrar, "loser")
    made = await ca.reenroll(person)
    found = certificate(person)
    key_id = found.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    serial, aki = f"{found.serial_number:x}", key_id.key_identifier.hex()
    done = await ca.revoke(registrar, serial=serial, aki=aki, reason="superseded")
    assert done.certificates == (RevokedCertificate(serial, aki.lstrip("0")),)
    other = x509.load_pem_x509_certificate(made.certificate_pem)
    assert f"{other.serial_number:x}" not in listed(done.crl_pem)
