# SPDX-License-Identifier: Apache-2.0
"""Who may call what: the specification's own table."""

from pmcb_chaincode.contract import Pmcb

EVERYBODY = ("analyst", "authority", "institution", "receiver", "releaser", "verifier", "worker")
ROLES = {
    "ping": (),
    "announce_key": EVERYBODY,
    "open_epoch": ("authority",),
    "register_levels": ("authority",),
    "approve_epoch": ("authority",),
    "set_level": ("authority",),
    "suspend": ("authority",),
    "reinstate": ("authority",),
    "publish_task": ("releaser",),
    "cancel_task": ("releaser",),
    "accept_subtask": ("receiver",),
    "withdraw_claim": ("receiver",),
    "submit_data": ("receiver",),
    "verify_submission": ("verifier",),
    "issue_credit": ("authority",),
    "deliver_keys": ("releaser",),
    "deliver_shares": ("releaser",),
    "settle_rewards": ("releaser", "receiver", "verifier"),
    "close_task": ("releaser", "authority"),
    "open_cohort": ("institution",),
    "lower_budget": ("institution",),
    "register_dataset": ("institution",),
    "reserve_budget": ("institution",),
    "record_release": ("institution",),
    "grant_retrieval": ("institution",),
    "revoke_grant": ("institution",),
    "claim_store_epoch": ("institution",),
    "anchor_store": ("institution",),
    "get_governance": (),
    "get_key": (),
    "get_epoch": (),
    "get_level": (),
    "get_task": (),
    "list_open_subtasks": ("receiver",),
    "list_my_claims": ("receiver",),
    "list_claims": (),
    "get_claim": (),
    "list_submissions": (),
    "get_sealed": (),
    "get_balance": (),
    "get_dataset": (),
    "get_budget": (),
    "get_release": (),
    "list_spends": (),
    "check_grant": (),
    "check_device": (),
    "get_store": (),
    "get_history": (),
}


def test_every_function_asks_for_its_roles():
    """Neither a role more nor one less."""
    assert {name: one.marking.roles for name, one in Pmcb.functions.items()} == ROLES
