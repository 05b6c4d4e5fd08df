# SPDX-License-Identifier: Apache-2.0
"""The ledger's budgets: the only authority on what a cohort may still spend."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pmcb_client._advice import refusal_advice
from pmcb_client.errors import Conflict, Refused
from pmcb_services.common._repeated import repeated

from .errors import BudgetExhausted, LedgerUnavailable, RequestError

if TYPE_CHECKING:
    from pmcb_client.gateway import Pending

__all__ = ["Account", "Budgets", "Contract", "Refusal", "Spend"]

T = TypeVar("T")


class Contract(Protocol):
    """As much of `pmcb_client.gateway.Contract` as budgets need."""

    async def evaluate(self, function: str, *args: str) -> bytes:
        """Ask."""

    async def submit(self, function: str, *args: str) -> bytes:
        """Write."""

    async def submit_async(self, function: str, *args: str) -> Pending:
        """Write, and learn the transaction's id."""


@dataclass(frozen=True)
class Account:
    """A cohort's budget.

    Attributes:
        owner: the organisation whose data the people are in.
        unit: "row" or "subject", what one release protects.
        total: what all releases together may spend.
        spent: what they have spent.
        schema_hash: SHA-256 of the public schema, hex.
    """

    owner: str
    unit: str
    total: Fraction
    spent: Fraction
    schema_hash: str

    @property
    def left(self) -> Fraction:
        """What may still be spent."""
        return self.total - self.spent

    def queries_left(self, epsilon: Fraction) -> int:
        """How many requests of so much there may still be.

        >>> Account("MSP", "row", Fraction(1), Fraction(1, 4), "").queries_left(Fraction(1, 10))
        7
        """
        return self.left // epsilon


@dataclass(frozen=True)
class Spend:
    """What a request spent; ``release_hash`` is "" until a release is recorded."""

    epsilon: Fraction
    release_hash: str


class Budgets:
    """The contract's calls about budgets, as the institution.

    What others were faster than is repeated, and so is what nobody told the outcome of: the
    contract answers a repeat with what already stands, and a request is never paid for twice.

    All methods raise `LedgerUnavailable` where the ledger does not answer, and `RequestError` where
    it refuses for another reason than those named.

    Args:
        contract: of the network's chaincode.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract

    async def open_cohort(
        self, cohort: str, *, unit: str, total: Fraction, schema_hash: str
    ) -> None:
        """Open a budget, or find it opened with the same content."""
        await self._submit("open_cohort", cohort, unit, str(total), schema_hash)

    async def lower(self, cohort: str, total: Fraction) -> None:
        """Take back what nothing has spent; a total never rises."""
        await self._submit("lower_budget", cohort, str(total))

    async def register_dataset(self, dataset: str, cohort: str, version: str) -> int:
        """Register a data set's newest version; its number, from 1."""
        found = await self._submit("register_dataset", dataset, cohort, version)
        return int(found["number"])

    async def reserve(self, cohort: str, request_hash: str, epsilon: Fraction) -> Spend:
        """Spend epsilon for a request; the same request again spends nothing more.

        Raises:
            BudgetExhausted: with what is left.
        """
        try:
            found = await self._submit("reserve_budget", cohort, request_hash, str(epsilon))
        except Refusal as refusal:
            if refusal.code != "BUDGET_EXHAUSTED":
                raise
            left = (await self.get(cohort)).left
            raise BudgetExhausted(left=left, epsilon=epsilon) from refusal
        return _spend(found)

    async def record(self, cohort: str, request_hash: str, release_hash: str) -> str:
        """Record the release that a request bought; the id of a transaction that says so."""
        return await self._repeated(
            lambda: self._recorded("record_release", cohort, request_hash, release_hash)
        )

    async def get(self, cohort: str) -> Account:
        """A cohort's budget as it stands."""
        found = await self._ask("get_budget", cohort)
        total, spent = Fraction(found["total"]), Fraction(found["spent"])
        return Account(found["owner"], found["unit"], total, spent, found["schema_hash"])

    async def find(self, cohort: str, request_hash: str) -> Spend | None:
        """What a request spent; None where it never did."""
        try:
            return _spend(await self._ask("get_release", cohort, request_hash))
        except Refusal as refusal:
            if refusal.code != "NOT_FOUND":
                raise
            return None

    async def _recorded(self, function: str, *args: str) -> str:
        pending = await self._contract.submit_async(function, *args)
        status = await pending.status()
        if not status.successful:
            raise Conflict("The transaction was marked invalid.", code=status.code)
        return pending.transaction_id

    async def _submit(self, function: str, *args: str) -> dict[str, Any]:
        return _document(await self._repeated(lambda: self._contract.submit(function, *args)))

    async def _ask(self, function: str, *args: str) -> dict[str, Any]:
        return _document(await self._repeated(lambda: self._contract.evaluate(function, *args)))

    async def _repeated(self, call: Callable[[], Awaitable[T]]) -> T:
        try:
            return await repeated(call, LedgerUnavailable)
        except Refused as refused:
            raise Refusal(refused) from refused


_FIELDS = {"BUDGET_RANGE": "total", "BUDGET_PRECISION": "epsilon", "COHORT_FIXED": "cohort"}


class Refusal(RequestError):
    """The contract said no; ``code`` is its rule."""

    exit_code = 1

    def __init__(self, refused: Refused) -> None:
        sentence = refused.reason or f"The ledger refused: {refused.code}."
        advice = refusal_advice.get(refused.code)
        super().__init__(sentence, field=_FIELDS.get(refused.code, ""), next_step=advice)
        self.code = refused.code


def _document(answer: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer)
    return found


def _spend(found: Mapping[str, Any]) -> Spend:
    return Spend(Fraction(found["epsilon"]), found["release_hash"])
