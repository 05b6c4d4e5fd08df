# SPDX-License-Identifier: Apache-2.0
"""A crash after any step loses no epsilon and publishes nothing twice."""

import sqlite3

import pytest
from tests.services.publishing.service.crashes import (
    at_first_noise,
    at_intent,
    at_recorded,
    at_reservation,
    at_stored,
    at_written,
)

from pmcb_client.errors import OutcomeUnknown, Refused
from pmcb_services.publishing._entries import State

pytestmark = pytest.mark.anyio


async def test_an_intent_that_the_ledger_never_heard_of_is_forgotten(mortal):
    """It may be asked again, and is paid once."""
    house = mortal.house
    died = await mortal.dies(at_intent)
    async with house.started(mortal.ledger) as service:
        assert service.entries.find(died) is None
        assert (await house.budget(mortal.cohort))[0] == "1/50"
        released = await house.settled(await house.ask(mortal.name))
        assert (released["id"], released["state"]) == (died, "published")
        assert (await house.budget(mortal.cohort))[0] == "51/50"


@pytest.mark.parametrize("how", [at_reservation, at_first_noise, at_written])
async def test_what_was_reserved_is_lost_and_never_run_again(mortal, how):
    """Epsilon stays spent; a new attempt pays again, and only that."""
    house = mortal.house
    died = await mortal.dies(how)
    async with house.started(mortal.ledger) as service:
        assert service.entries.find(died).state is State.LOST
        assert not (house.folder / "publishing" / "releases" / died).exists()
        assert (await house.done(house.analyst, "GET", f"/releases/{died}"))["state"] == "lost"
        answered = await house.ask(mortal.name)
        assert (answered.status_code, answered.json()["error"]) == (410, "RELEASE_LOST")
        assert "attempt 1" in answered.json()["message"]
        assert (await house.budget(mortal.cohort))[0] == "51/50"
        released = await house.settled(await house.ask(mortal.name, attempt=1))
        assert (released["attempt"], released["state"]) == (1, "published")
        assert released["id"] != died
        assert (await house.budget(mortal.cohort))[0] == "101/50"
        answered = await house.ask(mortal.name, attempt=9)
        assert (answered.status_code, answered.json()["id"]) == (200, released["id"])


@pytest.mark.parametrize("how", [at_stored, at_recorded])
async def test_what_was_stored_is_published_with_the_same_bytes(mortal, how):
    """The ledger hears of the files that were on the disk; nothing is paid again."""
    house = mortal.house
    died = await mortal.dies(how)
    before = mortal.files(died)
    async with house.started(mortal.ledger) as service:
        await service.publisher.finished(service.entries.find(died))
        house.tick()
        answered = await house.ask(mortal.name)
        assert (answered.status_code, answered.json()["id"]) == (200, died)
        assert mortal.files(died) == before
        path = f"/releases/{died}/files/"
        for name, data in before.items():
            assert (await house.call(house.analyst, "GET", path + name)).content == data
        entry = await house.analyst.ask("get_release", mortal.cohort, died)
        assert entry["release_hash"] == answered.json()["release_hash"]
        assert (await house.budget(mortal.cohort))[0] == "51/50"


async def test_a_database_from_yesterday_publishes_nothing_twice(mortal, tmp_path):
    """What the ledger knows and the service does not was published, perhaps: it is lost."""
    house = mortal.house
    kept = tmp_path / "publishing" / "publishing.sqlite3"
    yesterday = kept.read_bytes()
    async with house.started(mortal.ledger):
        released = await house.settled(await house.ask(mortal.name))
    for path in kept.parent.glob("publishing.sqlite3*"):
        path.unlink()
    kept.write_bytes(yesterday)
    async with house.started(mortal.ledger) as service:
        answered = await house.ask(mortal.name)
        assert (answered.status_code, answered.json()["error"]) == (410, "RELEASE_LOST")
        assert service.entries.find(released["id"]).state is State.LOST
        assert (await house.budget(mortal.cohort))[0] == "51/50"


async def test_without_the_ledger_nothing_is_released(mortal):
    """503; the same request afterwards is paid once and published."""
    house, ledger = mortal.house, mortal.ledger
    async with house.started(ledger):
        ledger.is_away = True
        answered = await house.ask(mortal.name)
        assert (answered.status_code, answered.json()["error"]) == (503, "LEDGER_UNAVAILABLE")
        path = f"/cohorts/{mortal.cohort}"
        assert (await house.call(house.analyst, "GET", path)).status_code == 503
        assert (await house.call(house.analyst, "GET", "/datasets")).status_code == 200
        ledger.is_away = False
        assert (await house.settled(await house.ask(mortal.name)))["state"] == "published"
        assert (await house.budget(mortal.cohort))[0] == "51/50"


async def test_a_reservation_of_unknown_outcome_is_not_lost(mortal):
    """In one process the table was certainly not read: the repeat pays nothing and goes on."""
    house, ledger = mortal.house, mortal.ledger
    async with house.started(ledger):
        submit = ledger.submit

        async def silent(function, *args):
            await submit(function, *args)
            ledger.is_away = True
            raise OutcomeUnknown("tx")

        ledger.submit = silent
        assert (await house.ask(mortal.name)).status_code == 503
        ledger.submit, ledger.is_away = submit, False
        assert (await house.settled(await house.ask(mortal.name)))["state"] == "published"
        assert (await house.budget(mortal.cohort))[0] == "51/50"


