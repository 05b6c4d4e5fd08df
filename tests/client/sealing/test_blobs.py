# SPDX-License-Identifier: Apache-2.0
"""Sealed files: what they hold opens with one key, in one place, unchanged, or not at all."""

import hashlib
import json
import struct
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from tests.client.sealing.keys import point

from pmcb_client._canonical import canonical
from pmcb_client.sealing import (
    MAX_BLOB_BYTES,
    Blob,
    Damaged,
    Kind,
    NotForYou,
    Place,
    WrongKey,
    WrongPlace,
    seal,
)

ANN, BOB = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
HERE = Place("a" * 32, 1, slot=3, holder="HospitalAMSP/ann")
CONTENT = "Puls 62, ärztlich gemessen".encode()


@pytest.mark.parametrize(
    "data", [b"", b"PMCB", b"PMCB\x01\x03", b"PMCB\x01\x03\xff\xff\xff\xff", b"x" * 5000]
)
def test_what_is_no_sealed_file_is_refused(data):
    """With one clear error."""
    with pytest.raises(Damaged, match="no sealed file"):
        Blob.parse(data)


def test_every_changed_byte_is_noticed():
    """In prefix, header, nonce, ciphertext and tag; and every cut."""
    blob, key = seal(Kind.ANSWER, HERE, CONTENT, recipients={"X/ann": point(ANN)})
    places = [*range(300), *range(300, len(blob.data), 97), len(blob.data) - 1]
    for place in places:
        changed = bytearray(blob.data)
        changed[place] ^= 1
        with pytest.raises((Damaged, WrongKey, WrongPlace)):
            Blob.parse(bytes(changed)).open(key, kind=Kind.ANSWER, place=HERE)
    for cut in (*range(0, 300, 7), len(blob.data) - 1):
        with pytest.raises(Damaged):
            Blob.parse(blob.data[:cut]).open(key, kind=Kind.ANSWER, place=HERE)


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        (Kind.SHARE, HERE),
        (Kind.ANSWER, replace(HERE, task="b" * 32)),
        (Kind.ANSWER, replace(HERE, subtask=0)),
        (Kind.ANSWER, replace(HERE, slot=4)),
        (Kind.ANSWER, replace(HERE, holder="HospitalAMSP/bob")),
        (Kind.ANSWER, replace(HERE, level=1)),
    ],
)
def test_a_file_opens_in_its_own_place_only(kind, place):
    """What was sealed for another place is refused before it is decrypted."""
    blob, key = seal(Kind.ANSWER, HERE, CONTENT)
    with pytest.raises(WrongPlace):
        blob.open(key, kind=kind, place=place)


def test_two_keys_never_open_one_file():
    """The header commits to the key; a file that was built to open with two is refused with one."""
    blob, key = seal(Kind.ANSWER, HERE, CONTENT)
    with pytest.raises(WrongKey):
        blob.open(bytes(32), kind=Kind.ANSWER, place=HERE)
    assert blob.open(key, kind=Kind.ANSWER, place=HERE) == CONTENT


def test_a_recipient_opens_it_and_others_do_not():
    """Each with the own key; nobody by another's name."""
    people = {"X/ann": point(ANN), "X/bob": point(BOB)}
    blob, key = seal(Kind.ANSWER, HERE, CONTENT, recipients=people)
    assert blob.key_for("X/ann", ANN) == blob.key_for("X/bob", BOB) == key
    with pytest.raises(WrongPlace):
        blob.key_for("X/bob", ANN)
    with pytest.raises(NotForYou, match="not sealed for X/eve"):
        blob.key_for("X/eve", ANN)


@given(st.binary(max_size=9000))
def test_what_was_sealed_comes_back(content):
    """Whatever its bytes; the size tells no more than how many pages it fills."""
    blob, key = seal(Kind.INSTRUCTIONS, Place("a" * 32, 0, level=2), content)
    again = Blob.parse(blob.data)
    assert again.open(key, kind=Kind.INSTRUCTIONS, place=again.place) == content
    assert (len(blob.data) - blob.body - 28) % 4096 == 0
    assert len(blob.data) - blob.body - 28 < len(content) + 4 + 4096


