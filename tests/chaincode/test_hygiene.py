# SPDX-License-Identifier: Apache-2.0
"""What callers, peers and contracts say never reaches a log, an error or an answer."""

import json
import logging

import pytest
from tests.chaincode.fake_peer import FakePeer, connect
from tests.chaincode.faults import garbage
from tests.chaincode.identities import identity
from tests.chaincode.notes import Notes
from tests.chaincode.wire import dial

from pmcb_chaincode._log_lines import LogLines
from pmcb_chaincode.bridge import ChaincodeMessage, ChaincodeServer, ProtocolError

M = ChaincodeMessage
MARK = "marker5f1e"
HEX = "5f1e" * 8


@pytest.fixture
def heard(caplog, capfd):
    """All that was logged or printed, as records and as the process's lines."""
    caplog.set_level(logging.DEBUG)

    def texts():
        printed = capfd.readouterr()
        records = caplog.get_records("call")
        lines = [LogLines().format(record) for record in records]
        raw = [record.getMessage() + str(record.args) for record in records]
        return "\n".join([printed.out, printed.err, *lines, *raw])

    return texts


def marked_error(reply):
    """An ERROR whose text quotes a key."""
    return [M(type=M.ERROR, payload=MARK.encode(), txid=reply.txid, channel_id=reply.channel_id)]


async def exercise(peer):
    """Feed the marker through every path; what the caller was told."""
    caller = identity("HospitalAMSP", "ann", role="releaser", attributes={"ward": MARK})
    how = {"caller": caller, "transient": {"hint": MARK.encode(), MARK: b"1"}}
    calls = [
        ["put_note", HEX, MARK],
        ["put_note", MARK, MARK],
        ["put_note", HEX, MARK, MARK],
        [MARK, MARK],
        [f"notes:{MARK}"],
        ["raise_with", MARK, MARK],
        ["refuse_late", MARK],
        ["read_many", f'["{MARK}",1]'],
        ["read_many", f'{{"{MARK}'],
        ["echo", MARK, MARK, MARK, MARK, "\u00e9" + MARK, MARK, MARK, MARK],
        ["copy", MARK, "copied"],
        ["copy", MARK, MARK],
        ["list_range", MARK, ""],
        ["list_page", "0", MARK],
        ["cancel_itself"],
        ["two_events"],
        ["large", "9000000"],
    ]
    peer.at(M.GET_STATE, 4, marked_error)
    peer.at(M.WRITE_BATCH_STATE, 2, marked_error)
    peer.at(M.GET_STATE_BY_RANGE, 1, garbage)
    answers = [await peer.call(*call, **how) for call in calls]
    answers.append(await peer.call("who", proposal={"proposal_bytes": MARK.encode()}))
    answers.append(await peer.call("who", payload=MARK.encode()))
    assert {answer.status for answer in answers} == {200, 400, 403, 413, 500}
    return [answer.message for answer in answers]


async def test_marker_reaches_no_log_in_process(heard):
    """Arguments, transient data, attributes, values and messages stay where they are."""
    peer = FakePeer({MARK: MARK.encode()})
    session = connect(peer, Notes())
    told = await exercise(peer)
    with pytest.raises(ProtocolError) as caught:
        session.receive(M(type=M.READY, payload=MARK.encode()))
    await session.close()
    said = heard()
    assert '"event":"defect"' in said
    assert MARK not in said
    assert HEX not in said
    assert MARK not in str(caught.value)
    assert not [message for message in told if MARK in message]


async def test_marker_reaches_no_log_over_grpc(heard):
    """The server's own lines, gRPC's and the event loop's hold none of it either."""
    peer = FakePeer({MARK: MARK.encode()})
    async with ChaincodeServer(Notes(), "notes:1", "127.0.0.1:0") as server:
        async with dial(peer, server.port) as wire:
            await peer.ready.wait()
            told = await exercise(peer)
            peer.deliver(M(type=M.READY, payload=MARK.encode()))
            await wire.ended()
        broken = FakePeer()
        async with dial(broken, server.port) as wire:
            await broken.ready.wait()
            wire.send(b"\xff" + MARK.encode())
            await wire.ended()
    said = heard()
    assert '"event":"stream_closed"' in said
    assert MARK not in said
    assert not [message for message in told if MARK in message]


async def test_transaction_line_names_its_fields(heard, caplog):
    """One line a transaction: enough to count and to find, nothing to read."""
    peer = FakePeer({"k": b"value"})
    session = connect(peer, Notes())
    await peer.call("read", "k", tx_id="1a2b3c4d" * 8)
    await session.close()
    (record,) = [r for r in caplog.get_records("call") if "1a2b3c4d" in r.getMessage()]
    line = json.loads(LogLines().format(record))
    assert line.pop("time") == int(record.created * 1000)
    assert line.pop("ms") >= 0
    assert line == {
        "event": "transaction",
        "tx": "1a2b3c4d",
        "channel": "pmcb",
        "function": "read",
        "status": 200,
        "code": "",
        "bytes_in": 9,
        "bytes_out": 17,
    }


def test_foreign_records_lose_their_words():
    """Other loggers' lines keep logger, level, class and place, no message."""
    logger = logging.getLogger("elsewhere")
    fault = (RuntimeError, RuntimeError(MARK), None)
    for info, name in ((fault, "RuntimeError"), (None, "")):
        record = logger.makeRecord("elsewhere", 40, "a/b.py", 7, f"got {MARK}", (), info)
        line = json.loads(LogLines().format(record))
        assert line.pop("time") == int(record.created * 1000)
        assert line == {
            "event": "other",
            "logger": "elsewhere",
            "level": "ERROR",
            "class": name,
            "at": "b:7",
        }


def test_importing_configures_no_logger():
    """Handlers and levels are the process's business."""
    logger = logging.getLogger("pmcb_chaincode")
    assert (logger.handlers, logger.level, logger.propagate) == ([], logging.NOTSET, True)