async def test_a_service_starts_without_the_ledger_and_decides_later(mortal):
    """What it cannot settle it does not run."""
    house, ledger = mortal.house, mortal.ledger
    died = await mortal.dies(at_reservation)
    ledger.is_away = True
    async with house.started(ledger) as service:
        assert service.entries.find(died).state is State.INTENT
        assert (await house.ask(mortal.name)).status_code == 503
        ledger.is_away = False
        assert (await house.ask(mortal.name)).status_code == 410
        assert service.entries.find(died).state is State.LOST


async def test_what_is_stored_waits_for_the_ledger(mortal, monkeypatch):
    """Step 4 is repeated until it answers."""
    monkeypatch.setattr("pmcb_services.publishing._publisher.RETRY_S", 0.01)
    house, ledger = mortal.house, mortal.ledger
    async with house.started(ledger) as service:
        record = ledger.submit_async
        seen = []

        async def late(function, *args):
            seen.append(function)
            ledger.is_away = len(seen) < 4
            return await record(function, *args)

        ledger.submit_async = late
        released = await house.settled(await house.ask(mortal.name))
        assert released["state"] == "published"
        assert seen == ["record_release"] * 4
        assert service.entries.find(released["id"]).state is State.PUBLISHED


@pytest.mark.parametrize("kind", [Refused("ROLE_REQUIRED"), sqlite3.OperationalError("full")])
async def test_whatever_fails_after_the_files_are_stored_is_tried_again(mortal, monkeypatch, kind):
    """A refusal, or a full disk: nothing is lost or paid twice, and the bytes stay."""
    monkeypatch.setattr("pmcb_services.publishing._publisher.RETRY_S", 0.01)
    house, ledger = mortal.house, mortal.ledger
    async with house.started(ledger) as service:
        failed: list[dict[str, bytes]] = []
        submit, move = ledger.submit_async, service.entries.move

        def failing(state):
            if state is State.PUBLISHED and len(failed) < 3:
                failed.append(mortal.files(service.entries.in_states([State.STORED])[0].id))
                raise kind

        async def refusing(function, *args):
            failing(State.PUBLISHED)
            return await submit(function, *args)

        def full(entry, state, **how):
            failing(state)
            move(entry, state, **how)

        if isinstance(kind, Refused):
            ledger.submit_async = refusing
        else:
            service.entries.move = full
        released = await house.settled(await house.ask(mortal.name))
        assert released["state"] == "published"
        assert failed == [mortal.files(released["id"])] * 3
        assert (await house.budget(mortal.cohort))[0] == "51/50"


async def test_of_two_services_one_publishes(mortal):
    """From another folder, as the same institution: what the ledger knows otherwise is dropped."""
    house, ledger = mortal.house, mortal.ledger
    died = await mortal.dies(at_stored)
    await house.institution.submit("record_release", mortal.cohort, died, "f" * 64)
    async with house.started(ledger) as service:
        await service.publisher.finished(service.entries.find(died))
        assert service.entries.find(died).state is State.LOST
        assert not (house.folder / "publishing" / "releases" / died).exists()
        assert (await house.ask(mortal.name)).status_code == 410


async def test_half_of_a_folder_is_removed(mortal):
    """Of a run that died as it wrote; other releases stay."""
    house = mortal.house
    died = await mortal.dies(at_first_noise)
    releases = house.folder / "publishing" / "releases"
    (releases / f".{died}.half").mkdir()
    (releases / f".{died}.half" / "measurements.csv").write_text("half")
    before = {path.name for path in releases.iterdir()}
    async with house.started(mortal.ledger):
        assert before - {path.name for path in releases.iterdir()} == {f".{died}.half"}


async def test_an_end_waits_for_the_table_that_is_being_read(mortal):
    """What is reserved when the service is told to end is published by the next one."""
    house = mortal.house
    async with house.started(mortal.ledger):
        answered = [await house.ask(mortal.name, k=k, fresh=True) for k in (2, 3, 4)]
    async with house.started(mortal.ledger):
        found = [await house.settled(each) for each in answered]
        assert {each["state"] for each in found} == {"published"}


async def test_a_database_that_cannot_be_used_is_told(mortal):
    """503, and nothing of its own words."""
    house = mortal.house
    async with house.started(mortal.ledger):
        (house.folder / "publishing" / "publishing.sqlite3").unlink()
        (house.folder / "publishing" / "publishing.sqlite3").mkdir()
        answered = await house.call(house.analyst, "GET", "/datasets")
        assert (answered.status_code, answered.json()["error"]) == (503, "STORE_UNAVAILABLE")


async def test_a_table_that_vanishes_after_payment_loses_the_release(mortal, monkeypatch):
    """Whatever fails in the mechanism, its epsilon stays spent."""
    house = mortal.house
    async with house.started(mortal.ledger) as service:
        (path,) = (house.folder / "tables").iterdir()
        reserve = service.budgets.reserve

        async def vanishing(*args):
            found = await reserve(*args)
            path.unlink()
            return found

        monkeypatch.setattr(service.budgets, "reserve", vanishing)
        released = await house.settled(await house.ask(mortal.name))
        assert released["state"] == "lost"
        assert (await house.budget(mortal.cohort))[0] == "51/50"
