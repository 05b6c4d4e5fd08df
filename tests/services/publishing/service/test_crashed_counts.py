# SPDX-License-Identifier: Apache-2.0
"""A table is counted once for its epsilon, whatever happens as it is registered."""

import asyncio

import pytest
from tests.services.publishing.service.house import write_table

from pmcb_client.errors import OutcomeUnknown
from pmcb_services.publishing._catalogue import Standing

pytestmark = pytest.mark.anyio


async def test_a_count_that_was_lost_leaves_no_version(mortal):
    """The table is registered again, which pays again; the first is never usable."""
    house, bits = mortal.house, mortal.bits
    table = write_table(house.folder / "tables" / "new.csv")
    service = house.make(mortal.ledger, bits=bits)
    await service.__aenter__()
    bits.kills = True
    adding = asyncio.create_task(service.registry.add_version(mortal.name, path=table))
    done, _ = await asyncio.wait([adding])
    assert done.pop().exception() is not None
    service.store.close()
    bits.kills = False
    async with house.started(mortal.ledger):
        found = await house.done(house.analyst, "GET", f"/datasets/{mortal.name}")
        assert [each["number"] for each in found["versions"]] == [1]
        await house.refresh(mortal.name, table)
        found = await house.done(house.analyst, "GET", f"/datasets/{mortal.name}")
        assert [each["number"] for each in found["versions"]] == [1, 3]
        assert (await house.budget(mortal.cohort))[0] == "3/50"


async def test_a_count_of_unknown_cost_is_not_paid_twice(mortal):
    """The same table, registered again, is the version that was begun."""
    house, ledger = mortal.house, mortal.ledger
    table = write_table(house.folder / "tables" / "new.csv")
    path, body = f"/datasets/{mortal.name}/versions", {"path": str(table)}
    async with house.started(ledger) as service:
        submit = ledger.submit

        async def silent(function, *args):
            answer = await submit(function, *args)
            if function == "reserve_budget":
                ledger.is_away = True
                raise OutcomeUnknown("tx")
            return answer

        ledger.submit = silent
        answered = await house.call(house.institution, "POST", path, body)
        assert (answered.status_code, answered.json()["error"]) == (503, "LEDGER_UNAVAILABLE")
        (begun,) = service.catalogue.unsettled()
        ledger.submit, ledger.is_away = submit, False
        made = await house.done(house.institution, "POST", path, body)
        assert (made["version"], made["number"]) == (begun.version, 2)
        assert (await house.budget(mortal.cohort))[0] == "1/25"
        again = await house.done(house.institution, "POST", path, body)
        assert (again["version"] != begun.version, again["number"]) == (True, 3)


async def test_a_count_that_is_stored_when_the_service_ends_is_used_by_the_next(mortal):
    """The ledger had not heard of it: the version is not usable yet, and not lost."""
    house, ledger = mortal.house, mortal.ledger
    table = write_table(house.folder / "tables" / "new.csv")
    async with house.started(ledger) as service:
        recorded = ledger.submit_async
        waiting = asyncio.Event()

        async def away(function, *args):
            waiting.set()
            ledger.is_away = True
            return await recorded(function, *args)

        ledger.submit_async = away
        adding = asyncio.create_task(service.registry.add_version(mortal.name, path=table))
        await waiting.wait()
    with pytest.raises(Exception, match="before the ledger knew"):
        await adding
    ledger.submit_async, ledger.is_away = recorded, False
    async with house.started(ledger) as service:
        for task in list(service.registry._finishing):
            await task
        newest = service.catalogue.versions(mortal.name)[-1]
        assert (newest.standing, newest.number) == (Standing.READY, 2)
        assert (await house.budget(mortal.cohort))[0] == "1/25"
