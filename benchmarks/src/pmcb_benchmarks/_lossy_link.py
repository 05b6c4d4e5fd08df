# SPDX-License-Identifier: Apache-2.0
"""A thousand answers through a link that fails three requests of ten."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
from obstore.store import LocalStore

from pmcb_client.content import ContentClient
from pmcb_client.errors import LedgerError
from pmcb_client.http_identity import RequestChecker
from pmcb_client.network_file import ContentStore
from pmcb_client.receiver import Outbox, send
from pmcb_client.sealing import Kind, Place, seal
from pmcb_services.content import Blobs, content_application

from ._play_stage import stage

FAILS = 0.3
ANSWER_BYTES = 2_000
READER = "HospitalBMSP/verifier"


class LossyLink(httpx.AsyncBaseTransport):
    """Fails before the far side heard, or after it did; counts the bytes of bodies sent."""

    def __init__(self, app: Callable[..., object], seed: int) -> None:
        self._far = httpx.ASGITransport(app)  # type: ignore[arg-type]  # an ASGI application
        self._draws = random.Random(seed)
        self.bytes = self.requests = self.failures = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer, or break off."""
        self.bytes += len(request.content)
        self.requests += 1
        fails = self._draws.random() < FAILS
        self.failures += fails
        if fails and self._draws.random() < 0.5:
            raise httpx.ConnectError("no route")
        answer = await self._far.handle_async_request(request)
        if fails:
            raise httpx.ReadError("cut off")
        return answer


class Sink:
    """A ledger that takes each task's answer once."""

    def __init__(self) -> None:
        self.hashes: dict[str, str] = {}
        self.other = 0

    async def evaluate(self, function: str, *_: str) -> bytes:
        """Nothing is asked of it: no answer of this benchmark has a secret."""
        raise LedgerError(f"{function} is not answered here")

    async def submit(self, _: str, *args: str) -> bytes:
        """``submit_data``."""
        task, _, digest, _ = args
        self.other += self.hashes.setdefault(task, digest) != digest
        return b"{}"


async def bad_link(
    folder: Path, *, count: int, seed: int, advance: Callable[[int], None]
) -> dict[str, object]:
    """Send ``count`` answers until all are there; what that took.

    Args:
        folder: an empty one.
        count: of answers.
        seed: of the failures.
        advance: told how many have arrived.
    """
    async with stage(folder) as play:
        sender, keeper = play.receivers[0], play.wallet.get("content")
        network = replace(play.file, content=ContentStore("http://localhost", keeper.uid, ""))
        key = json.loads(await play.contracts["verifier"].evaluate("get_key", *READER.split("/")))
    checker = RequestChecker(network, audience="content")
    blobs = Blobs(LocalStore(folder / "content", mkdir=True))
    link = LossyLink(content_application(blobs, checker, keeper), seed)
    outbox, ledger = Outbox(folder / "outbox.sqlite3"), Sink()
    expected, payload = {}, 0
    for number in range(count):
        place = Place(f"{number:032x}", 0, slot=0, holder=sender.uid)
        content = bytes(ANSWER_BYTES)
        blob, _ = seal(Kind.ANSWER, place, content, recipients={READER: key["key"]})
        outbox.put([blob], queued_ms=number)
        expected[place.task] = blob.hash
        payload += len(blob.data)
    rounds = 0
    while outbox.pending():
        async with ContentClient(network, sender, transport=link) as client:
            await send(outbox, client, ledger, sender)
        rounds += 1
        advance(len(ledger.hashes))
    kept = [digest for digest in expected.values() if await blobs.find(digest)]
    return {
        "answers": count,
        "arrived": sum(ledger.hashes.get(task) == digest for task, digest in expected.items()),
        "kept": len(kept),
        "other": ledger.other,
        "requests": link.requests,
        "failures": link.failures,
        "rounds": rounds,
        "payload_bytes": payload,
        "sent_bytes": link.bytes,
        "ratio": round(link.bytes / payload, 3),
    }
