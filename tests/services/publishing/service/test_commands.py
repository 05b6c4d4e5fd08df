# SPDX-License-Identifier: Apache-2.0
"""``pmcb publishing`` as institutions and analysts call it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.scenarios.site import identity_of
from tests.scenarios.world import ORG_A, ORG_B, World
from tests.services.publishing.service.house import write_table

from pmcb_client.answers import Row
from pmcb_client.cli import make_root
from pmcb_client.network_file import load, save
from pmcb_client.wallet import Wallet
from pmcb_services.intake import Intake, Source
from pmcb_services.publishing import Release

PMCB = str(Path(sys.executable).with_name("pmcb"))
FIELDS = """
- {name: age, unit: y, min: 0, max: 100, step: 1}
- {name: hours, unit: h, min: 0, max: 80}
"""


@pytest.fixture
def home(place, tmp_path):
    """Where an institution and an analyst share a machine; its intake holds some rows."""
    made = tmp_path / "home"
    made.mkdir()
    save(made / "network.json", place.file)
    (tmp_path / "fields.yaml").write_text(FIELDS)
    (tmp_path / "tables").mkdir()

    async def enrol():
        async with World(place) as world:
            people = [
                await world.person("serving", "institution", ORG_B),
                await world.person("asking", "analyst", ORG_A),
            ]
            return people, world.now()

    people, now_ms = asyncio.run(enrol())
    for person in people:
        identity = identity_of(person)
        Wallet(made / "wallet").put(person.role, identity.identity, identity.private_key)
    owner = f"{people[0].msp}.{people[0].name}"
    rows = [Row(now_ms, {"age": 30 + n % 9, "hours": 20.5}) for n in range(1500)]
    source = Source.observation("ab" * 32)
    Intake(made / "institution" / owner).take(source, "ann", rows, now_ms=now_ms)
    return made


@contextmanager
def served(home, *options):
    """The service as a process; what it told, and its end."""
    command = [PMCB, "--home", str(home), "--json", "publishing", "serve", *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def run(home, *args):
    """What ``pmcb publishing ARGS`` ends with and prints."""
    words = ["--home", str(home), "publishing", *map(str, args)]
    return CliRunner().invoke(make_root(), words, prog_name="pmcb")


def told(home, *args):
    """Its document, when all went well."""
    done = run(home, *args, "--json")
    assert done.exit_code == 0, done.output + done.stderr
    return json.loads(done.stdout)


def test_bad_input_is_refused(home, tmp_path):
    """One sentence and exit code 2, before anybody is asked."""
    id_of = "0" * 32
    for args, complaint in [
        (["release", "x", "--epsilon", "0"], "greater than 0"),
        (["release", "x", "--epsilon", "1", "--out", str(tmp_path)], "must be a new folder"),
        (["release", "x", "--epsilon", "1"], "names no publishing service"),
        (["dataset", "add", "x", "--cohort", id_of], "Give a TABLE"),
        (["dataset", "refresh", "x", "--all", "--from-intake", id_of], "Give a TABLE"),
        (["serve", "--host", "0.0.0.0"], "no loopback address"),
        (["serve", "--tls-cert", tmp_path / "fields.yaml"], "give --tls-ca"),
        (["cohort", "lower", id_of, "many"], "decimal or a ratio"),
    ]:
        done = run(home, *args)
        assert done.exit_code == 2, args
        assert complaint in done.stderr
        assert "Traceback" not in done.stderr


def test_a_day_of_institution_and_analyst(home, tmp_path):
    """Budget, tables, requests, an approval, a kill, the intake: all by command."""
    table = write_table(tmp_path / "tables" / "visits.csv", 4000)
    schema = ["--fields", tmp_path / "fields.yaml", "--expected-size", 2000]
    with served(home, "--tables", str(tmp_path / "tables")) as (process, at):
        assert load(home / "network.json").publishing[0].url == at["url"]
        cohort = told(home, "cohort", "open", *schema, "--total", "9/2")["cohort"]
        version = told(home, "dataset", "add", "visits", table, "--cohort", cohort)
        assert (version["number"], version["epsilon"]) == (1, "1/50")
        allow = ["--allow", ORG_A, "1", "9", "--allow", "*", "1/10", "1/10"]
        assert len(told(home, "cohort", "policy", cohort, *allow)["rules"]) == 2
        waiting = told(home, "release", "visits", "--epsilon", 2)
        assert waiting["state"] == "pending"
        shown = told(home, "cohort", "show", cohort, "--epsilon", "0.5")
        assert [each["id"] for each in shown["pending"]] == [waiting["id"]]
        assert (shown["left"], shown["queries_left"]) == ("112/25", 8)
        assert waiting["id"][:8] in run(home, "cohort", "show", cohort).stdout
        assert told(home, "approve", waiting["id"])["state"] == "running"
        out = tmp_path / "release"
        asked = ["release", "visits", "--epsilon", 1, "--k", 2, "--rows"]
        released = told(home, *asked, "--out", out)
        assert Release.open(out).hash == released["release_hash"]
        assert "is published" in run(home, "show", waiting["id"]).stdout
        process.kill()
    with served(home, "--tables", str(tmp_path / "tables")) as (process, _):
        again = told(home, *asked)
        assert again["release_hash"] == released["release_hash"]
        refreshed = told(home, "dataset", "refresh", "visits", "--all")
        assert refreshed["number"] == 2
        assert refreshed["persons"]["high"] < 3000  # they were 4,000
        (listed,) = told(home, "dataset", "list")["datasets"]
        assert [each["number"] for each in listed["versions"]] == [1, 2]
        assert "visits" in run(home, "dataset", "list").stdout
        assert told(home, "cohort", "lower", cohort, "4")["left"] == "24/25"
        refused = run(home, "release", "visits", "--epsilon", 1, "--fresh")
        assert refused.exit_code == 1
        assert "24/25 left" in refused.stderr
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    away = run(home, "dataset", "list")
    assert (away.exit_code, "does not answer" in away.stderr) == (3, True)


def test_what_was_collected_is_published_beside_records_of_ones_own(home, tmp_path):
    """Exported into the folder of a table it is in the next version; each person counts once."""
    table = tmp_path / "tables" / "both"
    table.mkdir()
    own = [f"own-{n},{30 + n % 50},{40 + n % 7}" for n in range(2000)]
    (table / "own.csv").write_text("\n".join(["subject,age,hours", *own]))
    schema = ["--fields", tmp_path / "fields.yaml", "--subject", "subject", "--expected-size", 60]
    with served(home, "--tables", str(tmp_path / "tables")):
        cohort = told(home, "cohort", "open", *schema, "--total", "1")["cohort"]
        first = told(home, "dataset", "add", "patients", table, "--cohort", cohort)
        words = ["--home", str(home), "institution", "export", "--all", "--out"]
        done = CliRunner().invoke(make_root(), [*words, str(table / "collected.csv")])
        assert done.output.startswith("Wrote 1,500 rows"), done.output
        second = told(home, "dataset", "refresh", "patients", table)
    assert (first["number"], second["number"]) == (1, 2)
    for version, persons in ((first, 2000), (second, 2001)):
        size = version["persons"]
        assert abs(size["estimate"] - persons) < 200
