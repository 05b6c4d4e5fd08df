# SPDX-License-Identifier: Apache-2.0
"""The state machine: people make calls, many at once, and the ledger is read after each batch."""

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from tests.invariants.asks import Ask, Asks, asks, places, tables
from tests.invariants.blocks import entries
from tests.invariants.changes import Broken
from tests.invariants.crowd import Call, Crowd
from tests.invariants.model import VALID, Model
from tests.invariants.stage import HOUR_MS, RECEIVERS, TABLES, VERIFIERS, Plays, batches

from pmcb_client.gateway import Transaction

NOBODY: frozenset[int] = frozenset()


class PeopleAtOnce(RuleBasedStateMachine):
    """One play: an active epoch, open tasks, and people who act all at once."""

    def __init__(self, plays: Plays) -> None:
        super().__init__()
        self.plays = plays
        self.stage = plays.open()
        self.crowd, self.model = Crowd(), Model()
        self.made: list[Call] = []
        self.late: list[Transaction] = []
        self.height = 0
        self.sound = True
        self.asks = Asks(self.stage, self.model.state, self.made)
        self.look()

    def teardown(self) -> None:
        """The envelopes that are still out come in; then the stage closes."""
        try:
            if self.sound:
                self.people([], NOBODY, at_once=False)
        finally:
            self.plays.leave(self.stage)
        for name in self.model.told:
            event(f"told {name}")
        for code in self.crowd.refused:
            event(f"refused {code}")

    @rule(
        wanted=st.lists(asks, min_size=1, max_size=8),
        late=st.frozensets(st.integers(0, 7), max_size=2),
        at_once=st.booleans(),
    )
    def people(self, wanted: list[Ask], late: frozenset[int], at_once: bool) -> None:
        """People call: endorsed at one height and handed in in this order, or each as it goes.

        Those in ``late`` hand in their envelopes only after the next batch.
        """
        calls = [self.asks.call(ask) for ask in wanted]
        self.made += calls
        self.stage.clock.now += 1000
        self.plays.run(self._make(calls, late, at_once=at_once))
        self.look()

    async def _make(self, calls: list[Call], late: frozenset[int], *, at_once: bool) -> None:
        kept: list[Transaction] = []
        if at_once:
            await self.crowd.at_once(calls)
        else:
            kept = await self.crowd.in_order(calls, late)
        for transaction in self.late:
            await self.crowd.hand_in(transaction)
            await self.crowd.settle(transaction)
        self.late = kept

    @rule(place=places, at_once=st.booleans())
    def everybody_accepts(self, place: tuple[int, int], at_once: bool) -> None:
        self.people([("accept", who, place) for who in range(len(RECEIVERS))], NOBODY, at_once)

    @rule(number=st.integers(0, 7), at_once=st.booleans())
    def everybody_finds_something(self, number: int, at_once: bool) -> None:
        """Each person accepts a subtask of the own level, not all the same one."""
        people = range(len(RECEIVERS))
        wanted: list[Ask] = [("accept_fitting", who, number + who // 2) for who in people]
        self.people(wanted, NOBODY, at_once)

    @rule(who=st.integers(0, len(RECEIVERS) - 1), wanted=st.lists(places, min_size=2, max_size=6))
    def somebody_accepts_all(self, who: int, wanted: list[tuple[int, int]]) -> None:
        self.people([("accept", who, place) for place in wanted], NOBODY, at_once=False)

    @rule(data=st.integers(0, 1))
    def holders_submit(self, data: int) -> None:
        claims = range(self.asks.count("SL"))
        self.people([("submit", n, None, data) for n in claims], NOBODY, at_once=True)

    @rule(who=st.integers(0, len(VERIFIERS) - 1), score=st.integers(0, 1))
    def somebody_judges_all(self, who: int, score: int) -> None:
        submissions = range(self.asks.count("SB"))
        self.people([("verify", n, who, score) for n in submissions], NOBODY, at_once=True)

    @rule(number=st.integers(0, 7))
    def members_withdraw(self, number: int) -> None:
        """Every second one who joined gives a slot back, also who submitted, or left before."""
        members = range(number % 2, self.asks.count("MB"), 2)
        self.people([("withdraw", n, None) for n in members], NOBODY, at_once=False)

    @rule(place=places, number=st.integers(0, 7))
    def a_slot_changes_hands(self, place: tuple[int, int], number: int) -> None:
        """Some leave, others come in their places, and those who left leave again."""
        for _ in range(2):
            self.everybody_accepts(place, at_once=False)
            self.members_withdraw(number)

    @rule(
        who=st.integers(0, 1),
        table=tables,
        filled=st.sampled_from(("right", "right", "half", "wrong")),
        others=st.lists(asks, max_size=4),
    )
    def new_epoch(self, who: int, table: int, filled: str, others: list[Ask]) -> None:
        """The next epoch; people go on while it is approved, or is not since it is unfit."""
        self.people([("open_epoch", who, table, 1)], NOBODY, at_once=False)
        rows = range(1 if filled == "half" else len(batches(table)))
        taken = (table + 1) % len(TABLES) if filled == "wrong" else table
        self.people([("register", who, taken, n, 0) for n in rows], NOBODY, at_once=True)
        self.people([("approve", 0, 0), *others, ("approve", 1, 0)], NOBODY, at_once=False)
        self.people([("register", who, taken, 1, -1)], NOBODY, at_once=False)  # too late

    @rule(back=st.integers(0, 30))
    def replay(self, back: int) -> None:
        """An envelope that was handed in before comes in again; it counts once."""
        if self.crowd.sent:
            self.plays.run(self.crowd.sent[-1 - back % len(self.crowd.sent)].submit())

    @rule(hours=st.sampled_from((1, 2, 4, 8, 50)))
    def wait(self, hours: int) -> None:
        self.stage.clock.now += hours * HOUR_MS

    def look(self) -> None:
        """Read the new blocks; what stands there, and what clients were told, must agree.

        Raises:
            Broken: something stands, or does not, against the rules.
        """
        self.sound = False
        snapshot = self.stage.network._store.current
        known = set(self.model.codes)
        for entry in entries(self.stage.network, self.height):
            self.model.apply(entry)
        new = {t: code for t, code in self.model.codes.items() if t not in known}
        told = {t: stands for t, stands in self.crowd.success.items() if t not in known}
        if self.height and {t: code == VALID for t, code in new.items()} != told:
            raise Broken("7: what stands is not what clients were told")
        if {key: value.data for key, value in snapshot.rows("", "")} != self.model.raw:
            raise Broken("7: the state is not what the valid transactions add up to")
        self.height, self.sound = snapshot.height, True
