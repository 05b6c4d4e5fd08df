# SPDX-License-Identifier: Apache-2.0
"""The state machine: people make calls, many at once, and the ledger is read after each batch."""

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from tests.invariants.asks import Asks
from tests.invariants.blocks import entries
from tests.invariants.changes import Broken
from tests.invariants.crowd import Call, Crowd
from tests.invariants.draws import Ask, asks, epsilons, places, tables, words
from tests.invariants.model import VALID, Model
from tests.invariants.stage import HOUR_MS, RECEIVERS, TABLES, TASKS, VERIFIERS, Plays, batches

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

    @rule(who=st.integers(0, len(VERIFIERS) - 1), word=words)
    def somebody_judges_all(self, who: int, word: str) -> None:
        submissions = range(self.asks.count("SB"))
        self.people([("verify", n, who, word) for n in submissions], NOBODY, at_once=True)

    @rule(leave=st.booleans(), number=st.integers(0, 1))
    def keys_are_handed_out(self, leave: bool, number: int) -> None:
        """To every holder, while every second one may give the slot back at the same height."""
        wanted: list[Ask] = [("keys", 0, n, None, 7) for n in range(self.asks.count("SL"))]
        if leave:
            wanted[number:number] = [("withdraw", n, None) for n in range(self.asks.count("MB"))]
        self.people(wanted, NOBODY, at_once=False)

    @rule(place=places, how=st.sampled_from(("early", "open")), at_once=st.booleans())
    def a_secret_is_shared(self, place: tuple[int, int], how: str, at_once: bool) -> None:
        """And people come and go at the same height."""
        deal: Ask = ("deal", 0, place, how)
        self.people([("accept", 0, place), deal, ("withdraw", 0, None)], NOBODY, at_once)
        self.everybody_accepts(place, at_once)

    @rule(by=st.integers(0, 2), at_once=st.booleans())
    def everything_is_settled(self, by: int, at_once: bool) -> None:
        """Slot by slot, and once more all slots of a subtask together."""
        sent = range(self.asks.count("SB"))
        self.people([("settle", n, n == 0, by) for n in sent], NOBODY, at_once)

    @rule(
        number=st.integers(0, 7),
        said=st.lists(st.tuples(st.integers(0, len(VERIFIERS) - 1), words), max_size=6),
        by=st.integers(0, 2),
    )
    def work_is_done(self, number: int, said: list[tuple[int, str]], by: int) -> None:
        """From claims to payments, as far as verifiers speak."""
        self.everybody_finds_something(number, at_once=True)
        self.holders_submit(0)
        for who, word in said:
            self.somebody_judges_all(who, word)
        self.everything_is_settled(by, at_once=False)

    @rule(hours=st.sampled_from((0, 100, 300)), settled=st.booleans(), at_once=st.booleans())
    def tasks_end(self, hours: int, settled: bool, at_once: bool) -> None:
        """All are closed who may be, as the last data, verdicts and payments come in."""
        self.stage.clock.now += hours * HOUR_MS
        sent, held = range(self.asks.count("SB")), range(self.asks.count("SL"))
        wanted: list[Ask] = [("settle", n, False, 0) for n in sent] if settled else []
        self.people(wanted, NOBODY, at_once)
        closing: list[Ask] = [("close", 2, task) for task in range(len(TASKS))]
        late: list[Ask] = [("submit", n, None, 0) for n in held]
        self.people([*late[::2], *closing, *late[1::2]], NOBODY, at_once)

    @rule(hours=st.sampled_from((4, 100)), count=st.integers(1, 7))
    def data_come_when_tasks_are_closed(self, hours: int, count: int) -> None:
        """They were endorsed in time, and handed in when it is over."""
        self.people([("submit", n, None, 0) for n in range(count)], frozenset(range(count)), False)
        self.stage.clock.now += hours * HOUR_MS
        self.people([("close", 2, task) for task in range(len(TASKS))], NOBODY, at_once=False)

    @rule(tasks=st.permutations((3, 4)), at_once=st.booleans())
    def one_releaser_publishes_twice(self, tasks: list[int], at_once: bool) -> None:
        """At once, with the credit for one task."""
        self.people([("publish", 1, task, 2, 9) for task in tasks], NOBODY, at_once)

    @rule(
        cohort=st.integers(0, 1),
        epsilon=epsilons,
        first=st.integers(0, 20),
        lowered=st.sampled_from(("9/10", "1/2", "1/10")),
        at_once=st.booleans(),
    )
    def a_budget_is_spent(
        self, cohort: int, epsilon: str, first: int, lowered: str, at_once: bool
    ) -> None:
        """By more requests than it may have room for, as its total falls."""
        self.people([("open_cohort", cohort, cohort, "1")], NOBODY, at_once)
        spends: list[Ask] = [("reserve", cohort, cohort, first + n, epsilon) for n in range(5)]
        self.people(spends[:3], NOBODY, at_once)
        others: list[Ask] = [("lower", cohort, cohort, lowered), ("record", cohort, first, 0)]
        self.people([*spends, *others], NOBODY, at_once)

    @rule(
        who=st.integers(0, 1),
        grant=st.integers(0, 9),
        hours=st.sampled_from((1, 100)),
        version=st.integers(0, 3),
        at_once=st.booleans(),
    )
    def a_store_is_kept(
        self, who: int, grant: int, hours: int, version: int, at_once: bool
    ) -> None:
        """Two colleagues claim one epoch and anchor, as grants of the store come and go."""
        self.people([("dataset", who, who, None, 0)], NOBODY, at_once)
        made: Ask = ("grant", who, grant, 0, who, who, hours)
        claims: list[Ask] = [("claim", other, who, 1) for other in (who, 2, who)]
        anchors: list[Ask] = [("anchor", who, who, version + n, 0) for n in (1, 0, 2)]
        self.people([made, *claims, *anchors], NOBODY, at_once)
        self.people([("revoke", who, grant, "ended"), made, *anchors], NOBODY, at_once)

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
