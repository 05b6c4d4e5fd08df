# SPDX-License-Identifier: Apache-2.0
"""``pmcb institution`` as its operators call it."""

import asyncio
import csv
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from tests.client.http_identity.people import Ca
from tests.scenarios.site import identity_of
from tests.scenarios.world import ORG_B

from pmcb_client.cli import make_root
from pmcb_client.http_identity import SignedRequests
from pmcb_client.network_file import save
from pmcb_client.wallet import Wallet
from pmcb_services.intake import AUDIENCE, Intake, Source, State

PMCB = str(Path(sys.executable).with_name("pmcb"))
FIELDS = "- {name: systolic, unit: mmHg, min: 60, max: 260}\n"


@pytest.fixture
def home(place, tmp_path):
    """An institution's, with the network; there is no content store yet."""
    made = tmp_path / "home"
    made.mkdir()
    save(made / "network.json", place.file)
    (made / "fields.yaml").write_text(FIELDS)
    return made


@pytest.fixture
def forged(home):
    """Its wallet holds an identity that no CA of the network certified."""
    forger = Ca(ORG_B, time.time_ns() // 1_000_000).person("forger", "institution")
    Wallet(home / "wallet").put("forger", forger.identity, forger.private_key)
    return home


@contextmanager
def served(home, group, *options):
    """A service as a process; what it told, and its end."""
    command = [PMCB, "--home", str(home), "--json", group, "serve", *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


def run(home, *args):
    """What ``pmcb ARGS`` ends with and prints."""
    return CliRunner().invoke(make_root(), ["--home", str(home), *args], prog_name="pmcb")


async def until(condition):
    """Polls with a deadline."""
    end = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < end, "nothing came"
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (["export", "--out", "x.csv"], "Give a task or --all"),
        (["export", "a" * 32, "--all", "--out", "x.csv"], "Give a task or --all"),
        (["export", "xyz", "--out", "x.csv"], "32 lower-case hex"),
        (["export", "--all", "--out", "/nowhere/x.csv"], "cannot be written"),
        (["serve", "--host", "0.0.0.0"], "no loopback address"),
        (["serve", "--tls-cert", "fields.yaml"], "give --tls-ca"),
        (["serve", "--tls-cert", "fields.yaml", "--tls-ca", "fields.yaml"], "goes with its key"),
        (["serve", "--fields", "network.json"], "must be a list"),
    ],
)
def test_bad_input_is_refused(forged, args, complaint):
    """One sentence and exit code 2."""
    given = [str(forged / arg) if arg in {"fields.yaml", "network.json"} else arg for arg in args]
    done = run(forged, "institution", *given)
    assert done.exit_code == 2, done.output
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_a_service_that_may_not_read_the_ledger_ends(forged):
    """With the reason, instead of serving half of its work."""
    command = [PMCB, "--home", str(forged), "institution", "serve"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.stderr


async def test_a_day_of_an_institution(study, home):
    """Accepted answers and observations come in; what was taken is told and leaves as a CSV."""
    own = await study.world.person("serving", "institution", ORG_B)  # of no other test's tasks
    await own.submit("announce_key")
    study.records = own
    records = identity_of(own)
    Wallet(home / "wallet").put("records", records.identity, records.private_key)
    table = home / "institution" / f"{own.msp}.{own.name}"
    async with study.served() as file:
        save(home / "network.json", file)
        task = await study.publish(institution=own.uid)
        slot, hashes = await study.answer(task)
        with served(home, "institution", "--fields", str(home / "fields.yaml")) as (process, told):
            assert told["uid"] == own.uid
            await observe(study, told["url"])
            await study.judge(task, slot, "accept")
            await until(lambda: not study.path(hashes[0]).exists())
            process.kill()
        with served(home, "institution") as (process, _):
            slot, _ = await study.answer(task, 1)
            await study.judge(task, slot, "accept")
            source = Source.submission(task, 0, slot, "")
            await until(lambda: Intake(table).state(source) is State.TAKEN)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
    shown = json.loads(run(home, "--json", "institution", "status").stdout)
    assert (shown["answers"], shown["observations"], shown["rows"]) == (2, 1, 3)
    assert "answers taken in" in run(home, "institution", "status").stdout
    out = home / "table.csv"
    done = run(home, "--json", "institution", "export", "--all", "--out", str(out))
    assert json.loads(done.stdout) == {"rows": 3, "out": str(out)}
    with out.open(newline="") as file:
        assert [row["systolic"] for row in csv.DictReader(file)] == ["118", "120.5", "120.5"]
    run(home, "institution", "export", task, "--out", str(out))
    assert len(out.read_text().splitlines()) == 3


async def observe(study, url):
    """A worker of the institution's organisation sends a measurement."""
    worker = identity_of(await study.world.person("ward", "worker", ORG_B))
    row = {"at": study.world.now(), "values": {"systolic": 118}}
    body = json.dumps({"subject_ref": "ward-12", "rows": [row]})
    async with httpx.AsyncClient(auth=SignedRequests(worker, audience=AUDIENCE)) as http:
        answered = await http.post(f"{url}/v1/observations", content=body)
    assert answered.status_code == 200, answered.text