def test_a_secret_is_sealed_under_a_short_key():
    """The shared secret is a key of 128 bits."""
    blob, key = seal(Kind.SECRET, Place("a" * 32, 0, level=2), CONTENT, key=bytes(16))
    assert key == bytes(16)
    assert blob.open(bytes(16), kind=Kind.SECRET, place=blob.place) == CONTENT


def test_a_file_holds_four_mebibytes_with_everything():
    """One byte more than fits is refused."""
    with pytest.raises(ValueError, match="at most 4 MiB"):
        seal(Kind.ANSWER, HERE, bytes(MAX_BLOB_BYTES))
    blob, _ = seal(Kind.ANSWER, HERE, bytes(MAX_BLOB_BYTES - 3 * 4096))
    assert len(blob.data) <= MAX_BLOB_BYTES


def test_a_share_is_sealed_for_a_thousand_co_holders():
    """Each by the longest name there is; one more page of wraps than that is refused."""
    longest = Place("a" * 32, 63, slot=999, holder=f"{'M' * 64}/{'n' * 64}")
    people = {f"{'M' * 64}/{n:064}": point(ANN) for n in range(1000)}
    blob, _ = seal(Kind.SHARE, longest, bytes(34), recipients=people)
    again = Blob.parse(blob.data)
    assert set(again.wraps) == set(people)
    assert again.key_for(f"{'M' * 64}/{999:064}", ANN) == blob.key_for(f"{'M' * 64}/{0:064}", ANN)
    with pytest.raises(ValueError, match="at most 4 MiB"):
        seal(
            Kind.SHARE,
            longest,
            bytes(34),
            recipients={f"{n:0300}": point(ANN) for n in range(1200)},
        )


def test_the_format_by_hand():
    """Anybody with the library opens it from the description alone."""
    blob, key = seal(Kind.ANSWER, HERE, CONTENT, recipients={"X/ann": point(ANN)})
    magic, kind, length = struct.unpack(">5sBI", blob.data[:10])
    header = json.loads(blob.data[10 : 10 + length])
    assert (magic, kind) == (b"PMCB\x01", 3)
    assert header["key_commit"] == hashlib.sha256(b"pmcb/commit/1\0" + key).hexdigest()
    assert header == {
        "alg": "A256GCM",
        "holder": "HospitalAMSP/ann",
        "key_commit": header["key_commit"],
        "slot": 3,
        "subtask": 1,
        "task": "a" * 32,
        "wraps": {"X/ann": blob.wraps["X/ann"].hex()},
    }
    start, nonce = blob.data[: 10 + length], blob.data[10 + length : 22 + length]
    padded = AESGCM(key).decrypt(nonce, blob.data[22 + length :], start)
    assert padded == struct.pack(">I", len(CONTENT)) + CONTENT + bytes(4092 - len(CONTENT))
    assert blob.hash == hashlib.sha256(blob.data).hexdigest()


@pytest.mark.parametrize(
    "changes",
    [
        {"task": "../../x"},
        {"task": "A" * 32},
        {"task": None},
        {"subtask": -1},
        {"subtask": 64},
        {"subtask": True},
        {"subtask": [1]},
        {"slot": 10**200},
        {"slot": None},
        {"holder": "../ann"},
        {"holder": None},
        {"level": 1},
    ],
)
def test_a_place_that_no_ledger_has_is_none(changes):
    """Stores name things by it: nothing else than ids and numbers gets that far."""
    blob, _ = seal(Kind.ANSWER, HERE, CONTENT)
    kind, length = struct.unpack_from(">BI", blob.data, 5)
    header = json.loads(blob.data[10 : 10 + length]) | changes
    made = canonical({name: value for name, value in header.items() if value is not None})
    data = blob.data[:5] + struct.pack(">BI", kind, len(made)) + made + blob.data[10 + length :]
    with pytest.raises(Damaged):
        Blob.parse(data)
