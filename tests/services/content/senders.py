# SPDX-License-Identifier: Apache-2.0
"""Answers in an outbox, a ledger that counts them, and links that fail as they are told."""

import json

import httpx
from tests.client.http_identity.people import NOW_MS
from tests.client.sealing.keys import point
from tests.services.content.stores import ANN, NETWORK, RECORDS

from pmcb_client.content import ContentClient
from pmcb_client.errors import LedgerUnavailable, OutcomeUnknown, Refused
from pmcb_client.sealing import Kind, Place, seal


class Killed(BaseException):
    """The process ends here."""


class Records:
    """A ledger of submissions that answers a repeat with what stands, and fails as it is told."""

    def __init__(self, fails=lambda: "", code="DEADLINE_PASSED") -> None:
        self.rows: dict[str, str] = {}
        self.writes = 0
        self._fails = fails
        self._code = code

    async def evaluate(self, function, *args):
        raise NotImplementedError

    async def submit(self, function, *args):
        task, _, digest, _ = args
        how = self._fails()
        if how == "before":
            raise LedgerUnavailable("No gateway answers.")
        if how == "refused":
            raise Refused(self._code, status=410, reason="The time to submit is over.")
        if task not in self.rows:
            self.rows[task] = digest
            self.writes += 1
        assert self.rows[task] == digest
        if how == "after":
            raise OutcomeUnknown("No word came back.")
        if how == "killed":
            raise Killed
        return json.dumps({"task": task}).encode()


class Link(httpx.AsyncBaseTransport):
    """A link to the store that fails as it is told, before or after the store heard."""

    def __init__(self, app, fails) -> None:
        self._far = httpx.ASGITransport(app)
        self._fails = fails
        self.bytes = 0

    async def handle_async_request(self, request):
        how = self._fails()
        self.bytes += len(request.content)
        if how == "before":
            raise httpx.ConnectError("no route")
        answer = await self._far.handle_async_request(request)
        if how == "after":
            raise httpx.ReadError("cut off")
        if how == "killed":
            raise Killed
        return answer


def sealed(number, part=0):
    """A file of Ann's answer to a task."""
    place = Place(f"{number:032x}", 0, slot=1, holder=ANN.uid)
    recipients = {RECORDS.uid: point(RECORDS.private_key)}
    return seal(Kind.ANSWER, place, f"{number} {part}".encode(), recipients=recipients)[0]


def queued(outbox, count, parts=1):
    """Sealed answers of one person to many tasks, in the outbox."""
    return [
        outbox.put([sealed(number, part) for part in range(parts)], queued_ms=number)
        for number in range(count)
    ]


def taken(parcels):
    """What the ledger should say."""
    return {parcel.task: parcel.hash for parcel in parcels}


def store(app, fails=lambda: "", found=NETWORK):
    """Ann's way to the store."""
    link = Link(app, fails)
    return ContentClient(found, ANN, transport=link, clock=lambda: NOW_MS), link
