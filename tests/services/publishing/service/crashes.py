# SPDX-License-Identifier: Apache-2.0
"""Ways to die: after each step, and between what a step does."""

import asyncio
import secrets
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

from tests.services.publishing.service.house import House

from pmcb_client.errors import LedgerUnavailable
from pmcb_services.publishing._desk import Asked
from pmcb_services.publishing._entries import State
from pmcb_services.publishing._requests import Kind


class Killed(BaseException):
    """The process is gone: nothing that runs in it catches this."""


class Away:
    """A ledger that may be away, and whose calls may end the process before or after."""

    def __init__(self, contract):
        self._contract = contract
        self.is_away = False
        self.before = set()
        self.after = set()

    async def evaluate(self, function, *args):
        return await self._called(self._contract.evaluate, function, *args)

    async def submit(self, function, *args):
        return await self._called(self._contract.submit, function, *args)

    async def submit_async(self, function, *args):
        return await self._called(self._contract.submit_async, function, *args)

    async def _called(self, call, function, *args):
        if self.is_away:
            raise LedgerUnavailable("away")
        if function in self.before:
            raise Killed
        answer = await call(function, *args)
        if function in self.after:
            raise Killed
        return answer


class Bits:
    """The operating system's, until they end the process."""

    def __init__(self):
        self.kills = False

    def randrange(self, bound):
        if self.kills:
            raise Killed
        return secrets.randbelow(bound)


def at_intent(service, ledger, _):
    """1: the ledger is not asked any more."""
    ledger.before = {"reserve_budget"}


def at_reservation(service, ledger, _):
    """2: the ledger has reserved, and nobody here has noted it."""
    ledger.after = {"reserve_budget"}


def at_first_noise(service, ledger, bits):
    """3: the table is being read."""
    bits.kills = True


def at_written(service, ledger, _):
    """3: the files are there, and nobody has noted it."""
    _stop_at(service, State.STORED)


def at_stored(service, ledger, _):
    """4: the ledger does not hear of the release."""
    ledger.before = {"record_release"}


def at_recorded(service, ledger, _):
    """4: the ledger has recorded it, and nobody here has noted it."""
    _stop_at(service, State.PUBLISHED)


def _stop_at(service, state):
    move = service.entries.move

    def stopping(entry, to, **how):
        if to is state and entry.request.kind is Kind.RELEASE:
            raise Killed
        move(entry, to, **how)

    service.entries.move = stopping


@dataclass
class Mortal:
    """A house whose service dies."""

    house: House
    ledger: Away
    bits: Bits
    cohort: str = ""
    name: str = ""

    async def dies(self, how) -> str:
        """Somebody asks, and the process ends; the request's id."""
        service = self.house.make(self.ledger, bits=self.bits)
        await service.__aenter__()
        how(service, self.ledger, self.bits)
        asked = Asked(self.name, None, Fraction(1))
        with suppress(Killed):
            await service.desk.ask(asked, self.house.analyst.uid)
        running = list(service.publisher._running.values())
        await asyncio.gather(*running, return_exceptions=True)
        service.store.close()
        self.ledger.before, self.ledger.after, self.bits.kills = set(), set(), False
        (entry,) = [
            each
            for each in service.entries.of_cohort(self.cohort)
            if each.request.kind.value == "release"
        ]
        return entry.id

    def files(self, request_hash: str):
        """What is on the disk of a release, but for the receipt."""
        folder = self.house.folder / "publishing" / "releases" / request_hash
        found = {path.name: path.read_bytes() for path in folder.iterdir()}
        return {name: data for name, data in found.items() if name != "receipt.json"}
