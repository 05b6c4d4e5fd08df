# SPDX-License-Identifier: Apache-2.0
"""What is not there yet, or not as it was: it is waited for, and holds up nothing else."""

import pytest
from structlog.testing import capture_logs
from tests.services.broken import Broken

from pmcb_client.content import ContentUnavailable
from pmcb_client.errors import LedgerUnavailable

pytestmark = pytest.mark.anyio


async def test_a_tampered_file_is_named_and_waited_for(study):
    """Until the window is over its operator may mend it."""
    task = await study.publish()
    slot, (named,) = await study.answer(task)
    path = study.blobs / "blobs" / named
    sound = path.read_bytes()
    path.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    await study.judge(task, slot, "accept")
    with capture_logs() as logs:
        intake = await study.work()
    assert {"source": f"{task}/0/{slot}", "hash": named}.items() <= logs[0].items()
    assert intake.summary().waiting == {"tampered": 1}
    path.write_bytes(sound)
    study.world.offset_ms += 3_600_000
    intake = await study.work()
    assert (intake.summary().answers, intake.summary().waiting) == (1, {})


async def test_a_file_that_never_comes_is_left_out_in_the_end(study):
    """Not before the window is over."""
    task = await study.publish()
    slot, (named,) = await study.answer(task)
    (study.blobs / "blobs" / named).unlink()
    await study.judge(task, slot, "accept")
    assert (await study.work()).summary().waiting == {"missing": 1}
    study.world.offset_ms += study.over_ms
    assert (await study.work()).summary().left_out == {"missing": 1}
    assert study.inbox.due(2**62) == []


async def test_a_store_that_is_away_holds_nothing_up_for_ever(study):
    """What failed is put off, and comes when the store is back."""
    task = await study.publish()
    slot, _ = await study.answer(task)
    await study.judge(task, slot, "accept")

    def away(_):
        raise ContentUnavailable("The network file names no content store.")

    with capture_logs() as logs:
        intake = await study.work(store=away)
    assert [log["kind"] for log in logs] == ["ContentUnavailable"]
    assert intake.summary().answers == 0
    assert (await study.work()).summary().answers == 1


@pytest.mark.parametrize("error", [ContentUnavailable("500"), ZeroDivisionError()])
async def test_an_answer_that_cannot_be_looked_at_holds_up_no_other(study, error):
    """In the same subtask or in another; it comes again, and ends no service."""
    first, second = await study.publish(), await study.publish()
    sick, (named,) = await study.answer(first, 0)
    for task, slot in (
        (first, sick),
        (first, (await study.answer(first, 1))[0]),
        (second, (await study.answer(second, 2))[0]),
    ):
        await study.judge(task, slot, "accept")
    intake = await study.work(store=lambda who: Broken(study.store(who), named, error))
    assert intake.summary().answers == 2
    study.world.offset_ms += 61_000
    assert (await study.work()).summary().answers == 3


async def test_a_submission_that_a_peer_does_not_show_yet_is_waited_for(study):
    """The event came from one peer, the answer from another that is behind."""
    task = await study.publish()
    slot, _ = await study.answer(task)
    await study.judge(task, slot, "accept")
    real = study.records.contract

    class Behind:
        async def evaluate(self, function, *args):
            if function == "list_submissions":
                return b'{"items": [], "bookmark": ""}'
            return await real.evaluate(function, *args)

    taking = study.taking()
    taking._ledger = Behind()
    await taking.handle(study.inbox.due(study.world.now()))
    assert study.inbox.due(study.world.now()) == []
    study.world.offset_ms += 61_000
    assert (await study.work()).summary().answers == 1


async def test_a_ledger_that_is_away_is_waited_for(study):
    """Nothing is dropped."""
    task = await study.publish()
    slot, _ = await study.answer(task)
    await study.judge(task, slot, "accept")
    taking = study.taking()

    class Away:
        async def evaluate(self, *_):
            raise LedgerUnavailable("No gateway answers.")

    taking._ledger = Away()
    await taking.handle(study.inbox.due(study.world.now()))
    assert study.inbox.due(study.world.now()) == []
    study.world.offset_ms += 61_000
    assert (await study.work()).summary().answers == 1
