# SPDX-License-Identifier: Apache-2.0
"""What callers, peers and contracts say never reaches a log, an error or an answer."""

import json
import logging
import os
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.chaincode.fake_peer import FakePeer, connect
from tests.chaincode.faults import garbage, silence
from tests.chaincode.identities import identity
from tests.chaincode.notes import Notes
from tests.chaincode.server_process import ask, server_process
from tests.chaincode.wire import dial

from pmcb_chaincode._log_lines import LogLines
from pmcb_chaincode.bridge import (
    ChaincodeMessage,
    ChaincodeServer,
    Metrics,
    Observers,
    Operations,
    ProtocolError,
    RefusalLog,
)
from pmcb_chaincode.commands import verify

M = ChaincodeMessage
MARK = "marker5f1e"
HEX = "5f1e" * 8
ROOT = Path(__file__).parents[2]


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


def written(folder):
    """All files of a refusal log, and what the command says of them."""
    files = "".join(path.name + path.read_text() for path in folder.iterdir())
    told = CliRunner().invoke(verify, [str(folder)])
    assert told.exit_code == 0
    assert '"code":"BAD_ARGUMENT"' in files
    return files + told.output


async def test_marker_reaches_no_log_in_process(heard, tmp_path):
    """Arguments, transient data, attributes, values and messages stay where they are."""
    peer, metrics = FakePeer({MARK: MARK.encode()}), Metrics()
    async with RefusalLog(tmp_path / "log") as refusals:
        observers = Observers(metrics, refusals)
        session = connect(peer, Notes(), call_timeout_s=0.01, observers=observers)
        told = await exercise(peer)
        peer.at(M.GET_STATE, peer.calls[M.GET_STATE] + 1, silence)
        told.append((await peer.call("copy", MARK, MARK)).message)
        session.receive(M(type=M.RESPONSE, payload=MARK.encode(), txid=MARK, channel_id=MARK))
        with pytest.raises(ProtocolError) as caught:
            session.receive(M(type=M.READY, payload=MARK.encode()))
        await session.close()
    said = heard() + written(tmp_path / "log") + metrics.exposition().decode()
    assert '"event":"defect"' in said
    assert '"class":"PeerTimeout"' in said
    assert MARK not in said
    assert HEX not in said
    assert MARK not in str(caught.value)
    assert not [message for message in told if MARK in message]


async def test_marker_reaches_no_log_over_grpc(heard):
    """The server's own lines, gRPC's and the event loop's hold none of it either."""
    peer = FakePeer({MARK: MARK.encode()})
    async with ChaincodeServer(Notes(), "notes:1", "127.0.0.1:0") as server:
        told = await exercise_and_break(peer, server.port)
    said = heard()
    assert '"event":"stream_closed"' in said
    assert MARK not in said
    assert not [message for message in told if MARK in message]


async def exercise_and_break(peer, port):
    """Every path of a stream, then two ways to end one."""
    async with dial(peer, port) as wire:
        await peer.ready.wait()
        told = await exercise(peer)
        peer.deliver(M(type=M.RESPONSE, payload=MARK.encode(), txid=MARK, channel_id=MARK))
        peer.deliver(M(type=M.READY, payload=MARK.encode()))
        await wire.ended()
    broken = FakePeer()
    async with dial(broken, port) as wire:
        await broken.ready.wait()
        wire.send(b"\xff" + MARK.encode())
        await wire.ended()
    return told


async def test_marker_leaves_no_trace_of_a_server_process(tmp_path):
    """Standard output and error, health, metrics and refusal log of a process that leaks."""
    settings = {
        "PMCB_CC_OPERATIONS": "127.0.0.1:0",
        "PMCB_CC_AUDIT": str(tmp_path / "log"),
        "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
    }
    peer, leaking = FakePeer({MARK: MARK.encode()}), FakePeer()
    async with server_process("-m", "tests.chaincode.serve_notes", settings=settings) as server:
        told = await exercise_and_break(peer, server.port)
        async with dial(leaking, server.port):
            await leaking.ready.wait()
            assert (await leaking.call("spill", MARK)).status == 200
            asked = [await ask(server.operations, path) for path in ("/healthz", "/metrics")]
            missing = await ask(server.operations, f"/{MARK}")
            server.process.send_signal(signal.SIGTERM)
            out, err = await server.process.communicate()
    assert server.process.returncode == 0
    assert missing == (404, "")
    lines = [json.loads(line) for line in err.splitlines()]
    loggers = {line["logger"] for line in lines if line["event"] == "other"}
    assert loggers >= {"py.warnings", "contract", "asyncio", "python"}
    said = out.decode() + err.decode() + str(asked) + written(tmp_path / "log")
    assert '"event":"unexpected_message"' in said
    assert MARK not in said
    assert HEX not in said
    assert not [message for message in told if MARK in message]


async def test_marker_in_a_request_reaches_no_log(heard):
    """Whatever is asked of the operations endpoint, it keeps to itself."""
    async with Operations("127.0.0.1:0", lambda: {"status": MARK}, Metrics()) as endpoint:
        for path in (f"/{MARK}", f"/healthz?{MARK}", f"/metrics HTTP/1.1\r\nX: {MARK}"):
            await ask(endpoint.port, path)
    assert MARK not in heard()


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
