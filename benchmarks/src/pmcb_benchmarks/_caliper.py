# SPDX-License-Identifier: Apache-2.0
"""Caliper with its Fabric connector, on our network: one round of the yardstick, one report.

It is a referee: it was written by others, measures with the official Node client, and judges our
load generator. Its throughput is what ended, over the time from the first call to the last answer.
"""

import json
import os
import re
import secrets
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

from ._node import HERE, environment, modules, program

if TYPE_CHECKING:
    from pmcb_client.network_file import NetworkFile

    from ._people import Enrolled

FOLDER = HERE / "caliper"
_START_S = 60.0  # of its manager and worker, on a busy machine
_LOOK_S = 0.2
_ANSWER_S = 60.0  # its own timeout of a transaction
_CELL = re.compile(r"<t[hd]>(.*?)</t[hd]>", re.DOTALL)
_COLUMNS = 8
_NAME = "marker"


class CaliperFailed(Exception):
    """Caliper ended with an error, in no time, or without a report."""

    exit_code = 3
    next_step = "run it with --debug, or Caliper by hand on the same files"


@dataclass(frozen=True)
class Report:
    """What Caliper says of its round; rates a second, the latency a mean in seconds.

    ``cpu_s`` is not its word: what it used itself, from start to end.
    """

    succeeded: int
    failed: int
    send_rate: float
    throughput: float
    latency_s: float
    cpu_s: float = 0.0


def network_config(file: "NetworkFile", chaincode: str, who: "Enrolled") -> Mapping[str, object]:
    """Caliper's description of a network: the gateway and identity of one organisation.

    The identity's private key is in it.
    """
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    org = file.org(who.identity.msp_id)
    key = who.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    identity = {
        "name": _NAME,
        "clientSignedCert": {"pem": who.identity.certificate_pem.decode()},
        "clientPrivateKey": {"pem": key.decode()},
    }
    return {
        "name": "pmcb",
        "version": "2.0.0",
        "caliper": {"blockchain": "fabric"},
        "channels": [{"channelName": file.channel, "contracts": [{"id": chaincode}]}],
        "organizations": [
            {
                "mspid": org.msp,
                "identities": {"certificates": [identity]},
                "peers": [{"endpoint": org.gateway, "tlsCACerts": {"pem": org.tls_ca}}],
            }
        ],
    }


def benchmark_config(
    chaincode: str, *, run: str, rate: float, seconds: int
) -> Mapping[str, object]:
    """One round at a fixed rate by one worker; ``run`` makes its keys its own."""
    return {
        "test": {
            "name": "yardstick",
            "workers": {"number": 1},
            "rounds": [
                {
                    "label": "mark",
                    "txDuration": seconds,
                    "rateControl": {"type": "fixed-rate", "opts": {"tps": rate}},
                    "workload": {
                        "module": str(FOLDER / "workload.js"),
                        "arguments": {"chaincode": chaincode, "run": run},
                    },
                }
            ],
        }
    }


def caliper_round(
    folder: Path,
    file: "NetworkFile",
    chaincode: str,
    who: "Enrolled",
    *,
    rate: float,
    seconds: int,
    run: str | None = None,
) -> Report:
    """Run Caliper in an empty folder; all its processes have ended when this returns.

    It marks names that no other round had, or those of ``run``.

    Raises:
        NodeUnavailable: Node is missing, or npm cannot install Caliper.
        CaliperFailed: no round came about.
    """
    packages = modules(FOLDER)
    names = run or secrets.token_hex(4)
    benchmark = benchmark_config(chaincode, run=names, rate=rate, seconds=seconds)
    _keep(folder / "network.json", network_config(file, chaincode, who))
    _keep(folder / "benchmark.json", benchmark)
    report = folder / "report.html"
    command = (
        program("node"), str(packages / "@hyperledger" / "caliper-cli" / "caliper.js"),
        "launch", "manager",
        "--caliper-workspace", str(folder),
        "--caliper-networkconfig", "network.json",
        "--caliper-benchconfig", "benchmark.json",
        "--caliper-report-path", str(report),
        "--caliper-report-precision", "6",
        "--caliper-flow-only-test",
        "--caliper-progress-reporting-enabled", "false",
    )  # fmt: skip
    log = folder / "caliper.log"
    within_s = _START_S + seconds + _ANSWER_S
    cpu_s = _run(command, environment(packages), folder, log, within_s=within_s)
    if not report.exists():
        raise CaliperFailed(f"Caliper wrote no report: {_last(log)}")
    return replace(parse_report(report.read_text()), cpu_s=cpu_s)


def parse_report(page: str) -> Report:
    """The summary of a report with one round.

    Raises:
        CaliperFailed: it has no such summary, or no transaction succeeded.
    """
    start = page.find('id="benchmarksummary"')
    cells = [unescape(cell).strip() for cell in _CELL.findall(page, max(start, 0))]
    found = dict(zip(cells[:_COLUMNS], cells[_COLUMNS : 2 * _COLUMNS], strict=False))
    try:
        return Report(
            succeeded=int(found["Succ"]),
            failed=int(found["Fail"]),
            send_rate=float(found["Send Rate (TPS)"]),
            throughput=float(found["Throughput (TPS)"]),
            latency_s=float(found["Avg Latency (s)"]),
        )
    except (KeyError, ValueError):
        raise CaliperFailed("Caliper reports no transaction that succeeded") from None


def _run(
    command: tuple[str, ...],
    variables: Mapping[str, str],
    folder: Path,
    log: Path,
    *,
    within_s: float,
) -> float:
    """The manager ends the worker that it forked; if it does not end, both are ended.

    Their processor seconds: the manager leaves the worker to init, so they are looked up meanwhile.
    """
    import psutil

    spent: dict[int, float] = {}
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=folder, env=dict(variables), stdin=subprocess.DEVNULL,
            stdout=file, stderr=file, start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + within_s
        try:
            while (code := _ended(process)) is None:
                if time.monotonic() > deadline:
                    raise CaliperFailed(f"Caliper did not end within {within_s:g} s")
                with suppress(psutil.NoSuchProcess):
                    manager = psutil.Process(process.pid)
                    for each in (manager, *manager.children(recursive=True)):
                        times = each.cpu_times()
                        spent[each.pid] = times.user + times.system
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    if code:
        raise CaliperFailed(f"Caliper ended with {code}: {_last(log)}")
    return sum(spent.values())


def _ended(process: subprocess.Popen[bytes]) -> int | None:
    """The exit code, or None after a moment."""
    try:
        return process.wait(_LOOK_S)
    except subprocess.TimeoutExpired:
        return None


def _last(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else "it said nothing"


def _keep(path: Path, document: Mapping[str, object]) -> None:
    path.touch(mode=0o600)
    path.write_text(json.dumps(document))
