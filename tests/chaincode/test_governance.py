# SPDX-License-Identifier: Apache-2.0
"""Governance is code: what a typing error in its file would break is refused at the start."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmcb_chaincode.bridge import canonical_dumps
from pmcb_chaincode.contract import GOVERNED_ROLES, ROLES, Governance, GovernanceError

A, B, C = "HospitalAMSP", "HospitalBMSP", "HospitalCMSP"
BOTH = dict.fromkeys(GOVERNED_ROLES, (A, B))
WINDOW = {"settle_window_s": 604_800}


@pytest.mark.parametrize(
    ("orgs", "role_msps", "quorum", "match"),
    [
        ((), BOTH, 1, "orgs must name"),
        ((A, A), BOTH, 1, "orgs must name"),
        ((A,), BOTH, 1, "role_msps must name organisations of orgs for authority"),
        ((A, B), {}, 1, "for authority"),
        ((A, B), BOTH | {"verifier": ()}, 1, "for verifier"),
        ((A, B), BOTH | {"institution": (C,)}, 1, "for institution"),
        ((A, B), {r: m for r, m in BOTH.items() if r != "verifier"}, 1, "for verifier"),
        ((A, B), BOTH | {"receiver": (A,)}, 1, "exactly authority, institution, verifier"),
        ((A, B), BOTH, 0, "epoch_quorum must lie between"),
        ((A, B), BOTH, -1, "epoch_quorum must lie between"),
        ((A, B), BOTH, 3, "epoch_quorum must lie between"),
        ((A, B), BOTH | {"authority": (A, A)}, 2, "for authority, once"),
        ((A, B), BOTH | {"authority": (A,)}, 2, "epoch_quorum must lie between"),
    ],
)
def test_governance_that_cannot_hold_is_refused(orgs, role_msps, quorum, match):
    """The error names the rule."""
    with pytest.raises(GovernanceError, match=match):
        Governance(orgs, role_msps, quorum)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"orgs":["A"],"role_msps":{}}',
        '{"orgs":["A"],"role_msps":[],"epoch_quorum":1,"settle_window_s":1}',
        '{"orgs":7,"role_msps":{},"epoch_quorum":1,"settle_window_s":1}',
        '{"orgs":["A"],"role_msps":{"authority":7},"epoch_quorum":1,"settle_window_s":1}',
        json.dumps({"orgs": [A, B], "role_msps": BOTH, "epoch_quorum": 2, **WINDOW, "surplus": 1}),
        json.dumps({"orgs": "AB", "role_msps": BOTH, "epoch_quorum": 2, **WINDOW}),
        json.dumps({"orgs": [A, B], "role_msps": BOTH, "epoch_quorum": "2", **WINDOW}),
        json.dumps({"orgs": [A, B], "role_msps": BOTH, "epoch_quorum": 1.9, **WINDOW}),
        json.dumps({"orgs": [A, B], "role_msps": BOTH, "epoch_quorum": True, **WINDOW}),
        json.dumps({"orgs": [A, B], "role_msps": BOTH, "epoch_quorum": None, **WINDOW}),
    ],
)
def test_malformed_file_is_refused(tmp_path, text):
    """Whatever is wrong with the file, the error is one kind."""
    path = tmp_path / "governance.json"
    path.write_text(text)
    with pytest.raises(GovernanceError):
        Governance.load(path)


@pytest.mark.parametrize("window_s", [-1, 366 * 24 * 3600 + 1])
def test_a_settle_window_out_of_range_is_refused(window_s):
    """From nothing to 366 days; both ends hold."""
    with pytest.raises(GovernanceError, match="settle_window_s must lie between 0 and 31622400"):
        Governance((A, B), BOTH, 2, window_s)
    for good in (0, 366 * 24 * 3600):
        assert Governance((A, B), BOTH, 2, good).settle_window_s == good


def test_unreadable_file_is_refused(tmp_path):
    """Neither an absent file, nor a folder, nor bytes that are no text governs."""
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    for name in ("absent.json", "", "bytes"):
        with pytest.raises(GovernanceError, match="unreadable"):
            Governance.load(tmp_path / name)


def test_rule_broken_in_a_file_is_named(tmp_path):
    """A well-formed file with a rule that cannot hold says which rule."""
    path = tmp_path / "governance.json"
    path.write_text(json.dumps({"orgs": [A, B], "role_msps": BOTH, "epoch_quorum": 3, **WINDOW}))
    with pytest.raises(GovernanceError, match="epoch_quorum"):
        Governance.load(path)


def test_packaged_file_is_the_default_of_two_organisations():
    """What ships equals what ``of`` makes for the default network."""
    assert Governance.load() == Governance.of((A, B))
    assert Governance.load().epoch_quorum == 2
    assert Governance.load().settle_window_s == 7 * 24 * 3600


def test_file_comes_back(tmp_path):
    """What the query answers can be loaded again."""
    made = Governance((A, B, C), BOTH | {"authority": (A, B, C)}, 2, 60)
    path = tmp_path / "governance.json"
    path.write_bytes(canonical_dumps(made.as_json()))
    assert Governance.load(path) == made


@given(st.integers(1, 16))
def test_default_quorum_is_a_majority(count):
    """More than half, so that two approvals of different epochs share an organisation."""
    made = Governance.of([f"Org{number}" for number in range(count)])
    assert count < 2 * made.epoch_quorum <= count + 2


def test_governed_roles_are_roles():
    """Who judges or decides is governed; who takes part is not."""
    assert set(GOVERNED_ROLES) == {"authority", "institution", "verifier"} < set(ROLES)
    assert list(ROLES) == sorted(ROLES)
