# SPDX-License-Identifier: Apache-2.0
"""Step 6: keys and shares are delivered; who holds a slot opens its questions, nobody else does."""

import asyncio
import json
from collections.abc import Awaitable, Sequence
from contextlib import suppress

from pmcb_client.content import ContentClient
from pmcb_client.errors import ClientError
from pmcb_client.receiver import Opened, open_secret, open_subtask
from pmcb_client.sealing import Blob, Kind, Place, open_for
from pmcb_client.usage_errors import KeyPending
from pmcb_client.wallet import WalletIdentity

from ._cast import Cast
from ._claims import Claimed
from ._result import Opening
from ._services import Services

_AT_ONCE = 8
_POLL_S = 0.2
QUESTIONS, SECRET = "the questions of level {}", "the secret of level {}"


async def open_all(
    cast: Cast, services: Services, task: str, claims: Sequence[Claimed]
) -> list[Opened]:
    """What every holder reads, once the releaser's agent has delivered the keys."""
    turn = asyncio.Semaphore(_AT_ONCE)

    async def read(claim: Claimed) -> Opened:
        async with turn, services.store(claim.holder) as store:
            while True:
                with suppress(KeyPending):
                    return await _open(cast, store, task, claim.holder)
                await asyncio.sleep(_POLL_S)

    return list(await asyncio.gather(*map(read, claims)))


async def others_fail(
    cast: Cast,
    services: Services,
    task: str,
    claims: Sequence[Claimed],
    strangers: tuple[WalletIdentity, WalletIdentity],
) -> list[Opening]:
    """Who holds no slot, holds another one, or keeps the files: none reads the last subtask.

    ``strangers`` are a receiver without a slot, and who runs the content store.
    """
    last = claims[-1].subtask
    what = QUESTIONS.format(last + 1)
    without, keeper = strangers
    tries = [
        _tried(what, "a receiver without a slot", _by_own_claim(cast, services, task, without)),
        *(
            _tried(what, who, _by_own_key(cast, services, task, last, identity))
            for who, identity in (
                ("a holder of another subtask", claims[0].holder),
                ("who runs the content store", keeper),
            )
        ),
    ]
    return list(await asyncio.gather(*tries))


async def coalition(
    cast: Cast, services: Services, opened: Opened, holder: WalletIdentity
) -> Opening:
    """What the shares that were passed on so far, and the holder's own, open."""
    async with services.store(holder) as store:
        ledger = cast.contract(holder)
        found = await open_secret(opened, ledger=ledger, store=store, identity=holder)
    assert found is not None
    outcome = "opened" if found.parts else f"{found.threshold} shares are needed"
    what = SECRET.format(opened.instructions.level)
    return Opening(f"{found.present} holders together", what, bool(found.parts), outcome)


async def _open(cast: Cast, store: ContentClient, task: str, holder: WalletIdentity) -> Opened:
    return await open_subtask(task, ledger=cast.contract(holder), store=store, identity=holder)


async def _by_own_claim(cast: Cast, services: Services, task: str, who: WalletIdentity) -> None:
    async with services.store(who) as store:
        await _open(cast, store, task, who)


async def _by_own_key(
    cast: Cast, services: Services, task: str, subtask: int, who: WalletIdentity
) -> None:
    """Fetch the envelope, which anybody enrolled may, and try the own key on it."""
    record = json.loads(await cast.contract(who).evaluate("get_task", task))
    part = record["subtasks"][subtask]
    async with services.store(who) as store:
        blob = Blob.parse(await store.get(part["envelope_hash"]))
    place = Place(task, subtask, level=part["level"])
    open_for(who, blob, kind=Kind.INSTRUCTIONS, place=place)


async def _tried(what: str, who: str, trying: Awaitable[None]) -> Opening:
    try:
        await trying
    except ClientError as error:
        return Opening(who, what, opened=False, outcome=str(error))
    return Opening(who, what, opened=True, outcome="opened")
