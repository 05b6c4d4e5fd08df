# SPDX-License-Identifier: Apache-2.0
"""``pmcb verifier serve`` as a process."""

import json
import signal
import subprocess
import time

import pytest
from tests.client.http_identity.people import Ca
from tests.scenarios.site import identity_of
from tests.scenarios.world import ORG_B
from tests.services.intake.test_serving import PMCB, served, until

from pmcb_client.network_file import save
from pmcb_client.wallet import Wallet
from pmcb_services.verification import Findings

pytestmark = pytest.mark.anyio


@pytest.fixture
def home(place, tmp_path):
    """A verifier's, with the network."""
    made = tmp_path / "home"
    made.mkdir()
    save(made / "network.json", place.file)
    return made


def test_who_may_not_read_the_ledger_ends(home):
    """With the reason and exit code 3."""
    forger = Ca(ORG_B, time.time_ns() // 1_000_000).person("forger", "verifier")
    Wallet(home / "wallet").put("forger", forger.identity, forger.private_key)
    command = [PMCB, "--home", str(home), "verifier", "serve"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3
    assert "Error: " in done.stderr
    assert "Traceback" not in done.stderr


async def test_a_verifier_judges_until_it_is_told_to_end(court, home):
    """Its log has a line for the verdict, with ids and the rule and nothing else."""
    verifier = await court.world.person("serving", "verifier", ORG_B)  # of no other test's tasks
    await verifier.submit("announce_key")
    court.verifiers = (verifier, *court.verifiers[1:])
    identity = identity_of(verifier)
    Wallet(home / "wallet").put("verifier", identity.identity, identity.private_key)
    async with court.served() as file:
        save(home / "network.json", file)
        with served(home, "verifier") as (process, told):
            assert told == {"uid": verifier.uid}
            task = await court.publish()
            slot, _ = await court.answer(task, 0, court.week(pulse=[499] * 7))
            findings = Findings(home / "verifier" / f"{verifier.msp}.{verifier.name}")

            def was_told():  # which comes after its log line
                known = findings.of_subtask(task, 0)
                return slot in known and known[slot].told

            await until(was_told)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
            assert process.stderr is not None
            log = process.stderr.read()
    assert await court.verdicts(task) == {slot: [("reject", "range")]}
    (line,) = [json.loads(line) for line in log.splitlines() if task in line]
    assert (line["event"], line["reason"]) == ("reject", "range")
    told = {"task", "subtask", "slot", "reason", "score"}
    assert line.keys() == {"event", "level", "timestamp"} | told
