# SPDX-License-Identifier: Apache-2.0
"""The refusal log: who was told no, one line each, in a chain over restarts and days."""

import asyncio
import os
import stat

import pytest
from tests.chaincode.fake_peer import FakePeer, connect
from tests.chaincode.identities import identity
from tests.chaincode.notes import Notes
from tests.chaincode.refusal_logs import DAY_S, FIRST, NOON, Clock, lines, log_at, refuse, write

from pmcb_chaincode._refusal_check import RefusalCheck
from pmcb_chaincode.bridge import (
    Metrics,
    Observers,
    ServerConfigError,
)

FIELDS = ["channel", "code", "function", "hash", "previous", "sequence", "time", "tx", "uid"]


@pytest.fixture
def folder(tmp_path):
    """Where a log is to be; nothing is there yet."""
    return tmp_path / "var" / "refusals"


async def test_folder_of_another_process_is_refused(folder):
    """Two writers would break the chain."""
    async with log_at(folder):
        with pytest.raises(ServerConfigError, match="another process writes refusals to"):
            await write(folder)
    await write(folder)


async def test_folder_that_others_can_read_is_refused(folder):
    """Who was refused what is nobody else's business."""
    folder.mkdir(parents=True, mode=0o755)
    with pytest.raises(ServerConfigError, match="chmod 700"):
        await write(folder)


async def test_folder_that_is_none_is_refused(folder):
    """The sentence names the path and the reason."""
    folder.parent.mkdir()
    folder.write_text("")
    with pytest.raises(ServerConfigError, match=f"cannot use {folder}: File exists"):
        await write(folder)


async def test_link_in_place_of_a_file_is_refused(folder, tmp_path):
    """Nobody leads the log elsewhere."""
    await write(folder)
    (folder / FIRST).unlink()
    (folder / FIRST).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ServerConfigError, match="cannot use"):
        await write(folder)
    assert not (tmp_path / "elsewhere").exists()


async def test_empty_files_are_no_chain_yet(folder):
    """Days without a line: what comes next is the first."""
    folder.mkdir(parents=True, mode=0o700)
    for day in (12, 13, 14):
        (folder / f"refusals-2025-06-{day}.jsonl").touch(mode=0o600)
    await write(folder, "NOT_FOUND")
    check = RefusalCheck(folder)
    assert (check.damage, check.lines, check.first, check.days) == ([], 1, 1, 4)


@pytest.mark.parametrize("place", ["the last line", "the last line of an earlier day", "far away"])
async def test_chain_with_an_altered_end_is_not_continued(folder, place):
    """What follows an altered line would vouch for it; the log stays as evidence."""
    await write(folder, "NOT_FOUND", "SUSPENDED")
    path = folder / FIRST
    path.write_text(path.read_text().replace("SUSPENDED", "NOT_OWNER"))
    if place == "the last line of an earlier day":
        (folder / "refusals-2025-06-16.jsonl").touch()
    if place == "far away":
        path.write_bytes(path.read_bytes() + b"\0" * 2**21)
    before = path.read_bytes()
    with pytest.raises(ServerConfigError, match="was altered"):
        await write(folder, "EXISTS")
    assert path.read_bytes() == before


async def test_torn_end_of_an_earlier_day_is_damage(folder):
    """A note follows its torn write in the same file, so this one nobody noted."""
    await write(folder, "NOT_FOUND")
    with (folder / FIRST).open("ab") as file:
        file.write(b'{"code"')
    (folder / "refusals-2025-06-16.jsonl").touch()
    with pytest.raises(ServerConfigError, match=f"{FIRST} was altered"):
        await write(folder)


