# SPDX-License-Identifier: Apache-2.0
"""Where a cloud's server reads: in its loop while that is short, else in threads."""

import threading
from types import SimpleNamespace
from typing import cast

import pytest

from pmcb_services.retrieval.cloud import Cloud, MemoryCloud
from pmcb_services.retrieval.cloud.server import _short_reads
from pmcb_services.retrieval.cloud.server._short_reads import IN_THREADS, ShortReads
from pmcb_services.retrieval.errors import MissingBlob

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    """As the server's."""
    return "asyncio"


@pytest.fixture
def clock(monkeypatch):
    """Seconds by which reads are timed; each look at it adds those that were set."""
    times = {"now": 0.0, "step": 0.0}

    def now():
        times["now"] += times["step"]
        return times["now"]

    monkeypatch.setattr(_short_reads, "time", SimpleNamespace(perf_counter=now))
    return times


async def test_what_takes_long_goes_to_threads_for_a_while(clock):
    """And is tried again; a refusal passes either way."""
    read = ShortReads(MemoryCloud())
    assert await read(here) == here()
    clock["step"] = 1.0
    with pytest.raises(MissingBlob):
        await read(refusing)
    clock["step"] = 0.0
    with pytest.raises(MissingBlob):
        await read(refusing)
    assert here() not in [await read(here) for _ in range(IN_THREADS - 1)]
    assert await read(here) == here()


async def test_a_database_has_a_thread(clock):
    """However soon it answers."""
    read = ShortReads(cast("Cloud", object()))
    assert here() not in [await read(here) for _ in range(3)]


def here():
    """Which thread reads."""
    return str(threading.get_ident()).encode()


def refusing():
    """No such blob."""
    raise MissingBlob("none")
