# SPDX-License-Identifier: Apache-2.0
"""What a transaction may tell: by which function, in which roles, and which keys it changes."""

from dataclasses import dataclass

ANY: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Effect:
    """Of one event; ``maybe`` are types of keys that it changes in some cases only."""

    function: str
    roles: frozenset[str]
    keys: frozenset[str]
    maybe: frozenset[str] = ANY


def _effect(function: str, roles: str, keys: str, maybe: str = "") -> Effect:
    return Effect(function, *(frozenset(words.split()) for words in (roles, keys, maybe)))


EFFECTS: dict[str, Effect] = {
    "KeyAnnounced": _effect("announce_key", "", "WK"),
    "EpochOpened": _effect("open_epoch", "authority", "EP"),
    "LevelsRegistered": _effect("register_levels", "authority", "LV EB"),
    "EpochApproved": _effect("approve_epoch", "authority", "EA"),
    "EpochActivated": _effect("approve_epoch", "authority", "EA CU"),
    "LevelChanged": _effect("set_level", "authority", "LV"),
    "PersonSuspended": _effect("suspend", "authority", "SU"),
    "PersonReinstated": _effect("reinstate", "authority", "SU"),
    "CreditIssued": _effect("issue_credit", "authority", "AC"),
    "TaskPublished": _effect("publish_task", "releaser", "TK ST OP", "AC"),
    "TaskCancelled": _effect("cancel_task", "releaser", "TK OP"),
    "SubtaskAccepted": _effect("accept_subtask", "receiver", "MB SL"),
    "ClaimWithdrawn": _effect("withdraw_claim", "receiver", "SL"),
    "KeysDelivered": _effect("deliver_keys", "releaser", "KY"),
    "SharesDelivered": _effect("deliver_shares", "releaser", "DL", "SH OP"),
    "DataSubmitted": _effect("submit_data", "receiver", "SB"),
    "SubmissionVerified": _effect("verify_submission", "verifier", "VD"),
    "RewardsSettled": _effect("settle_rewards", "releaser receiver verifier", "PY", "AC"),
    "TaskClosed": _effect("close_task", "releaser authority", "CL", "AC"),
    "CohortOpened": _effect("open_cohort", "institution", "CO BU"),
    "BudgetLowered": _effect("lower_budget", "institution", "CO"),
    "DatasetRegistered": _effect("register_dataset", "institution", "DS"),
    "BudgetReserved": _effect("reserve_budget", "institution", "BU RS"),
    "ReleaseRecorded": _effect("record_release", "institution", "RS"),
    "RetrievalGranted": _effect("grant_retrieval", "institution", "GR GX"),
    "RetrievalRevoked": _effect("revoke_grant", "institution", "GR"),
    "StoreEpochClaimed": _effect("claim_store_epoch", "institution", "SE"),
    "StoreAnchored": _effect("anchor_store", "institution", "SA"),
}
