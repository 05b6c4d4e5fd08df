# SPDX-License-Identifier: Apache-2.0
"""What a peer may hand to the bridge: proposals, certificates, keys, bookmarks, ledger answers."""

import asyncio
import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import example, given
from hypothesis import strategies as st
from tests.chaincode.identities import identity
from tests.fuzz.checks import MARKER, attempt, check_words, examples, pem
from tests.fuzz.damage import documents, messages, scarred

from pmcb_chaincode.bridge import (
    KV,
    Page,
    PeerError,
    Refusal,
    composite,
    prefix_range,
    split_composite,
)
from pmcb_chaincode.bridge._caller import read_caller
from pmcb_chaincode.bridge._context import read_proposal
from pmcb_chaincode.bridge._ledger import Ledger
from pmcb_chaincode.bridge._protos import (
    ChaincodeAdditionalParams,
    GetStateMultipleResult,
    KVMessage,
    QueryResponse,
    QueryResponseMetadata,
    SerializedIdentity,
    SignedProposal,
)
from pmcb_chaincode.contract._pages import read_page
from pmcb_network.embedded._authority import Authority

# A damaged serial number may be negative: a warning today, one of our errors in a later release.
pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
PERSON = identity("HospitalAMSP", "r1", role="receiver", attributes={"x": MARKER})
SIGNED = PERSON.proposal([b"fn", MARKER.encode()], tx_id="ab" * 32, transient={"t": b"secret"})
LATE = PERSON.proposal([b"fn"], tx_id="ab" * 32, time_ms=2**53)
DER = PERSON.certificate.public_bytes(Encoding.DER)
ISSUED = Authority.make("ca", "HospitalAMSP", now_ms=10**12).certificate.public_bytes(Encoding.DER)
OFF_CURVE = DER.replace(b"\x03\x42\x00\x04", b"\x03\x42\x00\x05")
USAGE, KEY_ID = b"\x06\x03\x55\x1d\x0f", b"\x06\x03\x55\x1d\x0e"  # the ids of two extensions


def _check_caller(caller):
    assert all(isinstance(each, str) for pair in caller.attributes.items() for each in pair)
    assert isinstance(caller.role, str)
    assert caller.uid == f"{caller.msp_id}/{caller.enrollment_id}"
    assert caller.x509_id.startswith("x509::")
    key, _ = attempt(Refusal, caller.p256_key)
    assert key is None or len(bytes.fromhex(key)) == 33


@examples(100)
@given(messages(SIGNED.proposal_bytes))
@example(LATE.proposal_bytes)
def test_a_damaged_proposal_is_read_or_refused(raw):
    """A proposal by somebody at some time, or ValueError."""
    facts, _ = attempt(ValueError, read_proposal, SignedProposal(proposal_bytes=raw))
    if facts is not None:
        _check_caller(facts.caller)
        assert 0 <= facts.time_ms <= 2**53 - 1
        assert all(isinstance(each, bytes) for each in facts.transient.values())


