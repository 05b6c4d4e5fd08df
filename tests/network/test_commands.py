# SPDX-License-Identifier: Apache-2.0
"""`pmcb network`, as users run it."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading

import psutil
from tests.network.shell import (
    DEADLINE_S,
    PMCB,
    ended,
    environment,
    in_process,
    listening,
    pid,
    pmcb,
    ports,
)

from pmcb_client.network_file import load
from pmcb_client.wallet import Wallet
from pmcb_network._process import Record, running, stop
from pmcb_network.embedded._ports import _free_block


def test_a_home_that_is_not_ours_is_refused(tmp_path):
    """A file in its place: exit 2, one sentence, nothing made."""
    place = tmp_path / "file"
    place.write_text("")
    done = pmcb(place / "home", "network", "up", check=2)
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 2


def test_bad_input_is_refused_before_anything_starts(home):
    """An address that is none or elsewhere, a port out of range."""
    for args in (
        ("--chaincode", "nonsense"),
        ("--chaincode", "localhost:99999"),
        ("--chaincode", "10.0.0.1:7052"),
        ("--port-base", "80"),
        ("--port-base", "40000"),
    ):
        pmcb(home, "network", "up", *args, check=2)
    assert not (home / "network" / "run.json").exists()


def test_a_busy_port_is_named_before_anything_starts(home):
    """Exit 3, the port, and the way out."""
    base = _free_block(["a", "b", "c", "d"])["a"]
    with socket.socket() as other:
        other.bind(("127.0.0.1", base + 2))
        other.listen()
        done = pmcb(home, "network", "up", "--port-base", str(base), check=3)
    assert f"port {base + 2} is taken by another program" in done.stderr
    assert "--port-base" in done.stderr
    assert not (home / "network" / "network.log").exists()


def test_a_network_that_does_not_answer_is_stopped_and_its_log_shown(home):
    """A chaincode server that is not there: the reason, the last log lines, nothing left."""
    port = _free_block(["chaincode"])["chaincode"]
    done = pmcb(home, "network", "up", "--wait", "4", "--chaincode", f"127.0.0.1:{port}", check=3)
    assert f"no chaincode server answers at 127.0.0.1:{port}" in done.stderr
    assert "INFO pmcb_network serving 1 blocks" in done.stderr
    assert running(home / "network" / "run.json") is None
    assert not any(map(listening, ports(home)))
    assert not (home / "network.json").exists()


def test_up_twice_down_twice(home):
    """The second of each finds its work done; in between clients are served; then nothing is."""
    first = pmcb(home, "network", "up", "--json", check=0)
    started = json.loads(first.stdout)
    assert (started["state"], started["answers"], started["height"]) == ("started", True, 1)
    assert "not a blockchain" in first.stderr
    assert [org["msp"] for org in started["orgs"]] == ["HospitalAMSP", "HospitalBMSP"]
    assert Wallet(home / "wallet").list() == ["registrar.HospitalAMSP", "registrar.HospitalBMSP"]
    assert load(home / "network.json").kind == "embedded"

    again = pmcb(home, "network", "up", "--json", check=0)
    found = json.loads(again.stdout)
    assert (found["state"], found["pid"]) == ("running", started["pid"])
    assert "not a blockchain" not in again.stderr
    text = pmcb(home, "network", "up", check=0).stdout
    assert f"already runs as process {started['pid']}: HospitalAMSP at localhost:" in text

    status = json.loads(pmcb(home, "network", "status", "--json", check=0).stdout)
    assert (status["running"], status["answers"], status["pid"]) == (True, True, started["pid"])
    assert "serving 1 blocks" in pmcb(home, "network", "logs", check=0).stdout

    process = psutil.Process(started["pid"])
    used = ports(home)
    assert all(map(listening, used))
    assert "stopped" in pmcb(home, "network", "down", check=0).stdout
    assert ended(process.pid)
    assert not any(map(listening, used))
    assert {path.name for path in (home / "network").iterdir()}.isdisjoint(
        {"run.json", "network.json"}
    )
    assert "No network runs here" in pmcb(home, "network", "down", check=0).stdout
    assert "No network runs in" in pmcb(home, "network", "status", check=3).stdout
    assert json.loads(pmcb(home, "network", "status", "--json", check=3).stdout)["height"] == 1


def test_the_same_network_comes_back_after_down_and_after_kill(home):
    """Same ports, same CAs, same registrars; a killed one is simply started again."""
    pmcb(home, "network", "up", check=0)
    described = (home / "network.json").read_bytes()
    registrar = (home / "wallet" / "registrar.HospitalAMSP.id").read_bytes()
    os.kill(pid(home), signal.SIGKILL)
    status = pmcb(home, "network", "status", check=3)
    assert "No network runs" in status.stdout
    pmcb(home, "network", "up", check=0)
    pmcb(home, "network", "down", check=0)
    pmcb(home, "network", "up", check=0)
    assert (home / "network.json").read_bytes() == described
    assert (home / "wallet" / "registrar.HospitalAMSP.id").read_bytes() == registrar
    pmcb(home, "network", "down", check=0)


def test_two_ups_at_once_start_one_network(home):
    """One starts it, the other waits, says for whom, and finds it running."""
    both = [
        subprocess.Popen(
            [*PMCB, "network", "up", "--json"],
            env=environment(home),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=DEADLINE_S) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    states = [json.loads(stdout) for stdout, _ in said]
    assert sorted(state["state"] for state in states) == ["running", "started"]
    assert states[0]["pid"] == states[1]["pid"]
    pmcb(home, "network", "down", check=0)


def test_a_recycled_pid_is_left_alone(home):
    """A record whose pid now belongs to another program: that one is neither ours nor ended."""
    (home / "network").mkdir(parents=True, mode=0o700)
    innocent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        us = Record.of_this_process()
        record = home / "network" / "run.json"
        Record(innocent.pid, us.started, us.boot, us.command).write(record)
        assert "No network runs here" in pmcb(home, "network", "down", check=0).stdout
        its = psutil.Process(innocent.pid)
        for foreign in (
            Record(its.pid, its.create_time(), "another boot", its.cmdline()),
            Record(its.pid, its.create_time() - 5, us.boot, its.cmdline()),
            Record(its.pid, its.create_time(), us.boot, ["pmcb"]),
        ):
            foreign.write(record)
            assert running(record) is None
        Record(its.pid, its.create_time(), us.boot, its.cmdline()).write(record)
        found = running(record)
        assert found is not None
        assert found.pid == innocent.pid
        assert innocent.poll() is None
        record.write_text("no record")
        assert running(record) is None
        record.unlink()
    finally:
        innocent.communicate(b"\n")


def test_a_network_that_hangs_is_said_to_hang_and_killed(home, monkeypatch):
    """A stopped process does not answer: up says so; down waits, then kills it."""
    pmcb(home, "network", "up", check=0)
    process = psutil.Process(pid(home))
    process.suspend()
    monkeypatch.setitem(stop.__kwdefaults__, "within_s", 0.1)
    monkeypatch.setattr("pmcb_network._launch._HEALTH_WITHIN_S", 0.1)
    monkeypatch.setattr("pmcb_client.gateway._connect._READY_WITHIN_S", 0.1)
    done = in_process(home, "network", "up")
    assert (done.exit_code, f"process {process.pid} runs, but" in done.stderr) == (3, True)
    assert "pmcb network down" in done.stderr
    done = in_process(home, "network", "status")
    assert (done.exit_code, done.stdout.split(":")[0]) == (
        3,
        f"Process {process.pid} does not serve",
    )
    done = in_process(home, "network", "down")
    assert (done.exit_code, "was killed; the ledger is whole" in done.stdout) == (0, True)
    assert ended(process.pid)


def test_reset_asks_and_removes(home):
    """Nothing without an answer; then process, ledger, CAs and the identities they issued."""
    pmcb(home, "network", "up", check=0)
    wallet = Wallet(home / "wallet")
    process = psutil.Process(pid(home))
    done = pmcb(home, "network", "reset", input="n\n")
    assert done.returncode != 0
    assert not ended(process.pid)
    pmcb(home, "network", "reset", "--json", check=2)
    kept = home / "tasks" / "study.yaml"
    kept.parent.mkdir()
    kept.write_text("")
    removed = json.loads(pmcb(home, "network", "reset", "--yes", "--json", check=0).stdout)
    assert removed["identities"] == ["registrar.HospitalAMSP", "registrar.HospitalBMSP"]
    assert ended(process.pid)
    assert wallet.list() == []
    assert {path.name for path in (home / "network").iterdir()} <= {"up.lock"}
    assert not (home / "network.json").exists()
    assert kept.exists()
    pmcb(home, "network", "up", check=0)
    pmcb(home, "network", "down", check=0)


def test_logs_follow_until_interrupted(home):
    """`--follow` prints what comes and ends with Ctrl-C."""
    (home / "network").mkdir(parents=True, mode=0o700)
    log = home / "network" / "network.log"
    log.write_text("one\ntwo\n")
    process = subprocess.Popen(
        [*PMCB, "network", "logs", "--lines", "1", "--follow"],
        env=environment(home),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    watchdog = threading.Timer(DEADLINE_S, process.kill)
    watchdog.start()
    try:
        assert process.stdout.readline() == "two\n"
        with log.open("a") as file:
            file.write("three\n")
        assert process.stdout.readline() == "three\n"
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        watchdog.cancel()
