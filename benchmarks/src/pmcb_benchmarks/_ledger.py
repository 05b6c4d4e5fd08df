# SPDX-License-Identifier: Apache-2.0
"""Loads on a Fabric network, one after the other, each held against the blocks."""

import asyncio
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from pmcb_client.gateway import CommitBy
from pmcb_client.network_file import NetworkFile
from pmcb_client.terminal import progress
from pmcb_network.fabric._tunables import Tunables

from ._clients import Clients, clients_of
from ._machine import machine
from ._network import network_process
from ._offered import Accepts, Load, Marks, Offered
from ._open_loop import Sample, summary
from ._people import People, Registrars, people_of
from ._stand import shaped, stand
from ._valid import Ledger
from ._watch import Watch, Work

_WARM_UP = 100  # connections, certificates and caches: not what is measured


@dataclass(frozen=True)
class Setting:
    """What is measured with what; None leaves a preset's own value."""

    network: str
    contract: str
    clients: int
    preset: str | None
    endorsement: str | None
    block_timeout: str | None
    block_messages: int | None
    commit: CommitBy
    no_write_batch: bool

    @property
    def shapes_fabric(self) -> bool:
        """Whether anything is chosen that only Fabric has."""
        given = (self.preset, self.endorsement, self.block_timeout, self.block_messages)
        return self.no_write_batch or any(each is not None for each in given)


class Measured(Protocol):
    """A network that is up for one measurement."""

    @property
    def file(self) -> NetworkFile: ...

    @property
    def registrars(self) -> Registrars: ...

    def height(self) -> int: ...

    def processes(self) -> Mapping[str, psutil.Process]: ...

    def settings(self) -> Mapping[str, object]: ...


def measure(setting: Setting, loads: Sequence[Load], document: dict[str, object]) -> None:
    """All loads on one network, into the document of ``pmcb bench ledger``.

    Each run is there as soon as it is over, whatever becomes of the next.
    """
    runs: list[dict[str, object]] = []
    packages = ["cryptography", "grpcio", "pmcb-chaincode", "pmcb-client", "uvloop"]
    document |= {
        "benchmark": "ledger",
        "contract": setting.contract,
        "commit": setting.commit,
        "clients": setting.clients,
        "machine": machine(packages),
        "runs": runs,
    }
    with (
        tempfile.TemporaryDirectory(prefix="pmcb-ledger-") as name,
        _network(setting, Path(name)) as found,
        progress("runs", len(loads)) as advance,
    ):
        document["network"] = found.settings()

        def keep(run: dict[str, object]) -> None:
            runs.append(run)
            advance(len(runs))

        asyncio.run(_all(found, setting, loads, keep))


@contextmanager
def _network(setting: Setting, folder: Path) -> Iterator[Measured]:
    if setting.network == "embedded":
        yardstick = setting.contract == "yardstick"
        with network_process(folder, "yardstick" if yardstick else "pmcb") as running:
            yield running
        return
    text = shaped(
        setting.preset or "dev",
        endorsement=setting.endorsement,
        block_timeout=setting.block_timeout,
        block_messages=setting.block_messages,
    )
    with stand(folder, text, Tunables(write_batch=not setting.no_write_batch)) as standing:
        yield standing


async def _all(
    found: Measured,
    setting: Setting,
    loads: Sequence[Load],
    keep: Callable[[dict[str, object]], None],
) -> None:
    most = max(load.count for load in loads)
    async with people_of(found.file, found.registrars) as people:
        offered = await _offered(found, setting, people, most)
        ledger = await Ledger.of(found.file, people)
        async with clients_of(
            found.file, offered.chaincode, setting.commit, offered.people, setting.clients
        ) as clients:
            warm_up = Load(loads[0].levels, min(_WARM_UP, most), 0)
            await clients.load(await offered.asks(warm_up), rate=0)
            for load in loads:
                keep(await _one(found, offered, clients, ledger, load))


async def _offered(found: Measured, setting: Setting, people: People, most: int) -> Offered:
    if setting.contract == "yardstick":
        return await Marks.of(found.file, people)
    return await Accepts.of(found.file, people, most)


async def _one(
    found: Measured, offered: Offered, clients: Clients, ledger: Ledger, load: Load
) -> dict[str, object]:
    asks = await offered.asks(load)
    first_block = found.height()
    watch = Watch({**found.processes(), **clients.processes()})
    samples = await clients.load(asks, rate=load.rate)
    work = watch.seen()
    acknowledged = [each.steps.transaction_id for each in samples if each.steps is not None]
    return {
        **({"levels": load.levels} if load.levels else {}),
        "asked": load.rate,
        **summary(samples),
        "ledger": await ledger.holds(acknowledged, first_block, found.height()),
        **_cost(work, samples),
    }


def _cost(work: Work, samples: Sequence[Sample]) -> dict[str, object]:
    """Processor milliseconds of each kind of process for a transaction that stands."""
    done = sum(each.steps is not None for each in samples) or 1
    kinds: dict[str, float] = {}
    for name, used in work.cpu_s.items():
        kind = re.split(r"[^a-z]", name)[0]
        kinds[kind] = kinds.get(kind, 0.0) + used
    return {
        "cpu_s": {name: round(used, 2) for name, used in sorted(work.cpu_s.items())},
        "cpu_ms_each": {kind: round(used * 1000 / done, 2) for kind, used in sorted(kinds.items())},
        "other_load": round(work.other_load, 3),
    }
