# SPDX-License-Identifier: Apache-2.0
"""What anybody can ask of privacy budgets, and the history of a record."""

import pytest
from tests.chaincode.fake_peer import FakePeer
from tests.chaincode.identities import TIME_MS, identity
from tests.chaincode.story import RECORDS, A, B

from pmcb_chaincode.bridge import composite
from pmcb_chaincode.bridge._protos import KeyModification
from pmcb_chaincode.contract import Governance, Pmcb

COHORT, OTHER, DATASET, VERSION = "c" * 32, "d" * 32, "e" * 32, "1" * 32
SCHEMA, RELEASE = "5" * 64, "7" * 64
ANALYST = identity(A, "ana", role="analyst")
SPENDS = [("3" * 64, "1/3"), ("2" * 64, "1/6"), ("f" * 64, "1/4")]


@pytest.fixture
async def peer(serve):
    """A peer with a cohort, a dataset, three spends and a release."""
    made = serve(FakePeer(), Pmcb(Governance.of((A, B))))
    for args in (
        ("open_cohort", COHORT, "row", "2", SCHEMA),
        ("register_dataset", DATASET, COHORT, VERSION),
        *(("reserve_budget", COHORT, *spend) for spend in SPENDS),
        ("record_release", COHORT, SPENDS[0][0], RELEASE),
    ):
        assert (await made.call(*args, caller=RECORDS)).status == 200
    return made


async def ask(peer, *args):
    """As an analyst of another organisation."""
    return await peer.call(*args, caller=ANALYST)


@pytest.mark.parametrize(
    "call",
    [
        ("get_dataset", COHORT),
        ("get_budget", DATASET),
        ("get_release", COHORT, RELEASE),
        ("get_release", OTHER, SPENDS[0][0]),
        ("list_spends", OTHER, "10", ""),
        ("get_history", "BU", "[]"),
        ("get_history", "BU", f'["{COHORT}"]'),
    ],
)
async def test_what_is_not_there_is_not_found(peer, call):
    """Neither an empty record nor an empty list stands for it."""
    assert (await ask(peer, *call)).code == "NOT_FOUND"


async def test_a_budget_says_what_is_spent(peer):
    """To anybody, with the cohort it is of."""
    assert (await ask(peer, "get_budget", COHORT)).json() == {
        "cohort": COHORT,
        "owner": B,
        "unit": "row",
        "total": "2",
        "schema_hash": SCHEMA,
        "spent": "3/4",
        "count": 3,
    }


async def test_a_dataset_says_its_cohort_and_version(peer):
    """And how many versions there were."""
    made = {"owner": B, "cohort": COHORT, "version": VERSION, "number": 1}
    assert (await ask(peer, "get_dataset", DATASET)).json() == {**made, "dataset": DATASET}


async def test_a_release_is_proven_by_its_hash(peer):
    """What it cost, and when; a reservation without a release says so."""
    found = {"cohort": COHORT, "at": TIME_MS}
    published = await ask(peer, "get_release", COHORT, SPENDS[0][0])
    assert published.json() == {
        **found,
        "request_hash": SPENDS[0][0],
        "epsilon": "1/3",
        "number": 1,
        "state": "published",
        "release_hash": RELEASE,
    }
    reserved = await ask(peer, "get_release", COHORT, SPENDS[1][0])
    assert reserved.json() == {
        **found,
        "request_hash": SPENDS[1][0],
        "epsilon": "1/6",
        "number": 2,
        "state": "reserved",
        "release_hash": "",
    }


async def test_spends_are_listed_in_pages(peer):
    """In the order of their requests, of this cohort only, with nothing left out."""
    await peer.call("open_cohort", OTHER, "row", "2", SCHEMA, caller=RECORDS)
    await peer.call("reserve_budget", OTHER, "0" * 64, "1", caller=RECORDS)
    page = (await ask(peer, "list_spends", COHORT, "2", "")).json()
    assert [item["request_hash"] for item in page["items"]] == ["2" * 64, "3" * 64]
    assert page["items"][0] == {
        "request_hash": "2" * 64,
        "epsilon": "1/6",
        "number": 2,
        "at": TIME_MS,
        "state": "reserved",
        "release_hash": "",
    }
    rest = (await ask(peer, "list_spends", COHORT, "2", page["bookmark"])).json()
    assert [item["request_hash"] for item in rest["items"]] == ["f" * 64]
    assert rest["bookmark"] == ""
    foreign = await ask(peer, "list_spends", OTHER, "2", page["bookmark"])
    assert foreign.code == "BAD_ARGUMENT"


async def test_a_history_tells_each_change(peer):
    """The newest first: by which transaction, when, and what it made; or that it deleted."""
    spent = KeyModification(
        tx_id="b" * 64, value=b'{"count":1,"spent":"1/3"}', timestamp={"seconds": 2}
    )
    opened = KeyModification(tx_id="a" * 64, value=b'{"count":0,"spent":"0"}')
    rows = [one.SerializeToString() for one in (spent, opened)]
    peer.histories[composite("BU", COHORT)] = rows
    answer = await ask(peer, "get_history", "BU", f'["{COHORT}"]')
    assert answer.json() == {
        "items": [
            {"tx_id": "b" * 64, "at": 2000, "record": {"count": 1, "spent": "1/3"}},
            {"tx_id": "a" * 64, "at": 0, "record": {"count": 0, "spent": "0"}},
        ]
    }
    gone = KeyModification(tx_id="c" * 64, is_delete=True, timestamp={"seconds": 3})
    peer.histories[composite("SU", A, "p0")] = [gone.SerializeToString()]
    answer = await ask(peer, "get_history", "SU", f'["{A}","p0"]')
    assert answer.json() == {"items": [{"tx_id": "c" * 64, "at": 3000}]}


@pytest.mark.parametrize(
    ("attributes", "good"),
    [
        ("[]", True),
        ('["00000001","Org","p"]', True),
        ('["a","b","c","d"]', False),
        ('[""]', False),
        ('["a b"]', False),
        ("[1]", False),
        ('"a"', False),
    ],
)
async def test_a_key_is_named_by_its_attributes(peer, attributes, good):
    """None to three of them, as they stand in keys."""
    answer = await ask(peer, "get_history", "CU", attributes)
    assert answer.code == ("NOT_FOUND" if good else "BAD_ARGUMENT")


@pytest.mark.parametrize(
    "record_type", ["BU", "CU", "GR", "LV", "SA", "SU", "TK", "AC", "CO", "GX", "SE", "bu", ""]
)
async def test_some_records_have_a_history(peer, record_type):
    """Budgets, epochs, grants, levels, anchors, suspensions, tasks; no other type is asked for."""
    answer = await ask(peer, "get_history", record_type, "[]")
    told = record_type in {"BU", "CU", "GR", "LV", "SA", "SU", "TK"}
    assert answer.code == ("NOT_FOUND" if told else "BAD_ARGUMENT")
