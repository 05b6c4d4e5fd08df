# SPDX-License-Identifier: Apache-2.0
"""The caller is what the certificate says, and an unreadable attribute grants nothing."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from tests.chaincode.fake_peer import RELEASER
from tests.chaincode.identities import identity

from pmcb_chaincode.bridge import Code, Refusal
from pmcb_chaincode.bridge._caller import read_caller
from pmcb_chaincode.bridge._protos import SerializedIdentity

ROLE = {"hf.EnrollmentID": "ann", "pmcb.role": "releaser"}


@pytest.mark.parametrize(
    "creator",
    [
        b"",
        b"\xff",
        SerializedIdentity(mspid="HospitalAMSP").SerializeToString(),
        SerializedIdentity(mspid="HospitalAMSP", id_bytes=b"idemix").SerializeToString(),
    ],
)
def test_creator_without_a_certificate_is_refused(creator):
    """Only X.509 identities have a certificate to read."""
    with pytest.raises(ValueError):
        read_caller(creator)


@pytest.mark.parametrize(
    "extension",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"null",
        b'"attrs"',
        b"{}",
        b'{"attrs":null}',
        b'{"attrs":[]}',
        b'{"attrs":"pmcb.role"}',
        b'{"attrs":{"pmcb.role":"receiver","pmcb.role":"releaser"}}',
        b'{"attrs":{"pmcb.role":["releaser"],"hf.EnrollmentID":7}}',
        json.dumps({"attrs": ROLE}).encode("utf-16"),
        b'{"attrs":' + b"[" * 100_000,
    ],
    ids=lambda extension: repr(extension[:30]),
)
async def test_malformed_attributes_grant_nothing(peer, extension):
    """Neither a role nor an enrolment id is read from them, and the answer is a refusal."""
    caller = identity("HospitalAMSP", "ann", extension=extension)
    seen = read_caller(caller.creator)
    assert (seen.role, seen.enrollment_id, dict(seen.attributes)) == ("", "", {})
    answer = await peer.call("put_note", "0" * 32, "x", caller=caller)
    assert (answer.status, answer.code) == (403, "ROLE_REQUIRED")


@pytest.mark.parametrize(
    "key",
    [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())],
    ids=["rsa", "p384"],
)
def test_key_off_p256_is_unsupported(key):
    """Nothing could be sealed to another kind of key."""
    caller = read_caller(identity("HospitalAMSP", "ann", role="releaser", key=key).creator)
    assert caller.public_key == key.public_key()
    with pytest.raises(Refusal) as caught:
        caller.p256_key()
    assert caught.value.code is Code.KEY_UNSUPPORTED
    assert caught.value.code.status == 400


def damaged(before, after):
    """The creator bytes of a certificate in which some bytes are others."""
    person = identity("HospitalAMSP", "ann", role="releaser")
    der = person.certificate.public_bytes(Encoding.DER)
    assert before in der
    body = base64.encodebytes(der.replace(before, after)).decode()
    pem = f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n".encode()
    return SerializedIdentity(mspid="HospitalAMSP", id_bytes=pem).SerializeToString()


def test_key_that_is_no_point_is_unsupported():
    """A certificate may carry anything where its key stands."""
    caller = read_caller(damaged(b"\x03\x42\x00\x04", b"\x03\x42\x00\x05"))
    with pytest.raises(Refusal, match="KEY_UNSUPPORTED"):
        caller.p256_key()


def test_certificate_of_an_unknown_version_is_refused():
    """It says so itself, before anything else can be believed."""
    with pytest.raises(ValueError, match="unknown version"):
        read_caller(damaged(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07"))


async def test_p256_key_is_a_compressed_point(peer):
    """33 bytes in hex, from which the point comes back."""
    answer = (await peer.call("my_key")).json()
    point = ec.EllipticCurvePublicKey.from_encoded_point(
        ec.SECP256R1(), bytes.fromhex(answer["key"])
    )
    assert len(answer["key"]) == 66
    assert point == RELEASER.key.public_key()


def test_attributes_are_read_as_the_ca_wrote_them():
    """Other attributes than ours stay readable; values that are no text are left out."""
    attributes = {"ward": "3", "number": 7}
    caller = read_caller(
        identity("HospitalBMSP", "ann", role="verifier", attributes=attributes).creator
    )
    assert (caller.uid, caller.role) == ("HospitalBMSP/ann", "verifier")
    assert caller.attributes["ward"] == "3"
    assert "number" not in caller.attributes
    assert "certificate" not in repr(caller)


def test_x509_id_names_subject_and_issuer():
    """Certificates without an enrolment id are told apart by it."""
    person = identity("HospitalBMSP", "ann", extension=b"")
    caller = read_caller(person.creator)
    assert (caller.uid, caller.x509_id) == ("HospitalBMSP/", "x509::CN=ann::CN=ann")
    assert caller.public_key == person.key.public_key()


def test_attributes_cannot_be_changed():
    """A caller is shared by all transactions of its certificate."""
    caller = read_caller(identity("HospitalBMSP", "ann").creator)
    with pytest.raises(TypeError):
        caller.attributes["pmcb.role"] = "authority"  # type: ignore[index]


def test_certificate_is_parsed_once():
    """The same creator bytes give the same caller."""
    creator = identity("HospitalBMSP", "ann").creator
    assert read_caller(creator) is read_caller(creator)
