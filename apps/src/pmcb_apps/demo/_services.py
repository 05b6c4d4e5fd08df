# SPDX-License-Identifier: Apache-2.0
"""The services of the story, beside it in one process: each as its command runs it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import structlog
from obstore.store import LocalStore

from pmcb_client.content import ContentClient
from pmcb_client.http_identity import RequestChecker
from pmcb_client.inbox import Inbox, follow
from pmcb_client.network_file import ContentStore, NetworkFile, save
from pmcb_client.tasks import TaskAgent
from pmcb_client.wallet import WalletIdentity
from pmcb_services.common import Served, SubtaskHandler, serving
from pmcb_services.content import Blobs, content_application
from pmcb_services.intake import EVENTS as VERDICTS
from pmcb_services.intake import Intake, Taking
from pmcb_services.verification import EVENTS as SUBMISSIONS
from pmcb_services.verification import Findings, Verifying

from ._beside import beside
from ._cast import Cast
from ._fog import Fog, fog

Handler = TypeVar("Handler", bound=SubtaskHandler[Any, Any])


@dataclass(frozen=True)
class Services:
    """What the story asks of the running services.

    Attributes:
        network: the network's file, with content store and order gateway in it.
        intake: the institution's table.
        fog: of the institution.
    """

    network: NetworkFile
    intake: Intake
    fog: Fog

    def store(self, identity: WalletIdentity) -> ContentClient:
        """The content store, as this person."""
        return ContentClient(self.network, identity)


@asynccontextmanager
async def services(
    cast: Cast,
    folder: Path,
    file: NetworkFile,
    *,
    releaser: WalletIdentity,
    verifier: WalletIdentity,
    institution: WalletIdentity,
    keeper: WalletIdentity,
) -> AsyncIterator[Services]:
    """Content store, fog, releaser's agent, verification server and intake, while the block runs.

    Their log goes to ``services.log`` in ``folder``.
    """
    place = Served()
    async with AsyncExitStack() as stack:
        stack.enter_context(_logging(folder / "services.log"))
        listening = stack.enter_context(place.listen())
        address = ContentStore(place.url(listening), keeper.uid, "")
        network = replace(file, content=address)
        hazy = await stack.enter_async_context(fog(cast, folder, network, institution))
        network = network.with_service(hazy.gateway)
        save(folder / "network.json", network)
        checker = RequestChecker(network, audience="content")
        blobs = Blobs(LocalStore(folder / "content", mkdir=True))
        judge, records = folder / "verifier", folder / "institution"
        found = Services(network, Intake(records), hazy)
        work = [
            serving(content_application(blobs, checker, keeper), place, listening),
            _agent(cast, folder, found, releaser),
            _dealing(Verifying, cast, found, verifier, judge, Findings(judge), SUBMISSIONS),
            _dealing(Taking, cast, found, institution, records, found.intake, VERDICTS),
        ]
        await stack.enter_async_context(beside(work))
        yield found


def _agent(
    cast: Cast, folder: Path, found: Services, releaser: WalletIdentity
) -> Coroutine[Any, Any, None]:
    def open_store() -> AbstractAsyncContextManager[ContentClient]:
        return found.store(releaser)

    agent = TaskAgent(
        folder / "tasks",
        releaser,
        cast.contract(releaser),
        open_store,
        clock=lambda: time.time_ns() // 1_000_000,
        tell=lambda _: None,
    )
    return agent.serve(cast.channel(releaser), found.network.chaincode)


def _dealing(
    kind: type[Handler],
    cast: Cast,
    found: Services,
    who: WalletIdentity,
    folder: Path,
    kept: Any,
    events: frozenset[str],
) -> Coroutine[Any, Any, None]:
    """A service that deals with the ledger's events, as this person."""
    inbox = Inbox(folder / "inbox.sqlite3")
    handler = kind(cast.contract(who), inbox, kept, identity=lambda: who, store=found.store)
    return follow(cast.channel(who), found.network.chaincode, inbox, events, handler.handle)


@contextmanager
def _logging(path: Path) -> Iterator[None]:
    """Log lines go to a file; what prints them else is as before afterwards."""
    before = structlog.get_config()
    with path.open("a") as file:
        structlog.configure(
            processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()],
            logger_factory=structlog.WriteLoggerFactory(file),
            cache_logger_on_first_use=False,
        )
        try:
            yield
        finally:
            structlog.configure(**before)
