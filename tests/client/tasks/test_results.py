# SPDX-License-Identifier: Apache-2.0
"""Accepted answers in the releaser's table: each once, whenever the agent was killed."""

import csv

import pytest
from tests.client.tasks.office import HIGH, LOW, Killed

from pmcb_client.answers import Answer, Row, answers_table
from pmcb_client.content import ContentUnavailable
from pmcb_client.tasks import Act, _results

pytestmark = pytest.mark.anyio


def rows(office, task):
    """The table's rows without their times."""
    text = (office.tasks / task / "results.csv").read_text()
    return [
        {name: cell for name, cell in row.items() if name != "at"}
        for row in csv.DictReader(text.splitlines())
    ]


async def answered(office, **how):
    """A task with two accepted answers, a rejected one and an undecided one."""
    task = await office.publish(judges=3, **how)
    await office.accept(task, HIGH, *office.high[:3])
    await office.accept(task, LOW, office.low[0])
    for one, words in zip(
        office.high[:3], (["accept"] * 2, ["reject"] * 2, ["accept"]), strict=True
    ):
        slot = await office.answer(task, HIGH, one, taken="=1+1")
        await office.judge(task, HIGH, slot, *words)
    slot = await office.answer(task, LOW, office.low[0], heart_rate=61)
    await office.judge(task, LOW, slot, "reject", "accept", "accept")
    return task


async def test_results_for_the_institution_are_not_opened(office):
    """They were not sealed for the releaser."""
    task = await answered(office, results_to="institution")
    await office.agent().step()
    assert not (office.tasks / task / "results.csv").exists()
    assert not (office.tasks / task / "answers").exists()


async def test_what_a_majority_accepts_stands_in_the_table_once(office):
    """By subtask and slot; texts are no formulas; private; the next look changes nothing."""
    task = await answered(office)
    await office.agent().step()
    path = office.tasks / task / "results.csv"
    (first,) = [
        one for one in await office.claims(task, HIGH) if one["holder"] == office.high[0].uid
    ]
    (low,) = await office.claims(task, LOW)
    assert rows(office, task) == [
        {"subtask": "0", "slot": str(low["slot"]), "heart_rate": "61", "taken": ""},
        {"subtask": "1", "slot": str(first["slot"]), "heart_rate": "", "taken": "'=1+1"},
    ]
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.stat().st_mtime_ns
    await office.agent().step()
    assert path.stat().st_mtime_ns == before
    assert len(office.acts(Act.RESULTS)) == 2
    await office.releaser.submit("cancel_task", task, "complete")
    slot = next(one["slot"] for one in await office.claims(task, HIGH)
                if one["holder"] == office.high[2].uid)  # fmt: skip
    await office.judge(task, HIGH, slot, "accept", "accept")
    await office.agent().step()
    assert len(rows(office, task)) == 3
    await office.releaser.submit("close_task", task)
    path.unlink()
    await office.agent().attend(task)
    assert len(rows(office, task)) == 3


async def test_an_agent_that_is_killed_over_its_table_goes_on(office, monkeypatch):
    """Between two answers, and between an answer and the table."""
    task = await answered(office)

    def killed(*_):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(_results, "_write", killed)
        with pytest.raises(Killed):
            await office.agent().step()
    kept = sorted((office.tasks / task / "answers").iterdir())
    assert len(kept) == 2
    kept[0].unlink()
    await office.agent().step()
    assert len(rows(office, task)) == 2


async def test_a_store_that_is_away_loses_nothing(office):
    """The next look takes what is missing."""
    task = await answered(office)
    digests = iter(range(100))

    class Flaky:
        async def __aenter__(self):
            self.store = await office.store().__aenter__()
            return self

        async def __aexit__(self, *exc):
            await self.store.__aexit__(*exc)

        async def get(self, digest):
            if next(digests) == 1:
                raise ContentUnavailable("The content store does not answer.")
            return await self.store.get(digest)

        async def delete(self, digest):
            await self.store.delete(digest)

    with pytest.raises(ContentUnavailable):
        await office.agent(open_store=Flaky).step()
    await office.agent(open_store=Flaky).step()
    assert len(rows(office, task)) == 2


async def test_an_answer_that_does_not_open_is_left_out_and_told(office):
    """The others stand in the table; it is asked for again, for it may come back."""
    task = await answered(office)
    (low,) = (await office.releaser.ask("list_submissions", task, LOW, 200, ""))["items"]
    path = office.blobs / "blobs" / low["content_hash"]
    data = path.read_bytes()
    path.unlink()
    agent = office.agent()
    await agent.step()
    await agent.step()
    assert [row["subtask"] for row in rows(office, task)] == ["1"]
    assert office.acts(Act.UNREADABLE) == [(Act.UNREADABLE, LOW, (low["slot"],))]
    when = await agent.attend(task)
    assert when is not None
    assert when <= office.world.now() + 600_000
    path.write_bytes(data)
    await agent.step()
    assert [row["subtask"] for row in rows(office, task)] == ["0", "1"]


def test_a_table_is_sorted_and_keeps_numbers():
    """By subtask and slot; a negative number is a number, a text that begins like one is not."""
    answer = Answer((Row(1_000, {"a": -1, "b": "-x"}), Row(2_000, {"a": 0.5})))
    text = answers_table([(1, 0, answer), (0, 2, Answer((Row(0, {"b": "y"}),)))], ["a", "b"])
    assert text.splitlines() == [
        "subtask,slot,at,a,b",
        "0,2,1970-01-01T00:00:00.000Z,,y",
        "1,0,1970-01-01T00:00:01.000Z,-1,'-x",
        "1,0,1970-01-01T00:00:02.000Z,0.5,",
    ]
