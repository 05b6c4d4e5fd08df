# SPDX-License-Identifier: Apache-2.0
"""``pmcb publishing serve`` is killed -9 anywhere, and started again."""

import asyncio
import io
import random
import time
import zipfile
from contextlib import closing, suppress
from fractions import Fraction

import pytest
from tests.scenarios.world import World
from tests.services.publishing.service.process import Process
from tests.services.publishing.service.starter import Starter

from pmcb_services.publishing import ServiceRefused, ServiceUnavailable
from pmcb_services.publishing._entries import State

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]
COUNT = Fraction(1, 50)  # what the table's persons were counted for
EACH = Fraction(1, 10)


@pytest.fixture(scope="module")
def starter(tmp_path_factory):
    """Of all processes here."""
    with closing(Starter(tmp_path_factory.mktemp("log") / "serve.log")) as made:
        yield made


@pytest.fixture
async def process(place, tmp_path, starter):
    """Nothing runs yet, nor at the end."""
    async with World(place) as world:
        yield await Process.of(world, tmp_path, starter)
        starter.kill()


async def test_a_kill_after_each_step(process):
    """One request, asked again after each death.

    Unknown to the ledger it is forgotten; reserved it is lost, and pays again with a new attempt;
    stored it is published with the same bytes, wherever it dies afterwards.
    """
    await process.start("intent")
    await process.furnish()
    first = await dies(process)
    assert process.noted()[first] is State.INTENT
    assert await process.spent() == COUNT

    await process.start("reservation")
    assert first not in process.noted()
    assert await dies(process) == first
    assert await process.spent() == COUNT + EACH

    await process.start("files")
    await is_lost(process, first, attempt=1)
    second = await dies(process, attempt=1)
    assert process.files(second)
    assert await process.spent() == COUNT + 2 * EACH

    await process.start("stored")
    await is_lost(process, second, attempt=2)
    with pytest.raises(ValueError, match="unpack"):
        process.files(second)
    third = await dies(process, attempt=2)
    assert process.noted()[third] is State.STORED
    assert (await process.spends())[third] == (EACH, "")
    stored = process.files(third)

    await process.start("recorded")
    await process.died()
    recorded = (await process.spends())[third]
    assert process.noted()[third] is State.STORED

    await process.start()
    assert await process.settled(third) == "published"
    assert (await process.ask(k=2, attempt=2))["id"] == third
    with zipfile.ZipFile(io.BytesIO(process.served[third])) as archive:
        served = {name: archive.read(name) for name in archive.namelist()}
    assert served.pop("receipt.json")
    assert served == stored
    assert (await process.spends())[third] == recorded
    assert await process.spent() == COUNT + 3 * EACH
    await process.check()


async def dies(process, **more):
    """The analyst asks, and gets no answer or none to the end; the id."""
    before = {name for name, state in process.noted().items() if state is not State.INTENT}
    with suppress(ServiceUnavailable):
        await process.ask(k=2, **more)
    await process.died()
    (made,) = set(process.noted()) - before
    return made


async def is_lost(process, request_id, *, attempt):
    """The ledger has its cost and no release; who asks again is told which attempt pays."""
    assert await process.settled(request_id) == "lost"
    assert (await process.spends())[request_id] == (EACH, "")
    spent = await process.spent()
    with pytest.raises(ServiceRefused, match=f"attempt {attempt}") as refusal:
        await process.ask(k=2, attempt=attempt - 1)
    assert refusal.value.code == "RELEASE_LOST"
    assert await process.spent() == spent


@pytest.mark.parametrize(
    "kills", [3, pytest.param(60, marks=[pytest.mark.stress, pytest.mark.timeout(900)])]
)
async def test_kills_while_the_table_is_read(process, kills):
    """At random moments: what was stored is published, the rest lost, for good and paid once."""
    draws = random.Random(kills)
    await process.start()
    await process.furnish()
    started = time.monotonic()
    whole = (await process.ask("1/20"))["id"]
    ends = {whole: await process.settled(whole)}
    longest_s = time.monotonic() - started
    for number in range(kills):
        asked = await process.ask("1/20", k=number + 1, fresh=True)
        await asyncio.sleep(draws.uniform(0.0, longest_s))
        process.starter.kill()
        died_at = process.noted()[asked["id"]]
        ends[asked["id"]] = "lost" if died_at is State.RESERVED else "published"
        await process.start()
        for one in {asked["id"], draws.choice(list(ends))}:
            assert await process.settled(one) == ends[one]
        await process.check()
    for one, end in ends.items():
        assert await process.settled(one) == end
    assert set(process.served) == {one for one, state in ends.items() if state == "published"}
    assert await process.spent() == COUNT + Fraction(kills + 1, 20)
