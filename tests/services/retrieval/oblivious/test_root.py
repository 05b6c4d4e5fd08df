# SPDX-License-Identifier: Apache-2.0
"""Roots are sealed documents whose size says nothing."""

import numpy as np
import pytest
from tests.services.retrieval.oblivious.stores import KEYS

from pmcb_services.retrieval.errors import TamperedError
from pmcb_services.retrieval.oblivious._root import Document, RootSeal

SEAL = RootSeal(KEYS, "store", bytes(32))


def document(patients, ill):
    """Of so many patients, some of them coloured."""
    arrays = {
        "low": np.arange(6, dtype=np.uint16).reshape(2, 3),
        "patients": np.arange(patients, dtype=np.uint32),
        "colour:ill": np.arange(ill, dtype=np.uint32),
    }
    return Document({"epoch": 3, "fill": 0.8}, arrays)


def test_a_root_is_read_back():
    """Values, types and shapes."""
    held = document(5, 2)
    found = SEAL.open(SEAL.seal(held, 7, spare=0), 7)
    assert found.head == held.head
    assert list(found.arrays) == list(held.arrays)
    for name, array in held.arrays.items():
        assert found.arrays[name].dtype == array.dtype
        assert np.array_equal(found.arrays[name], array)


def test_a_root_has_the_size_of_any_other_of_its_shape():
    """As long as patients, colours and live ids fit into what is set aside for them."""
    sizes = {
        len(SEAL.seal(document(patients, ill), 1, spare=200_000))
        for patients, ill in ((0, 0), (10, 3), (20_000, 1), (25_000, 24_000))
    }
    assert len(sizes) == 1
    assert len(SEAL.seal(document(70_000, 0), 1, spare=200_000)) > max(sizes)


@pytest.mark.parametrize("public", range(62_500, 64_000, 50))
def test_a_root_says_nothing_of_colours_and_ids_however_near_the_next_step_it_is(public):
    """Neither names of colours nor ids that were given make it grow."""
    sizes = set()
    for colours, ids in ((0, 8), (1, 8), (5, 800), (1, 4000)):
        painted = {f"colour:{'x' * 60}{each}": np.arange(2) for each in range(colours)}
        arrays = {"low": np.zeros(public, np.uint8), "live": np.packbits(np.ones(ids, np.uint8))}
        held = Document({"epoch": 3, "ids": ids}, {**arrays, **painted})
        sizes.add(len(SEAL.seal(held, 1, spare=2000)))
    assert len(sizes) == 1


def test_a_root_never_looks_the_same_twice():
    """And opens as its own version only."""
    one, other = (SEAL.seal(document(1, 1), 1, spare=0) for _ in range(2))
    assert one != other
    with pytest.raises(TamperedError):
        SEAL.open(one, 2)
