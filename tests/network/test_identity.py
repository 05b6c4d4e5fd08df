# SPDX-License-Identifier: Apache-2.0
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.network.conftest import Clock
from tests.network.wire import Person, high_s

from pmcb_network.embedded._authority import Authority, certificate_pem
from pmcb_network.embedded._identity import (
    Directory,
    InvalidIdentity,
    UnknownIdentity,
    sign,
)

NOW = time.time_ns() // 1_000_000
HOME, OTHER = (Authority.make("ca", name, now_ms=NOW) for name in ("HospitalAMSP", "HospitalBMSP"))
KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def directory():
    return Directory({"HospitalAMSP": HOME.certificate, "HospitalBMSP": OTHER.certificate})


def test_what_is_no_identity_is_unknown(directory):
    """Garbage, an empty text, a certificate that is none, an organisation that is not here."""
    stranger = Person.issue(HOME, "HospitalCMSP", "eve", now_ms=NOW)
    broken = Person("HospitalAMSP", b"no certificate", KEY)
    for serialized in (b"", b"\xff\xff", broken.serialized, stranger.serialized):
        with pytest.raises(UnknownIdentity):
            directory.member(serialized, NOW)


def test_a_certificate_of_another_ca_is_no_identity(directory):
    """Another organisation's CA, or one that merely calls itself the same."""
    twin = Authority.make("ca", "HospitalAMSP", now_ms=NOW)
    for authority in (OTHER, twin):
        with pytest.raises(UnknownIdentity, match="not issued"):
            directory.member(
                Person.issue(authority, "HospitalAMSP", "eve", now_ms=NOW).serialized, NOW
            )


def test_a_key_on_another_curve_is_not_valid(directory):
    """The network signs and verifies on P-256 only."""
    key = ec.generate_private_key(ec.SECP384R1())
    made = HOME.issue(key.public_key(), "eve", now_ms=NOW)
    with pytest.raises(InvalidIdentity, match="P-256"):
        directory.member(Person("HospitalAMSP", certificate_pem(made), key).serialized, NOW)


def test_a_cached_identity_still_expires(directory):
    """The cache remembers who issued a certificate, not that it was once in time."""
    clock = Clock(NOW)
    alice = Person.issue(HOME, "HospitalAMSP", "alice", now_ms=NOW).serialized
    assert directory.member(alice, clock()).msp_id == "HospitalAMSP"
    clock.advance(days=366)
    with pytest.raises(InvalidIdentity, match="expired") as caught:
        directory.member(alice, clock())
    assert caught.value.expired
    with pytest.raises(InvalidIdentity, match="not valid yet"):
        directory.member(alice, NOW - 3_600_000)


def test_a_cached_identity_is_revoked_at_once(directory):
    """The certificate that was met a moment ago; its owner's next one is another certificate."""
    alice, again = (Person.issue(HOME, "HospitalAMSP", "alice", now_ms=NOW) for _ in range(2))
    assert directory.member(alice.serialized, NOW).msp_id == "HospitalAMSP"
    directory.revoke("HospitalAMSP", [alice.x509.serial_number])
    with pytest.raises(InvalidIdentity, match="revoked") as caught:
        directory.member(alice.serialized, NOW)
    assert not caught.value.expired
    assert directory.member(again.serialized, NOW).msp_id == "HospitalAMSP"


def test_an_organisation_revokes_only_its_own(directory):
    """The same number under the other organisation's CA is another certificate."""
    alice = Person.issue(HOME, "HospitalAMSP", "alice", now_ms=NOW)
    directory.revoke("HospitalBMSP", [alice.x509.serial_number])
    assert directory.member(alice.serialized, NOW).msp_id == "HospitalAMSP"


def test_a_high_s_signature_is_refused(directory):
    """Of the two signatures that verify, Fabric takes only the one with the lower S."""
    alice = Person.issue(HOME, "HospitalAMSP", "alice", now_ms=NOW)
    member = directory.member(alice.serialized, NOW)
    signature = alice.sign(b"data")
    assert member.verifies(signature, b"data")
    assert not member.verifies(high_s(signature), b"data")
    assert not member.verifies(signature, b"other data")
    assert not member.verifies(b"garbage", b"data")
    assert not member.verifies(b"", b"data")


@settings(max_examples=30)
@given(st.binary())
def test_our_own_signatures_are_low(data):
    """Whatever is signed, Fabric's clients and peers take it."""
    member = Directory({"HospitalAMSP": HOME.certificate}).member(
        Person.issue(HOME, "HospitalAMSP", "alice", now_ms=NOW).serialized, NOW
    )
    assert not member.verifies(sign(KEY, data), data)
    made = HOME.issue(KEY.public_key(), "alice", now_ms=NOW)
    own = Person("HospitalAMSP", certificate_pem(made), KEY).serialized
    member = Directory({"HospitalAMSP": HOME.certificate}).member(own, NOW)
    assert member.verifies(sign(KEY, data), data)
