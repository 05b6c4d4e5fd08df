# SPDX-License-Identifier: Apache-2.0
"""An institution lets a worker order its devices, by ``pmcb fog grant``."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.scenarios.site import identity_of
from tests.scenarios.world import ORG_A, ORG_B, Person, World, new_id

from pmcb_client.cli import make_root
from pmcb_client.network_file import save
from pmcb_client.wallet import Wallet

pytestmark = pytest.mark.anyio


async def told(home: Path, person: Person, *words: str) -> tuple[int, Any]:
    """Exit code and document of a command that somebody gives."""
    identity = identity_of(person)
    Wallet(home / "wallet").put("me", identity.identity, identity.private_key)
    words = ("--home", str(home), "--as", "me", "--json", *words)
    done = await asyncio.to_thread(CliRunner().invoke, make_root(), words)
    assert "Traceback" not in done.output
    return done.exit_code, json.loads(done.stdout)


async def test_an_institution_lets_a_worker_order_its_devices(world: World, tmp_path: Path):
    """Nobody else's device, nobody else may, no other command; until it is revoked."""
    save(tmp_path / "network.json", world.place.file)
    institution = await world.person("institution", "institution", ORG_B)
    doctor = await world.person("doctor", "worker")
    pump, theirs = f"{ORG_B}/{new_id()}", f"{ORG_A}/pump"

    async def may(command: str) -> bool:
        asked = ("check_device", doctor.msp, doctor.name, pump, command)
        return bool((await institution.ask(*asked))["allowed"])

    words = ("fog", "grant", doctor.uid)
    for person, device, code in (
        (institution, theirs, "NOT_OWNER"),
        (doctor, pump, "ROLE_REQUIRED"),
    ):
        ended, document = await told(tmp_path, person, *words, device, "add")
        assert (ended, document["error"]) == (1, code)
    assert not await may("add")
    ended, made = await told(tmp_path, institution, *words, pump, "add", "start")
    assert (ended, made["commands"]) == (0, ["add", "start"])
    assert [await may(each) for each in ("add", "start", "remove")] == [True, True, False]
    ended, _ = await told(tmp_path, institution, "retrieval", "revoke", made["grant"])
    assert (ended, await may("start")) == (0, False)
