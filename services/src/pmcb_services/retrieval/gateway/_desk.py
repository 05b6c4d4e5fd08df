# SPDX-License-Identifier: Apache-2.0
"""One store behind the gateway: who asks is checked, served or refused, and written down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from pmcb_services.common import ServiceError
from pmcb_services.common._bodies import read_body
from pmcb_services.retrieval._colours import corrected
from pmcb_services.retrieval.errors import AccessError, ForkDetected, RetrievalError

from ._bodies import Analyse, Colour, Delete, Insert, NewTerms, Patient, Profile, Query
from ._terms import OWNER, Terms, TermsBook
from ._trail import Line

if TYPE_CHECKING:
    from pmcb_client.http_identity import Caller
    from pmcb_services.retrieval.oblivious import ObliviousStore

    from ._batches import Batches
    from ._grants import Grants
    from ._ledger_state import LedgerState
    from ._scribe import Scribe

__all__ = ["Asker", "Desk"]

Document = dict[str, object]
T = TypeVar("T")
_Model = TypeVar("_Model", bound=BaseModel)

_FOGS_OWN = ("live", "ids", "log", "rounds_used", "colours")
"""Of a store's status what its cloud does not see, or not exactly."""

_SIZES = ("records_padded", "bucket", "batch", "buckets", "dummies", "rounds_per_epoch", "layouts")


@dataclass(frozen=True)
class Asker:
    """Who signed a request, and the SHA-256 of their certificate, hex."""

    caller: Caller
    certificate: str


