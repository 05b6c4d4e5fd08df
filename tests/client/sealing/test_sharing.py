# SPDX-License-Identifier: Apache-2.0
"""A secret among holders."""

import secrets
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmcb_client.sealing import (
    BadShare,
    Damaged,
    SecretMismatch,
    Share,
    TooFewShares,
    combine,
    deal,
    threshold,
)

TASK, SECRET = "a" * 32, bytes(range(16))


def dealt(n: int, secret: bytes = SECRET, subtask: int = 0):
    """A deal's header as the ledger has it, and its shares by slot with their hashes."""
    made = deal(TASK, subtask, secret, n)
    header = {"n": n, "threshold": threshold(n), "commitment": made.commitment}
    return header, {slot: (share, share.hash) for slot, share in enumerate(made.shares)}


@pytest.mark.parametrize("n", range(1, 8))
def test_half_of_the_shares_open_nothing_and_more_than_half_do(n):
    """Every choice of floor(n / 2), and every choice of the threshold."""
    header, shares = dealt(n)
    for chosen in combinations(shares, n // 2):
        with pytest.raises(TooFewShares, match=f"{n // 2} of at least {threshold(n)} shares"):
            combine(TASK, 0, header, {slot: shares[slot] for slot in chosen})
    for chosen in combinations(shares, threshold(n)):
        assert combine(TASK, 0, header, {slot: shares[slot] for slot in chosen}) == SECRET


def test_half_of_the_shares_say_nothing_about_the_secret():
    """Interpolating them, without our check, gives another secret each time."""
    from Crypto.Protocol.SecretSharing import Shamir  # what an adversary would call

    guesses = set()
    for _ in range(50):
        _, shares = dealt(4)
        pair = [(share.index, share.value) for share, _ in list(shares.values())[:2]]
        guesses.add(bytes(Shamir.combine(pair)))
    assert len(guesses) == 50
    assert SECRET not in guesses


@given(st.integers(0, 8), st.integers(0, 33), st.integers(1, 255))
def test_a_changed_share_is_named_by_its_slot(slot, place, change):
    """Whichever byte of it was changed."""
    header, shares = dealt(9)
    share, known = shares[slot]
    changed = bytearray(share.encode())
    changed[place] ^= change
    shares[slot] = (Share.decode(bytes(changed)), known)
    with pytest.raises(BadShare, match=f"share of slot {slot} ") as caught:
        combine(TASK, 0, header, shares)
    assert caught.value.slot == slot


def test_a_share_of_another_task_or_deal_is_named():
    """It is a sound share, and not the one that was dealt."""
    header, shares = dealt(5)
    _, others = dealt(5, secrets.token_bytes(16))
    shares[2] = (others[2][0], shares[2][1])
    with pytest.raises(BadShare, match="slot 2"):
        combine(TASK, 0, header, shares)


def test_a_share_that_comes_twice_counts_once():
    """Two slots cannot stand in for a third."""
    header, shares = dealt(5)
    twice = {0: shares[0], 1: shares[1], 7: shares[1]}
    with pytest.raises(TooFewShares, match="2 of at least 3"):
        combine(TASK, 0, header, twice)


@pytest.mark.parametrize(("task", "subtask"), [("b" * 32, 0), (TASK, 1)])
def test_a_deal_of_another_place_does_not_fit(task, subtask):
    """The commitment names task and subtask."""
    header, shares = dealt(3)
    with pytest.raises(SecretMismatch):
        combine(task, subtask, header, shares)


def test_a_dealer_who_committed_to_another_secret_is_caught():
    """The shares are those that were dealt, and their secret is not the promised one."""
    header, _ = dealt(3)
    _, shares = dealt(3, secrets.token_bytes(16))
    with pytest.raises(SecretMismatch, match="committed to"):
        combine(TASK, 0, header, shares)


@pytest.mark.parametrize("length", [0, 33, 35])
def test_what_is_no_share_is_refused(length):
    """A share has 34 bytes."""
    with pytest.raises(Damaged, match="no share"):
        Share.decode(bytes(length))


def test_shares_come_back_and_are_numbered():
    """Index in two bytes, value, salt; n of them, from 1."""
    _, shares = dealt(250)
    assert [share.index for share, _ in shares.values()] == list(range(1, 251))
    share = shares[249][0]
    assert share.encode()[:2] == b"\x00\xfa"
    assert Share.decode(share.encode()) == share
