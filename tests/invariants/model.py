# SPDX-License-Identifier: Apache-2.0
"""The ledger folded transaction by transaction; what holds after each holds at every height."""

from collections import Counter
from typing import Any

from tests.invariants.blocks import Entry
from tests.invariants.changes import Changes, Key, canonical, need
from tests.invariants.rules import check, scope
from tests.invariants.rules_credit import CREDIT_TYPES, check_credit

VALID, DUPLICATE_TXID = 0, 9
MVCC_READ_CONFLICT, PHANTOM_READ_CONFLICT = 11, 12
CONFLICTS = {MVCC_READ_CONFLICT, PHANTOM_READ_CONFLICT}


class Model:
    """The state that the valid transactions so far add up to.

    Attributes:
        raw: what the store must hold, byte for byte.
        state: the same, decoded.
        codes: the validation code of every transaction, by id.
        told: how often each event was told.
    """

    def __init__(self) -> None:
        self.raw: dict[str, bytes] = {}
        self.state: dict[Key, Any] = {}
        self.codes: dict[str, int] = {}
        self.told: Counter[str] = Counter()
        self._joined: dict[tuple[str, str], Key] = {}
        self._issued = 0

    def apply(self, entry: Entry) -> None:
        """Take the next transaction.

        Raises:
            Broken: it should not stand on the ledger as it does.
        """
        if entry.tx_id in self.codes:
            need(entry.code == DUPLICATE_TXID, "7: a transaction counts once", entry)
            return
        self.codes[entry.tx_id] = entry.code
        if entry.code != VALID:
            need(entry.code in CONFLICTS, "what is invalid is a conflict", entry)
            return
        changes = Changes(entry, self.state, self._joined)
        check(changes)
        told = canonical(entry.event[1], entry) if entry.event else {}
        answer = canonical(entry.result, entry) if entry.result else {}
        self._take(changes)
        if any(key[0] in CREDIT_TYPES for key in changes.put):
            check_credit(self.state, self._issued, entry)
        if entry.event:
            need(told.get("v") == 1, "events carry their version", entry)
            self.told[entry.event[0]] += 1
        if entry.function == "accept_subtask":
            self._check_claim(answer, entry)

    def _take(self, changes: Changes) -> None:
        """What the records of a sound transaction add."""
        for key, record in changes.put.items():
            self.state[key] = record
            if key[0] == "SL":
                task = self.state["TK", key[1]]
                self._joined[record["holder"], scope(key[1], task)] = key
            if changes.entry.function == "issue_credit":
                self._issued += record["delta"]
        for key in changes.deleted:
            del self.state[key]
        for name, data in changes.entry.writes.items():
            if data is None:
                del self.raw[name]
            else:
                self.raw[name] = data

    def _check_claim(self, answer: Any, entry: Entry) -> None:
        """A repeat too is answered with the claim that stands, and it is the caller's."""
        place = (answer["task"], f"{answer['subtask']:04}", f"{answer['slot']:04}")
        claim: Any = self.state.get(("SL", *place))
        need(claim and claim["holder"] == entry.by.uid, "an answered claim is held", entry)
        need(claim.items() <= answer.items(), "an answered claim is the one that stands", entry)
