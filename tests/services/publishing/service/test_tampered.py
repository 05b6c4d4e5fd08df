# SPDX-License-Identifier: Apache-2.0
"""What somebody changed on the disk is found, and not served."""

import shutil
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from pmcb_services.publishing import ReleaseTampered
from pmcb_services.publishing._store import Store

pytestmark = pytest.mark.anyio


async def test_a_changed_file_is_not_served(mortal):
    """Of a release, nor a release in another's place."""
    house = mortal.house
    async with house.started(mortal.ledger):
        found = [await house.settled(await house.ask(mortal.name, k=k, fresh=True)) for k in (2, 3)]
    first, second = (house.folder / "publishing" / "releases" / each["id"] for each in found)
    (first / "coreset.csv").write_bytes((first / "coreset.csv").read_bytes() + b" ")
    async with house.started(mortal.ledger) as service:
        for name in ("coreset.csv", "release.json"):
            place = f"/releases/{first.name}/files/coreset.csv"
            answered = await house.call(house.analyst, "GET", place)
            assert (answered.status_code, answered.json()["error"]) == (500, "RELEASE_TAMPERED")
            assert name in answered.json()["message"]
            shutil.rmtree(first)
            shutil.copytree(second, first)
        with pytest.raises(ReleaseTampered):
            service.work.answer(second.name, "0" * 64)


CHANGES = [
    "UPDATE log SET line = replace(line, '\"at\":', '\"at\":1') WHERE number = 3",
    "DELETE FROM log WHERE number = 2",
    "UPDATE log SET hash = (SELECT hash FROM log WHERE number = 1) WHERE number = 2",
    "INSERT INTO log SELECT 99, line, hash FROM log WHERE number = 1",
    f"UPDATE log SET line = '[]', hash = '{sha256(b'[]').hexdigest()}' WHERE number = 3",
]


async def test_a_changed_line_of_the_log_is_found(mortal, tmp_path):
    """The service does not start on it, and leaves the folder to who repairs it."""
    house = mortal.house
    async with house.started(mortal.ledger) as service:
        events = [line["event"] for line in service.store.log()]
        assert events[:4] == ["cohort", "policy", "dataset", "version"]
    kept = house.folder / "publishing"
    for number, change in enumerate(CHANGES):
        folder = shutil.copytree(kept, tmp_path / str(number))
        changed(folder, change)
        with (
            closing(Store(folder)) as store,
            pytest.raises(ReleaseTampered, match="of the log"),
        ):
            store.check()
    changed(kept, CHANGES[0])
    for _ in range(2):
        with pytest.raises(ReleaseTampered, match="Line 3 of the log"):
            async with house.started(mortal.ledger):
                pass


def changed(folder: Path, change: str) -> None:
    """Somebody edits the database."""
    with closing(sqlite3.connect(folder / "publishing.sqlite3")) as database, database:
        assert database.execute(change).rowcount == 1
