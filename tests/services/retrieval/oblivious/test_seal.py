# SPDX-License-Identifier: Apache-2.0
"""Labels and blobs are what another library makes of the same keys."""

import numpy as np
import pytest
from Crypto.Cipher import AES

from pmcb_services.retrieval.errors import TamperedError
from pmcb_services.retrieval.oblivious._seal import Seal

SEAL = Seal(bytes(range(32)), bytes(range(32, 64)), b"store")


def test_labels_are_the_cipher_of_the_index():
    """Big-endian in 16 bytes; also beyond the piece that is ciphered at once."""
    indices = np.array([0, 1, 255, 70_000, 2**40])
    oracle = AES.new(SEAL.label_key, AES.MODE_ECB)
    expected = [oracle.encrypt(index.to_bytes(16, "big")) for index in indices.tolist()]
    assert [label.tobytes() for label in SEAL.labels(indices)] == expected
    many = SEAL.labels(np.arange(70_001))
    assert many[70_000].tobytes() == expected[3]
    assert many[0].tobytes() == expected[0]
    assert len(np.unique(many.view("V16"))) == 70_001
    assert SEAL.labels(np.arange(0)).shape == (0, 16)


def test_blobs_are_opened_by_another_library():
    """AES-GCM, the index as nonce, bound to context and label; the label goes before it."""
    numbers, plains = [7, 2**40], [b"bucket", b"others"]
    items = SEAL.seal(np.array(numbers), b"l" * 16 + b"m" * 16, plains)
    assert len(items) == 2 * (16 + 6 + 16)
    for index, plain, item in zip(numbers, plains, (items[:38], items[38:]), strict=True):
        oracle = AES.new(SEAL.blob_key, AES.MODE_GCM, nonce=index.to_bytes(12, "big"))
        oracle.update(b"store" + item[:16])
        assert oracle.decrypt_and_verify(item[16:-16], item[-16:]) == plain


@pytest.mark.parametrize(
    ("index", "label", "context"),
    [(8, b"l" * 16, b"store"), (7, b"m" * 16, b"store"), (7, b"l" * 16, b"other")],
)
def test_a_blob_opens_only_where_it_belongs(index, label, context):
    """Another index, label, store or epoch is refused by the index's name."""
    item = SEAL.seal(np.array([7]), b"l" * 16, [b"bucket"])
    with pytest.raises(TamperedError) as refused:
        Seal(SEAL.label_key, SEAL.blob_key, context).open(np.array([index]), label, [item[16:]])
    assert refused.value.index == index


def test_of_many_blobs_the_changed_one_is_named():
    """Those before it open."""
    labels = bytes(range(48))
    items = SEAL.seal(np.array([3, 9, 4]), labels, [b"one", b"two", b"six"])
    blobs = [items[at + 16 : at + 35] for at in (0, 35, 70)]
    assert SEAL.open(np.array([3, 9, 4]), labels, blobs) == [b"one", b"two", b"six"]
    blobs[1] = bytes(19)
    with pytest.raises(TamperedError, match="index 9") as refused:
        SEAL.open(np.array([3, 9, 4]), labels, blobs)
    assert refused.value.index == 9


def test_keys_are_not_shown():
    """Neither in a log nor in a failing test."""
    assert repr(SEAL) == "Seal(context=b'store')"
    assert Seal.fresh(b"").blob_key != Seal.fresh(b"").blob_key
