# SPDX-License-Identifier: Apache-2.0
"""The refusal log: who was told no, in a chain that goes on whatever happens to process or disk."""

import asyncio
import errno
import functools
import json
import os
import resource
import shutil
import stat
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from tests.chaincode.fake_peer import FakePeer, connect, until
from tests.chaincode.identities import identity
from tests.chaincode.notes import Notes
from tests.chaincode.server_process import server_process
from tests.chaincode.wire import dial

from pmcb_chaincode._refusal_check import RefusalCheck
from pmcb_chaincode.bridge import (
    ChaincodeMessage,
    Metrics,
    Observers,
    RefusalLog,
    ServerConfigError,
    _refusals,
)

M = ChaincodeMessage
NOON = datetime(2025, 6, 15, 12, tzinfo=UTC).timestamp()
DAY_S = 86_400.0
FIELDS = ["channel", "code", "function", "hash", "previous", "sequence", "time", "tx", "uid"]
FIRST = "refusals-2025-06-15.jsonl"


class Clock:
    """A clock that is set by hand, in seconds."""

    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now


@pytest.fixture
def folder(tmp_path):
    """Where a log is to be; nothing is there yet."""
    return tmp_path / "var" / "refusals"


@asynccontextmanager
async def log_at(folder, **settings):
    """A log at noon, unless a clock says otherwise."""
    settings.setdefault("clock", Clock())
    async with RefusalLog(folder, **settings) as refusals:
        yield refusals


def refuse(refusals, *codes):
    """Append refusals."""
    for code in codes:
        refusals.append(tx="ab" * 32, channel="pmcb", function="read", code=code, uid="A/ann")


async def write(folder, *codes, **settings):
    """Append refusals in a process's life of their own."""
    async with log_at(folder, **settings) as refusals:
        refuse(refusals, *codes)


def lines(folder):
    """All lines, over all files."""
    return [
        json.loads(line)
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text().splitlines()
    ]


@asynccontextmanager
async def no_room(bytes_left):
    """The kernel lets files of this process grow so far and no further; writes come in parts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_left, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


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


@pytest.mark.parametrize("cut", [2, 40, 200, 325])
async def test_torn_last_line_is_kept_and_noted(folder, cut):
    """A power cut in the middle of a write takes no earlier line, and hides nothing."""
    await write(folder, "NOT_FOUND", "SUSPENDED")
    path = folder / FIRST
    whole = path.read_bytes()
    torn = whole[:-cut]
    path.write_bytes(torn)
    await write(folder, "EXISTS")
    assert path.read_bytes().startswith(torn + b"\n{")
    check = RefusalCheck(folder)
    assert (check.damage, check.torn, check.lines) == ([], 1, 3)
    assert check.codes == {"NOT_FOUND": 1, "EXISTS": 1}


async def test_line_that_lacks_only_its_end_is_a_line(folder):
    """Nothing of it is missing, so nothing is noted."""
    await write(folder, "NOT_FOUND", "SUSPENDED")
    path = folder / FIRST
    path.write_bytes(path.read_bytes()[:-1])
    await write(folder)
    await write(folder, "EXISTS")
    check = RefusalCheck(folder)
    assert (check.damage, check.torn, check.lines) == ([], 0, 3)


@pytest.mark.parametrize("rest", [b"\0" * 5000, b'{"code":"NOT_F', b"\n", b"\0\n\0", b"\r"])
async def test_any_remainder_is_noted(folder, rest):
    """File systems leave zeros, too; even when it is all that a day's file holds."""
    clock = Clock()
    await write(folder, "NOT_FOUND", clock=clock)
    clock.now += DAY_S
    path = folder / "refusals-2025-06-16.jsonl"
    path.write_bytes(rest)
    path.chmod(0o600)
    clock.now += DAY_S
    await write(folder, "EXISTS", clock=clock)
    check = RefusalCheck(folder)
    assert (check.damage, check.torn, check.lines, check.days) == ([], 1, 3, 3)


async def test_write_torn_again_while_it_is_noted(folder):
    """The note about a torn write may be torn itself."""
    await write(folder, "NOT_FOUND")
    path = folder / FIRST
    path.write_bytes(path.read_bytes() + b'{"code"')
    await write(folder)
    path.write_bytes(path.read_bytes()[:-30])
    await write(folder, "EXISTS")
    check = RefusalCheck(folder)
    assert (check.damage, check.torn, check.lines) == ([], 1, 3)


async def test_torn_first_line_begins_the_chain(folder):
    """With nothing before it, the note is the first line."""
    folder.mkdir(parents=True, mode=0o700)
    (folder / FIRST).write_bytes(b"{")
    await write(folder)
    check = RefusalCheck(folder)
    assert (check.damage, check.torn, check.first, check.lines) == ([], 1, 1, 1)


