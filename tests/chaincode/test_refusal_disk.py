# SPDX-License-Identifier: Apache-2.0
"""The refusal log keeps its chain whatever happens to process and disk."""

import errno
import functools
import json
import os
import resource
import shutil
from contextlib import asynccontextmanager

import pytest
from tests.chaincode.fake_peer import FakePeer, connect, until
from tests.chaincode.notes import Notes
from tests.chaincode.refusal_logs import DAY_S, FIRST, Clock, lines, log_at, refuse, write
from tests.chaincode.server_process import server_process
from tests.chaincode.wire import dial

from pmcb_chaincode._refusal_check import RefusalCheck
from pmcb_chaincode.bridge import (
    Metrics,
    Observers,
    _refusals,
)


@pytest.fixture
def folder(tmp_path):
    """Where a log is to be; nothing is there yet."""
    return tmp_path / "var" / "refusals"


@asynccontextmanager
async def no_room(bytes_left):
    """The kernel lets files of this process grow so far and no further; writes come in parts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_left, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


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