async def test_each_refusal_leaves_one_line_and_nothing_else_does(folder):
    """Time, transaction, channel, function, code, person: no argument, no sentence."""
    peer = FakePeer()
    caller = identity("HospitalAMSP", "ann", role="receiver")
    calls: list[list[str | bytes]] = [
        ["who"],
        ["put_note", "5f1e" * 8, "words"],
        ["refuse_late", "k"],
        ["read"],
        ["unmarked"],
        [],
        ["large", "9000000"],
        ["cancel_itself"],
        ["raise_with", "a", "b"],
        ["who", b"x" * (5 * 2**20)],
    ]
    async with log_at(folder) as refusals:
        session = connect(peer, Notes(), observers=Observers(refusals=refusals))
        answers = [await peer.call(*call, caller=caller) for call in calls]
        await peer.call("who", proposal={"proposal_bytes": b"none"})
        await session.close()
    codes = [answer.code for answer in answers if 400 <= answer.status < 500]
    written = lines(folder)
    assert [line["code"] for line in written] == [*codes, "BAD_ARGUMENT"]
    assert [line["function"] for line in written] == [
        "put_note",
        "refuse_late",
        "read",
        "",
        "",
        "large",
        "",
        "who",
    ]
    assert [line["uid"] for line in written] == ["HospitalAMSP/ann"] * 7 + [""]
    refused = [tx_id for tx_id, (one,) in peer.answers.items() if 400 <= one.status < 500]
    assert [line["tx"] for line in written] == refused
    assert [line["sequence"] for line in written] == list(range(1, 9))
    assert {line["channel"] for line in written} == {"pmcb"}
    assert {line["time"] for line in written} == {int(NOON * 1000)}
    for line in written:
        assert sorted(line) == FIELDS


async def test_refusal_that_nobody_was_told_is_not_written(folder):
    """A transaction whose stream ended was not refused."""

    class Late(Notes):
        async def call(self, function, ctx, texts):
            try:
                return await super().call(function, ctx, texts)
            except asyncio.CancelledError:
                return await super().call(self.functions["refuse_late"], ctx, [b"k"])

    peer, metrics = FakePeer(), Metrics()
    async with log_at(folder) as refusals:
        session = connect(peer, Late(), observers=Observers(metrics, refusals))
        peer.holding = True
        peer.start("read", "k")
        await asyncio.sleep(0)
        await session.close()
    assert lines(folder) == []
    assert b"_total{" not in metrics.exposition()


async def test_folder_and_files_are_the_owners_only(folder):
    """Modes are set at creation, whatever the umask."""
    before = os.umask(0)
    try:
        await write(folder, "NOT_FOUND")
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


async def test_chain_goes_on_over_restarts_and_days(folder):
    """A file's first line names the last hash of the file before, over days without refusals."""
    clock = Clock()
    await write(folder, "NOT_FOUND", clock=clock)
    await write(folder, "SUSPENDED", clock=clock)
    clock.now += DAY_S
    async with log_at(folder, clock=clock) as refusals:
        refuse(refusals, "EXISTS")
        clock.now += 2 * DAY_S
        refuse(refusals, "NOT_OWNER", "NOT_OWNER")
    clock.now += DAY_S
    await write(folder, clock=clock)
    assert [path.name[9:19] for path in sorted(folder.glob("*.jsonl"))] == [
        "2025-06-15",
        "2025-06-16",
        "2025-06-18",
    ]
    written = lines(folder)
    assert written[0]["previous"] == "0" * 64
    assert [line["previous"] for line in written[1:]] == [line["hash"] for line in written[:-1]]
    check = RefusalCheck(folder)
    assert (check.damage, check.lines, check.days, check.last) == ([], 5, 3, 5)


async def test_clock_that_goes_back_stays_in_its_file(folder):
    """Files are in the order of the chain; a line tells the time that the clock showed."""
    clock = Clock()
    await write(folder, "NOT_FOUND", clock=clock)
    clock.now -= 3 * DAY_S
    await write(folder, "SUSPENDED", clock=clock)
    assert [path.name for path in folder.glob("*.jsonl")] == [FIRST]
    assert lines(folder)[1]["time"] == int(clock.now * 1000)
    assert RefusalCheck(folder).damage == []