async def test_full_disk_stops_no_transaction_and_loses_no_line(folder, caplog):
    """Lines wait, in the middle of one if need be, and follow when there is room."""
    peer, metrics = FakePeer(), Metrics()
    async with log_at(folder, metrics=metrics) as refusals:
        session = connect(peer, Notes(), observers=Observers(metrics, refusals))
        assert (await peer.call("refuse_late", "k")).status == 403
        async with no_room((folder / FIRST).stat().st_size + 100):
            for _ in range(5):
                assert (await peer.call("refuse_late", "k")).status == 403
            await refusals.sync()
        assert refusals.is_failing
        assert not (folder / FIRST).read_bytes().endswith(b"\n")
        assert b"refusal_log_errors_total 6.0" in metrics.exposition()
        await refusals.sync()
        assert not refusals.is_failing
        await session.close()
    check = RefusalCheck(folder)
    assert (check.damage, check.lines, check.torn, check.lost) == ([], 6, 0, 0)
    events = [json.loads(text)["event"] for text in caplog.messages if "refusal_log" in text]
    assert events == ["refusal_log_failing", "refusal_log_recovered"]
    assert '"errno":"EFBIG"' in caplog.text


async def test_what_finds_no_room_in_memory_is_counted_in_the_chain(folder):
    """The next line says how many are not there, also when no refusal follows."""
    metrics = Metrics()
    async with log_at(folder, metrics=metrics, max_pending_bytes=1000) as refusals:
        async with no_room(0):
            refuse(refusals, *["EXISTS"] * 10)
        refuse(refusals, "NOT_FOUND")
        async with no_room(0):
            refuse(refusals, *["EXISTS"] * 10)
        await refusals.sync()
    check = RefusalCheck(folder)
    assert check.damage == []
    assert check.codes["EXISTS"] + check.lost == 21 - check.codes["NOT_FOUND"]
    assert f"refusals_lost_total {check.lost:.1f}".encode() in metrics.exposition()
    assert check.lost > 0
    assert lines(folder)[-1]["note"] == "lost"


async def test_disk_that_stays_full_to_the_end_is_told(folder, caplog):
    """What could not be written by the end is in the process's log, as a number."""
    async with no_room(0):
        await write(folder, "EXISTS", "EXISTS")
    assert '{"event":"refusals_lost","refusals":2}' in caplog.messages
    assert lines(folder) == []


@pytest.mark.parametrize("replaced", [False, True])
async def test_file_that_was_taken_away_is_noticed(folder, replaced):
    """The next line goes to the file of that name, and the check sees what is missing."""
    async with log_at(folder) as refusals:
        refuse(refusals, "EXISTS", "EXISTS")
        (folder / FIRST).unlink()
        if replaced:
            (folder / FIRST).touch(mode=0o600)
        refuse(refusals, "NOT_FOUND")
        await refusals.sync()
    (damage,) = RefusalCheck(folder).damage
    assert (damage.file, damage.line, damage.rule) == (FIRST, 1, "missing")


async def test_folder_that_was_taken_away_is_trouble(folder):
    """The bridge does not write into nowhere as if all were well."""
    async with log_at(folder) as refusals:
        shutil.rmtree(folder)
        refuse(refusals, "NOT_FOUND")
        assert refusals.is_failing


async def test_lines_are_on_the_disk_soon(folder, monkeypatch):
    """Nobody needs to ask for it; days that ended are closed."""
    monkeypatch.setattr(_refusals, "SYNC_S", 0.001)
    clock = Clock()
    async with log_at(folder, clock=clock) as refusals:
        refuse(refusals, "EXISTS")
        clock.now += DAY_S
        refuse(refusals, "EXISTS")
        await until(lambda: not (refusals._folder.needs_sync or refusals._folder._retired))


async def test_disk_that_does_not_sync_is_trouble_until_it_does(folder, monkeypatch):
    """A failed fsync is tried again, and shown meanwhile."""
    async with log_at(folder) as refusals:
        refuse(refusals, "EXISTS")
        with monkeypatch.context() as broken:
            broken.setattr(os, "fsync", _input_output_error)
            await refusals.sync()
            assert refusals.is_failing
            assert refusals._folder.needs_sync
        await refusals.sync()
        assert not refusals.is_failing


def _has_heard(peer, number):
    return len(peer.answers) > number


def _input_output_error(_):
    raise OSError(errno.EIO, "Input/output error")


async def test_killed_server_leaves_an_unbroken_chain_with_all_it_told(folder):
    """Kill -9 in the middle of many refusals, again and again: every answered one is there."""
    told = []
    for _ in range(3):
        peer = FakePeer()
        async with server_process(settings={"PMCB_CC_AUDIT": str(folder)}) as server:
            async with dial(peer, server.port):
                await peer.ready.wait()
                started = [peer.start("get_key", "HospitalAMSP", "ann") for _ in range(200)]
                await until(functools.partial(_has_heard, peer, 20))
                server.process.kill()
                await server.process.wait()
            told += [tx_id for tx_id in started if peer.answers[tx_id]]
    assert len(told) > 60
    assert set(told) <= {line["tx"] for line in lines(folder)}
    assert RefusalCheck(folder).damage == []
