# SPDX-License-Identifier: Apache-2.0
"""Privacy budgets: opened once, only lowered, spent exactly and for good."""

import json
from math import gcd
from random import Random

import pytest
from tests.chaincode.cohort import (
    COHORT,
    COLLEAGUE,
    DATASET,
    FIRST,
    OPENED,
    OTHER,
    SCHEMA,
    STRANGER,
    budget,
    lower,
    opened,
    record,
    request,
    reserve,
    unchanged,
)
from tests.chaincode.fake_peer import FakePeer
from tests.chaincode.identities import TIME_MS
from tests.chaincode.story import RECORDS, RELEASER, A, B

from pmcb_chaincode.bridge import composite
from pmcb_chaincode.contract import Governance, Pmcb


@pytest.fixture
async def peer(serve):
    """A peer that holds a cohort with a budget of 1."""
    made = serve(FakePeer(), Pmcb(Governance.of((A, B))))
    assert (await opened(made)).status == 200
    return made


@pytest.mark.parametrize("total", ["0", "-1", "-1/1000", "1001", "1000000000001/1000000000"])
async def test_a_total_out_of_range_is_refused(peer, total):
    """Greater than 0, at most 1,000."""
    answer = await opened(peer, OTHER, total)
    assert answer.message == ("BAD_ARGUMENT: total must be greater than 0 and at most 1000.")


@pytest.mark.parametrize("total", ["1000", "1/1000000000"])
async def test_a_total_at_its_ends_is_taken(peer, total):
    """A thousand, and a billionth."""
    assert (await opened(peer, OTHER, total)).json()["total"] == total


@pytest.mark.parametrize("epsilon", ["0", "-1", "-1/10"])
async def test_a_spend_of_nothing_or_less_is_refused(peer, epsilon):
    """Nothing would be private by it, or the budget would grow."""
    answer = await reserve(peer, 1, epsilon)
    assert answer.message == "BAD_ARGUMENT: epsilon must be greater than 0."
    assert await budget(peer) == ("1", "0", 0)


CALLS = [
    ("open_cohort", OTHER, "subject", "1", SCHEMA),
    ("lower_budget", COHORT, "1/2"),
    ("register_dataset", DATASET, COHORT, FIRST),
    ("reserve_budget", COHORT, request(1), "1/2"),
    ("record_release", COHORT, request(1), SCHEMA),
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call[0])
async def test_only_institutions_spend(serve, call):
    """Nobody in another role, and none of an organisation that may not mint them."""
    roles = {"authority": (A, B), "institution": (A,), "verifier": (A, B)}
    peer = serve(FakePeer(), Pmcb(Governance((A, B), roles, 2)))
    assert (await peer.call(*call, caller=RELEASER)).code == "ROLE_REQUIRED"
    assert (await peer.call(*call, caller=RECORDS)).code == "MSP_NOT_ALLOWED"
    assert not peer.calls


@pytest.mark.parametrize("call", CALLS[1:], ids=lambda call: call[0])
async def test_a_budget_is_its_organisations_alone(peer, call):
    """Another institution is refused; a colleague of the same one is not."""
    await reserve(peer, 1, "1/2")
    refused = await peer.call(*call, caller=STRANGER)
    assert (refused.code, refused.writes) == ("NOT_OWNER", {})
    assert (await peer.call(*call, caller=COLLEAGUE)).status == 200


@pytest.mark.parametrize("call", CALLS[1:], ids=lambda call: call[0])
async def test_a_cohort_that_is_none_is_not_found(peer, call):
    """Nothing is spent, registered or recorded for nobody."""
    args = [OTHER if arg == COHORT else arg for arg in call]
    assert (await peer.call(*args, caller=RECORDS)).code == "NOT_FOUND"


async def test_a_cohort_is_opened_once(peer):
    """The same again is the same; another unit, total, schema or owner is refused."""
    again = await opened(peer, caller=COLLEAGUE)
    assert (again.json(), unchanged(again)) == (OPENED, True)
    for args in (("row", "1", SCHEMA), ("subject", "2", SCHEMA), ("subject", "1", "6" * 64)):
        answer = await peer.call("open_cohort", COHORT, *args, caller=RECORDS)
        assert (answer.code, answer.writes) == ("EXISTS", {})
    assert (await opened(peer, caller=STRANGER)).code == "EXISTS"


async def test_opening_again_gives_nothing_back(peer):
    """What is spent stays spent; what was lowered stays lowered."""
    await reserve(peer, 1, "1/4")
    assert unchanged(await opened(peer))
    await lower(peer, "1/2")
    assert (await opened(peer)).code == "EXISTS"
    assert await budget(peer) == ("1/2", "1/4", 1)


async def test_a_budget_is_lowered_to_what_is_spent_and_no_further(peer):
    """By a billionth too low or too high it is refused; so it never rises again."""
    await reserve(peer, 1, "1/3")
    for total in ("333333333/1000000000", "0", "-1", "1000000001/1000000000", "2"):
        answer = await lower(peer, total)
        assert (answer.code, answer.writes) == ("BUDGET_RANGE", {})
    assert "from 1/3, which is spent, to 1." in answer.message
    lowered = await lower(peer, "2/3")
    assert lowered.json() == {**OPENED, "total": "2/3"}
    assert lowered.event_json() == {"v": 1, "cohort": COHORT}
    assert unchanged(await lower(peer, "2/3"))
    assert (await lower(peer, "1")).code == "BUDGET_RANGE"
    assert (await lower(peer, "1/3")).status == 200
    assert (await reserve(peer, 2, "1/1000000000")).code == "BUDGET_EXHAUSTED"


