# SPDX-License-Identifier: Apache-2.0
"""What fog workers and gateway say to each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmcb_services.fog.errors import InvalidInput
from pmcb_services.fog.online._messages import (
    MAX_BYTES,
    MAX_PAYLOAD_BYTES,
    Beat,
    Beaten,
    Claimed,
    Commit,
    Offer,
    Refused,
    Register,
    decode,
    encode,
)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"", ""),
        (b"\xff\n", ""),
        (b"[]\n", ""),
        (b"null", ""),
        (b"{}\n", ""),
        (b'{"type":"Beat"}\n', "type"),
        (b'{"type":["Offer"]}\n', ""),
        (b'{"type":"Offer","order":"o"}\n', "epoch"),
        (b'{"type":"Offer","order":"o","epoch":"secret"}\n', "epoch"),
        (b"[" * 100_000, ""),
    ],
)
def test_malformed_messages_are_told_by_their_part(data, field):
    """Whatever comes over the wire ends in one error, which holds none of its values."""
    with pytest.raises(InvalidInput) as caught:
        decode(data, Offer)
    assert caught.value.field == field
    assert "secret" not in str(caught.value)


@given(st.binary(max_size=200))
def test_payloads_travel_as_they_are(payload):
    """Line feeds and zeros included."""
    claimed = Claimed(
        order="o",
        epoch=1,
        kind="compute.test",
        subject="",
        command="",
        predicted_s=0.5,
        deadline_ms=0,
        attempt=1,
        on_unknown="hold",
        payload=payload,
    )
    assert decode(encode(claimed), Claimed, Refused) == claimed


@pytest.mark.parametrize(
    "message",
    [
        Register(server="a", token="t", kinds=("x", "y"), speed_mips=1000.0),
        Beat(server="a", incarnation=3, orders=(("o", 1), ("p", 2))),
        Beaten(lost=()),
        Refused(code="STALE_EPOCH", message="No."),
    ],
)
def test_messages_come_as_they_went(message):
    """Tuples included."""
    assert decode(encode(message), type(message)) == message


def test_the_largest_payload_fits_a_message():
    """With its line, whatever that holds."""
    commit = Commit(
        order="o" * 64,
        epoch=1,
        server="s" * 32,
        incarnation=1,
        outcome="done",
        digest="d" * 64,
        result=bytes(MAX_PAYLOAD_BYTES),
    )
    assert len(encode(commit)) < MAX_BYTES