@examples(150)
@given(scarred(DER, ISSUED) | messages(DER))
@example(OFF_CURVE)
@example(DER.replace(b"\x2a\x86\x48\xce\x3d\x02\x01", b"\x2b\x86\x48\xce\x3d\x02\x01"))
@example(ISSUED.replace(USAGE, KEY_ID))
@example(DER.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x03"))  # a version to come
def test_a_damaged_certificate_names_somebody_or_nobody(der):
    """A caller without surprises, or ValueError; its key is on P-256 or KEY_UNSUPPORTED."""
    creator = SerializedIdentity(mspid="HospitalAMSP", id_bytes=pem(der)).SerializeToString()
    caller, _ = attempt(ValueError, read_caller, creator)
    if caller is not None:
        _check_caller(caller)


@examples(50)
@given(documents({"attrs": {"hf.EnrollmentID": "r1", "pmcb.role": "receiver", "x": MARKER}}))
def test_damaged_attributes_grant_nothing_that_is_not_a_text(extension):
    """Whatever the extension holds, attributes are texts; a malformed one grants nothing."""
    person = identity("HospitalAMSP", "r1", extension=extension or b"{}", key=PERSON.key)
    _check_caller(read_caller.__wrapped__(person.creator))


WORDS = st.characters(exclude_characters="\0\U0010ffff", exclude_categories=["Cs"])
PARTS = st.lists(st.text(WORDS), max_size=4)


@examples(60)
@given(st.text(WORDS, min_size=1), PARTS, PARTS)
def test_composite_keys_part_and_lie_in_their_own_range_only(kind, attributes, more):
    """What was joined parts again; a prefix's range holds its own keys and no other's."""
    key = composite(kind, *attributes, *more)
    assert split_composite(key) == (kind, *attributes, *more)
    start, end = (each.encode() for each in prefix_range(kind, *attributes))
    assert start <= key.encode() < end
    for other in (kind + "x", kind[:-1]):
        assert not start <= composite(other, *attributes).encode() < end


def _bookmark(*parts):
    return base64.urlsafe_b64encode(composite(*parts).encode()).rstrip(b"=")


LISTING = ("SL", "0a" * 16, "0003")
BOOKMARK = _bookmark(*LISTING, "0017")
ELSEWHERE = _bookmark("SL", "0b" * 16, "0003", "0017")


class _Reading:
    """As much of a context as a listing needs; notes where the page starts."""

    def __init__(self):
        self.ledger = self
        self.started = []

    async def page(self, start, _end, *, size):
        self.started.append((start, size))
        return Page((), "", 0)


@examples(100)
@given(
    scarred(BOOKMARK, ELSEWHERE)
    | scarred(composite(*LISTING, "0017").encode()).map(base64.urlsafe_b64encode)
)
@example(BOOKMARK)
@example(ELSEWHERE)
@example(_bookmark(*LISTING))
@example(_bookmark(*LISTING, "0017", "0001"))
@example(BOOKMARK + b"=")
def test_a_damaged_bookmark_lies_in_its_listing_in_its_one_spelling_or_is_refused(raw):
    """A bookmark is a whole key of the listing's range, written in one way only."""
    ctx: Any = _Reading()
    reading = read_page(ctx, LISTING, 3, 10, raw.decode("latin-1"))
    _, refusal = attempt(Refusal, asyncio.run, reading)
    assert refusal is None or raw != BOOKMARK
    if refusal is not None:
        assert str(refusal) == "BAD_ARGUMENT: bookmark must come from this listing."
        assert ctx.started == []
    elif raw:
        ((key, size),) = ctx.started
        start, end = prefix_range(*LISTING)
        assert start <= key < end
        assert size == 10
        assert raw == _bookmark(*split_composite(key))
        assert split_composite(key)[:3] == LISTING


def _rows(*, more=False, bookmark=""):
    rows = [KVMessage(key=f"k{n}", value=MARKER.encode()).SerializeToString() for n in range(3)]
    about = QueryResponseMetadata(bookmark=bookmark, fetched_records_count=3)
    return QueryResponse(
        results=[{"resultBytes": row} for row in rows],
        has_more=more,
        id="7",
        metadata=about.SerializeToString(),
    ).SerializeToString()


ANSWERS = (
    _rows(),
    _rows(more=True),
    _rows(bookmark="k3"),
    GetStateMultipleResult(values=[b"v", b"", b"w"]).SerializeToString(),
    b"value",
    b"",
)


async def _all(rows):
    return [row async for row in rows]


async def _ask(answers, *, multiple):
    """Every reading method, each under answers of its own."""
    left = iter(answers)

    async def call(_kind, _payload):
        try:
            return next(left)
        except StopIteration:
            raise PeerError("the peer answered ERROR") from None

    offers = ChaincodeAdditionalParams(use_get_multiple_keys=multiple)
    ledger = Ledger(call, offers, may_write=False)
    for reading, kind in (
        (lambda: ledger.get("k"), bytes | None),
        (lambda: ledger.get_many(["k0", "k1", "k2"]), bytes | None),
        (lambda: _all(ledger.range()), KV),
        (lambda: ledger.page("", "", size=3), KV),
    ):
        try:
            found = await reading()
        except PeerError as error:
            check_words(error)
            continue
        items = getattr(found, "items", found)
        for item in items if isinstance(items, list | tuple) else [items]:
            assert isinstance(item, kind)
    try:
        await ledger.finish()
    except PeerError as error:
        check_words(error)


@examples(120)
@given(st.lists(messages(*ANSWERS) | st.sampled_from(ANSWERS), max_size=12), st.booleans())
def test_damaged_answers_of_a_peer_are_rows_and_values_or_a_peer_error(answers, multiple):
    """No answer makes a ledger call raise anything but PeerError, or return anything odd."""
    asyncio.run(_ask(answers, multiple=multiple))


def test_a_peer_that_promises_rows_and_sends_none_is_not_asked_for_ever():
    """An empty batch with more to come, without end, is an error and no loop."""
    asked = iter(range(10))

    async def call(_kind, _payload):
        next(asked)
        return QueryResponse(has_more=True, id="7").SerializeToString()

    rows = Ledger(call, ChaincodeAdditionalParams(), may_write=False).range()
    _, error = attempt(PeerError, asyncio.run, _all(rows))
    assert str(error) == "the peer promised more rows and sent none"