async def test_a_budget_that_nobody_spent_can_be_closed(peer):
    """Lowered to nothing, it lets nothing be spent."""
    assert (await lower(peer, "0")).status == 200
    assert (await reserve(peer, 1, "1/1000000000")).code == "BUDGET_EXHAUSTED"


async def test_ten_spends_of_a_tenth_are_one_of_one(peer):
    """Exactly: floats would end at 0.9999999999999999 and let a billionth pass."""
    for number in range(10):
        answer = await reserve(peer, number, "1/10")
        assert answer.json()["number"] == number + 1
        assert answer.event_json() == {"v": 1, "cohort": COHORT, "number": number + 1}
    assert await budget(peer) == ("1", "1", 10)
    for epsilon in ("1/10", "1/1000000000"):
        refused = await reserve(peer, 10, epsilon)
        assert (refused.code, refused.writes) == ("BUDGET_EXHAUSTED", {})
    await opened(peer, OTHER)
    assert (await reserve(peer, 0, "1", cohort=OTHER)).status == 200
    assert (await reserve(peer, 1, "1/1000000000", cohort=OTHER)).code == "BUDGET_EXHAUSTED"


@pytest.mark.parametrize(
    ("epsilons", "spent"),
    [
        (["1/3", "1/6"], "1/2"),
        (["1/3", "1/3", "1/3"], "1"),
        (["1/7", "2/7", "3/7"], "6/7"),
        (["1/2", "1/3", "1/7"], "41/42"),
        (["1/999999937", "1/1000000000"], "1999999937/999999937000000000"),
        (["1/1000000000"], "1/1000000000"),
    ],
)
async def test_sums_are_exact_and_in_lowest_terms(peer, epsilons, spent):
    """By hand."""
    for number, epsilon in enumerate(epsilons):
        assert (await reserve(peer, number, epsilon)).status == 200
    assert await budget(peer) == ("1", spent, len(epsilons))


async def test_spends_are_taken_while_whole_numbers_say_so(peer):
    """Against sums of 5040ths, which are whole numbers."""
    random, spent, count = Random(8), 0, 0
    for number in range(60):
        part = random.randrange(1, 400)
        shared = gcd(part, 5040)
        answer = await reserve(peer, number, f"{part // shared}/{5040 // shared}")
        assert (answer.code == "BUDGET_EXHAUSTED") is (spent + part > 5040)
        if answer.status == 200:
            spent, count = spent + part, count + 1
    whole = gcd(spent, 5040)
    assert count > 20
    assert await budget(peer) in {
        ("1", f"{spent // whole}/{5040 // whole}", count),
        ("1", f"{spent // whole}", count),
    }


async def test_the_same_request_again_spends_nothing(peer):
    """Also when the budget is exhausted, and by a colleague; another epsilon is refused."""
    first = await reserve(peer, 1, "1")
    entry = {"epsilon": "1", "number": 1, "at": TIME_MS, "state": "reserved", "release_hash": ""}
    assert first.json() == entry
    again = await reserve(peer, 1, "1", caller=COLLEAGUE)
    assert (again.json(), unchanged(again)) == (entry, True)
    for epsilon in ("1/2", "2"):
        answer = await reserve(peer, 1, epsilon)
        assert (answer.code, answer.writes) == ("EXISTS", {})
    assert await budget(peer) == ("1", "1", 1)


async def test_one_request_of_two_cohorts_is_two(peer):
    """A budget is of people, not of questions."""
    await opened(peer, OTHER)
    assert (await reserve(peer, 1, "1")).status == 200
    assert (await reserve(peer, 1, "1/2", cohort=OTHER)).json()["number"] == 1


async def test_a_sum_that_outgrows_its_digits_is_refused(peer):
    """Five large primes multiply to more than 2^128; what fits still passes."""
    primes = (999_999_937, 999_999_929, 999_999_893, 999_999_883, 999_999_797)
    for prime in primes[:4]:
        assert (await reserve(peer, prime, f"1/{prime}")).status == 200
    before = await budget(peer)
    refused = await reserve(peer, primes[4], f"1/{primes[4]}")
    assert (refused.code, refused.writes) == ("BUDGET_PRECISION", {})
    assert await budget(peer) == before
    assert (await reserve(peer, 0, f"1/{primes[0]}")).status == 200
    assert (await reserve(peer, 5, "1")).code == "BUDGET_EXHAUSTED"


@pytest.mark.parametrize(("denominator", "code"), [(2**128, ""), (2**128 + 1, "BUDGET_PRECISION")])
async def test_a_sums_denominator_goes_up_to_2_to_the_128(peer, denominator, code):
    """A sum with just that denominator stands before, which no few calls would make."""
    stood = json.dumps({"count": 7, "spent": f"1/{denominator}"}, separators=(",", ":"))
    await opened(peer, OTHER, "2")
    peer.state[composite("BU", OTHER)] = stood.encode()
    assert (await reserve(peer, 1, "1", cohort=OTHER)).code == code


async def test_a_release_is_recorded_once(peer):
    """For what was reserved; the same again is the same, another one is refused."""
    assert (await record(peer, 1, "a" * 64)).code == "NOT_FOUND"
    reserved = (await reserve(peer, 1, "1/2")).json()
    answer = await record(peer, 1, "a" * 64)
    assert answer.json() == {**reserved, "state": "published", "release_hash": "a" * 64}
    assert answer.event_json() == {"v": 1, "cohort": COHORT, "number": 1}
    assert unchanged(await record(peer, 1, "a" * 64, caller=COLLEAGUE))
    other = await record(peer, 1, "b" * 64)
    assert (other.code, other.writes) == ("EXISTS", {})
    again = await reserve(peer, 1, "1/2")
    assert (again.json(), unchanged(again)) == (answer.json(), True)
    assert await budget(peer) == ("1", "1/2", 1)
