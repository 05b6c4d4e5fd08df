# SPDX-License-Identifier: Apache-2.0
"""A receipt is this store's, for this file and person, or it is none."""

from dataclasses import replace

import httpx
import pytest
from tests.client.http_identity.people import NOW_MS, Ca
from tests.services.content.stores import ANN, NETWORK, STORE, A, B, answer

from pmcb_client.content import (
    ContentClient,
    ContentRefused,
    ContentUnavailable,
    ForeignReceipt,
    Receipt,
)

pytestmark = pytest.mark.anyio

BLOB = answer()


def receipt(by=STORE, digest=BLOB.hash, uid=ANN.uid):
    """As a store writes it."""
    return Receipt.sign(digest, len(BLOB.data), uid, NOW_MS, by)


def checked(document, network=NETWORK):
    """As Ann's client reads it."""
    return Receipt.checked(document, network, digest=BLOB.hash, uid=ANN.uid)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"hash": BLOB.hash},
        receipt().as_document() | {"more": 1},
        receipt().as_document() | {"size": 1},
        receipt().as_document() | {"at": NOW_MS + 1},
        receipt().as_document() | {"size": "4096"},
        receipt().as_document() | {"signature": ""},
        receipt().as_document() | {"signature": "no base64!"},
        receipt().as_document() | {"certificate": "AAAA"},
        receipt().as_document() | {"certificate": None},
        receipt(digest="0" * 64).as_document(),
        receipt(uid="HospitalAMSP/bob").as_document(),
        receipt(by=B.person("other", "institution")).as_document(),
        receipt(by=A.person("content", "institution")).as_document(),
        receipt(by=Ca("HospitalBMSP").person("content", "institution")).as_document(),
    ],
)
def test_what_is_no_receipt_of_this_store_is_refused(document):
    """Changed, for another file or person, of another identity, of a forged organisation."""
    with pytest.raises(ForeignReceipt, match="not one of this network's content store"):
        checked(document)


def test_a_receipt_of_a_revoked_store_is_refused():
    """As soon as the list is known."""
    gone = B.person("content", "institution", serial=11)
    known = replace(NETWORK.with_list("HospitalBMSP", B.crl(11)))
    assert checked(receipt(by=gone).as_document()).store == "HospitalBMSP/content"
    with pytest.raises(ForeignReceipt):
        checked(receipt(by=gone).as_document(), known)


def test_a_receipt_comes_back():
    """Every field of it."""
    made = receipt()
    assert checked(made.as_document()) == made
    assert (made.hash, made.size, made.uid) == (BLOB.hash, len(BLOB.data), ANN.uid)


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"hash": "x"}'])
async def test_something_else_that_answers_is_no_store(body):
    """A portal in between, for example: what was sent is not taken as kept."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    async with ContentClient(NETWORK, ANN, transport=transport) as store:
        with pytest.raises(ForeignReceipt):
            await store.put(BLOB)
        with pytest.raises(ContentUnavailable, match="listing cannot be read"):
            await store.shares("a" * 32, 0)


@pytest.mark.parametrize(("status", "exit_code"), [(400, 2), (403, 1), (413, 2), (429, 1)])
async def test_a_refusal_without_our_shape_is_one_all_the_same(status, exit_code):
    """Malformed requests end a command with 2, rules with 1."""
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=b"<html>"))
    async with ContentClient(NETWORK, ANN, transport=transport) as store:
        with pytest.raises(ContentRefused, match=f"answered {status}") as caught:
            await store.get(BLOB.hash)
    assert caught.value.exit_code == exit_code


def test_a_network_without_a_store_says_how_to_start_one():
    """Before anything is sent."""
    with pytest.raises(ContentUnavailable, match="names no content store") as caught:
        ContentClient(replace(NETWORK, content=None), ANN)
    assert "pmcb content serve" in caught.value.next_step
