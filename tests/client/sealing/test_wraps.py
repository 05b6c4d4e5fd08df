# SPDX-License-Identifier: Apache-2.0
"""A few bytes for one person and one purpose."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from tests.client.sealing.keys import point

from pmcb_client.sealing import Context, Damaged, WrongPlace, unwrap, wrap

KEY, OTHER = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
HERE = Context("key", "a" * 32, 0, "HospitalAMSP/ann", 3)
SECRET = bytes(range(32))


@pytest.mark.parametrize("public", ["", "02" + "ff" * 32, "04" + "00" * 64, "zz"])
def test_what_is_no_key_of_the_curve_is_refused(public):
    """Nothing is sealed to nobody."""
    with pytest.raises(ValueError, match=r".*"):
        wrap(SECRET, public, HERE)


@pytest.mark.parametrize("length", [0, 1, 49])
def test_what_is_too_short_is_no_wrap(length):
    """Version, point and tag are 50 bytes."""
    with pytest.raises(Damaged, match="no wrapped key"):
        unwrap(b"\x01" * length, KEY, HERE)


def test_every_changed_byte_is_noticed():
    """Wherever it stands."""
    wrapped = wrap(SECRET, point(KEY), HERE)
    for place in range(len(wrapped)):
        changed = bytearray(wrapped)
        changed[place] ^= 1
        with pytest.raises((Damaged, WrongPlace)):
            unwrap(bytes(changed), KEY, HERE)


@pytest.mark.parametrize(
    "other",
    [
        replace(HERE, purpose="share"),
        replace(HERE, task="b" * 32),
        replace(HERE, subtask=1),
        replace(HERE, to="HospitalAMSP/bob"),
        replace(HERE, slot=4),
        replace(HERE, slot=None),
    ],
)
def test_a_wrap_opens_in_its_own_context_only(other):
    """A swapped purpose, task, subtask, person or slot is refused."""
    wrapped = wrap(SECRET, point(KEY), HERE)
    with pytest.raises(WrongPlace):
        unwrap(wrapped, KEY, other)


def test_a_wrap_opens_with_its_own_key_only():
    """And gives what was wrapped; it is 50 bytes longer, and never the same twice."""
    wrapped = wrap(SECRET, point(KEY), HERE)
    with pytest.raises(WrongPlace):
        unwrap(wrapped, OTHER, HERE)
    assert unwrap(wrapped, KEY, HERE) == SECRET
    assert len(wrapped) == len(SECRET) + 50
    assert wrap(SECRET, point(KEY), HERE) != wrapped


def test_the_format_by_hand():
    """Anybody with the library opens it from the description alone."""
    wrapped = wrap(SECRET, point(KEY), HERE)
    assert wrapped[0] == 1
    ephemeral = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), wrapped[1:34])
    context = (
        b'{"purpose":"key","slot":3,"subtask":0,"task":"'
        + b"a" * 32
        + b'","to":"HospitalAMSP/ann"}'
    )
    made = HKDF(
        SHA256(),
        44,
        salt=wrapped[1:34] + bytes.fromhex(point(KEY)),
        info=b"pmcb/wrap/1\0" + context,
    ).derive(KEY.exchange(ec.ECDH(), ephemeral))
    assert AESGCM(made[:32]).decrypt(made[32:], wrapped[34:], context) == SECRET


def test_the_derivation_is_the_published_one():
    """RFC 5869, test case 1."""
    made = HKDF(SHA256(), 42, salt=bytes(range(13)), info=bytes(range(0xF0, 0xFA))).derive(
        b"\x0b" * 22
    )
    assert made.hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )
