# SPDX-License-Identifier: Apache-2.0
"""Senders go on: through bad links, kills, beside each other, and when there is nothing to do."""

import random

import pytest
from tests.services.content.senders import Killed, Records, queued, sealed, store, taken
from tests.services.content.stores import ANN

from pmcb_client.receiver import Outbox, State, keep_sending, send

pytestmark = pytest.mark.anyio


async def test_answers_pass_a_link_that_fails_three_times_in_ten(outbox, app):
    """All arrive, each once; what is sent is at most 1.6 times what there is to send."""
    rng = random.Random(7)

    def fails():
        return rng.choice(["before", "after"]) if rng.random() < 0.3 else ""

    parcels = queued(outbox, 100)
    ledger = Records(fails)
    reach, link = store(app, fails)
    for _ in range(40):
        found = await send(outbox, reach, ledger, ANN)
        if not found.waiting:
            break
    assert ledger.rows == taken(parcels)
    assert ledger.writes == 100
    assert link.bytes <= 1.6 * sum(parcel.size for parcel in parcels)


@pytest.mark.parametrize(("count", "parts"), [(60, 1), (15, 4)])
async def test_a_sender_that_is_killed_anywhere_goes_on(tmp_path, app, count, parts):
    """After the store or the ledger heard, before it was written down: each arrives once."""
    rng = random.Random(11)
    path = tmp_path / "outbox.sqlite3"
    parcels = queued(Outbox(path), count, parts)
    ledger = Records(lambda: "killed" if rng.random() < 0.3 else "")
    kills = 0
    while Outbox(path).pending():
        reach, _ = store(app, lambda: "killed" if rng.random() < 0.3 else "")
        try:
            await send(Outbox(path), reach, ledger, ANN)
        except Killed:
            kills += 1
    assert kills > 15
    assert ledger.rows == taken(parcels)
    assert ledger.writes == count


async def test_two_senders_at_once_send_each_answer_once(outbox, app):
    """What another process of the same person has sent meanwhile is no error."""
    parcels = queued(outbox, 5)
    reach, _ = store(app)
    ledger = Records()

    class Meddled:
        """While this sender uploads, another one sends everything."""

        async def put(self, blob):
            await send(outbox, reach, ledger, ANN)
            return await reach.put(blob)

    found = await send(outbox, Meddled(), ledger, ANN)
    assert (found.waiting, found.problem) == ((), None)
    assert (ledger.rows, ledger.writes) == (taken(parcels), 5)
    assert {one.state for one in outbox.all()} == {State.SUBMITTED}


class Enough(Exception):
    """The sender was stopped."""


async def test_a_sender_that_goes_on_tries_ever_more_seldom(outbox, app):
    """Up to a minute; something new in the outbox wakes it at once."""
    queued(outbox, 1)
    rounds, seconds, waited = 0, 0.0, []

    async def one_round():
        nonlocal rounds
        rounds += 1
        waited.append(seconds)
        reach, _ = store(app, lambda: "before")
        return await send(outbox, reach, Records(), ANN)

    async def pause(more):
        nonlocal seconds
        seconds += more
        if seconds == 400:
            outbox.put([sealed(7)], queued_ms=7)
        if seconds > 420:
            raise Enough

    with pytest.raises(Enough):
        await keep_sending(outbox, one_round, pause=pause)
    assert waited[:8] == [0, 2, 6, 14, 30, 62, 122, 182]
    assert 400 in waited


async def test_a_sender_with_nothing_to_send_calls_nobody(outbox):
    """Until something is queued."""
    rounds = []

    async def one_round():
        rounds.append(1)
        raise Enough

    async def pause(_):
        queued(outbox, 1)

    with pytest.raises(Enough):
        await keep_sending(outbox, one_round, pause=pause)
    assert rounds == [1]