class Desk:
    """Serves one store, one request at a time.

    Every request leaves one line in the audit trail before it is answered.

    Args:
        store: open.
        state: of the store.
        dataset: its id on the ledger.
        owner: MSP id of the institution's organisation.
        grants: says who may search.
        terms: say how far.
        scribe: writes the audit trail.
        batches: of records, that stand.
    """

    def __init__(
        self,
        store: ObliviousStore,
        state: LedgerState,
        *,
        dataset: str,
        owner: str,
        grants: Grants,
        terms: TermsBook,
        scribe: Scribe,
        batches: Batches,
    ) -> None:
        self.dataset = dataset
        self.schema = store.schema
        self._store, self._state = store, state
        self._owner = owner
        self._grants, self._terms, self._scribe = grants, terms, scribe
        self._batches = batches
        self._turn = asyncio.Lock()

    async def query(self, asker: Asker, body: bytes) -> Document:
        """Hits and fillers, of the attributes that the grant reaches to."""

        def work(terms: Terms, asked: Query) -> tuple[Document, int]:
            terms.check_names(asked.ranges)
            answer = self._store.query(
                asked.ranges, asked.minimum, everything=asked.everything, **terms.limits
            )
            return terms.shown(answer.document(), self.schema), answer.rounds

        return await self._searched("query", asker, body, Query, work)

    async def patient(self, asker: Asker, body: bytes) -> Document:
        """All records of a patient."""

        def work(terms: Terms, asked: Patient) -> tuple[Document, int]:
            terms.check_patient()
            answer = self._store.patient(asked.patient, **terms.limits)
            return terms.shown(answer.document(), self.schema), answer.rounds

        return await self._searched("patient", asker, body, Patient, work)

    async def analyse(self, asker: Asker, body: bytes) -> Document:
        """Whether the patients of a colour crowd inside ranges."""

        def work(terms: Terms, asked: Analyse) -> tuple[Document, int]:
            terms.check_names(asked.ranges)
            before = self._store.status()
            found = self._store.analyse(asked.ranges, asked.colour, **terms.limits)
            return found.document(), self._rounds_since(before)

        return await self._searched("analyse", asker, body, Analyse, work)

    async def profile(self, asker: Asker, body: bytes) -> Document:
        """Every attribute that the grant reaches to against a colour."""

        def work(terms: Terms, asked: Profile) -> tuple[Document, int]:
            before = self._store.status()
            found = self._store.profile(asked.colour, asked.bins, **terms.limits)
            shown = corrected([each for each in found if terms.shows(each.attribute)])
            document: Document = {"findings": [each.document() for each in shown]}
            return document, self._rounds_since(before)

        return await self._searched("profile", asker, body, Profile, work)

    async def insert(self, asker: Asker, body: bytes) -> Document:
        """The ids of new records, which the cloud has for good."""
        async with self._line("insert", asker):
            self._check_owner(asker)
            asked = await asyncio.to_thread(read_body, body, Insert)

            def work() -> list[int]:
                insert = self._store.insert
                return self._batches.insert(asked.batch, lambda: insert(asked.rows, asked.carried))

            return {"ids": await self._run(work)}

    async def delete(self, asker: Asker, body: bytes) -> Document:
        """Bury records."""
        async with self._line("delete", asker):
            self._check_owner(asker)
            asked = await asyncio.to_thread(read_body, body, Delete)
            await self._run(lambda: self._store.delete(asked.ids))
            return {"deleted": len(asked.ids)}

    async def colour(self, asker: Asker, name: str, body: bytes) -> Document:
        """Say who has a disease."""
        async with self._line("colour", asker):
            self._check_owner(asker)
            asked = await asyncio.to_thread(read_body, body, Colour)
            await self._run(lambda: self._store.colour(name, asked.patients))
            return {"colour": name, "patients": len(set(asked.patients))}

    async def set_terms(self, asker: Asker, grant: str, body: bytes) -> Document:
        """Say what a grant reaches."""
        async with self._line("terms", asker) as line:
            self._check_owner(asker)
            line.grant = grant
            asked = read_body(body, NewTerms)
            names = None if asked.attributes is None else tuple(asked.attributes)
            terms = Terms(names, asked.max_rounds, asked.may_export, asked.may_patient)
            terms.check(self.schema, str(self._store.status()["rounds"]))
            await self._terms.put(grant, terms)
            return {"grant": grant, **vars(terms)}

    async def status(self, asker: Asker) -> Document:
        """Sizes and counts; what only the fog knows is for the owner."""
        found = await asyncio.to_thread(self._store.status)
        if not self._is_owner(asker):
            found = {key: value for key, value in found.items() if key not in _FOGS_OWN}
        return {"dataset": self.dataset, **found}

    async def leakage(self) -> Document:
        """What the cloud learns, in words, and the sizes that it sees."""
        from pmcb_services.retrieval.leakage import PROFILES

        status = await asyncio.to_thread(self._store.status)
        mode = f"oblivious, {str(status['rounds']).partition(':')[0]}"
        return {"mode": mode, **PROFILES[mode], "sizes": {key: status[key] for key in _SIZES}}

    async def is_suspended(self) -> bool:
        """Whether the cloud or another writer made it stop."""
        try:
            self._state.check()
        except ForkDetected:
            return True
        return bool((await asyncio.to_thread(self._store.status))["is_suspended"])

    async def renew(self) -> None:
        """Keep the lease while nobody asks."""
        await self._run(self._store.renew)

    async def close(self) -> None:
        """Give the store to whoever opens it next."""
        async with self._turn:
            try:
                await asyncio.to_thread(self._store.close)
            finally:
                await self._state.close()

    @asynccontextmanager
    async def _line(self, mode: str, asker: Asker) -> AsyncIterator[Line]:
        """A line that is written however the block ends."""
        line = Line(mode, asker.certificate)
        try:
            yield line
        except (RetrievalError, ServiceError) as error:
            line.outcome = str(error.code)
            raise
        except BaseException:
            line.outcome = "INTERNAL"
            raise
        finally:
            await self._scribe.note(line)

    async def _reach(self, asker: Asker, line: Line) -> Terms:
        """How far the asker's grant reaches.

        Raises:
            GrantDenied: there is none.
            LedgerUnavailable: nobody knows.
        """
        if self._is_owner(asker):
            return OWNER
        line.grant = await self._grants.check(asker.caller, self.dataset)
        return await self._terms.get(line.grant)

    def _is_owner(self, asker: Asker) -> bool:
        return asker.caller.role == "institution" and asker.caller.msp_id == self._owner

    def _check_owner(self, asker: Asker) -> None:
        if not self._is_owner(asker):
            raise AccessError("Only institutions of the store's owner may do this.")

    async def _searched(
        self,
        mode: str,
        asker: Asker,
        body: bytes,
        kind: type[_Model],
        work: Callable[[Terms, _Model], tuple[Document, int]],
    ) -> Document:
        """What a search finds, as far as the asker's grant reaches when its turn comes."""
        async with self._line(mode, asker) as line:
            await self._reach(asker, line)  # who has no grant makes nobody wait
            asked = read_body(body, kind)
            line.asked = asked.model_dump()
            async with self._turn:
                terms = await self._reach(asker, line)
                self._state.check()
                document, line.rounds = await asyncio.to_thread(work, terms, asked)
            return document

    async def _run(self, work: Callable[[], T]) -> T:
        """What the store does, in a thread, one request after the other."""
        async with self._turn:
            self._state.check()
            return await asyncio.to_thread(work)

    def _rounds_since(self, before: dict[str, object]) -> int:
        """The rounds used since a status (0 where the whole store was read)."""
        after = self._store.status()
        used = int(str(after["rounds_used"] or 0))
        same = before["epoch"] == after["epoch"]
        return used - int(str(before["rounds_used"] or 0)) if same else used
