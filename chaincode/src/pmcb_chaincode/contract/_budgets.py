# SPDX-License-Identifier: Apache-2.0
"""Privacy budgets: an institution opens one for a group of people, and releases spend it for good.

The ledger adds exact fractions and refuses what would exceed the total. Nothing raises a total,
nothing gives epsilon back, and a dataset's next version stays with its people and their budget.
"""

from dataclasses import replace
from fractions import Fraction
from typing import Annotated

from pmcb_chaincode.bridge import (
    Code,
    Context,
    Hash,
    Id,
    JsonObject,
    Match,
    Ratio,
    Refusal,
    one_of,
    transaction,
)

from ._budget_records import Budget, Cohort, Dataset, Spend
from ._governed import Governed

MAX_TOTAL = 1000
# Denominators of a sum multiply; a sum that outgrew this could not be written down for long.
MAX_DENOMINATOR = 2**128

Epsilon = Annotated[Fraction, Ratio()]
Unit = Annotated[str, one_of("row", "subject")]
OptionalId = Annotated[str, Match("([0-9a-f]{32})?", "empty or 32 lower-case hexadecimal digits")]


class Budgets(Governed):
    """Cohorts, datasets, and what releases spend."""

    @transaction(roles=("institution",))
    async def open_cohort(
        self, ctx: Context, cohort: Id, unit: Unit, total: Epsilon, schema_hash: Hash
    ) -> JsonObject:
        """Open the budget of a group of people; it never grows."""
        if not 0 < total <= MAX_TOTAL:
            raise Refusal(
                Code.BAD_ARGUMENT, f"total must be greater than 0 and at most {MAX_TOTAL}."
            )
        place = Cohort.key_of(cohort)
        stored = await Cohort.load(ctx, place)
        made = Cohort(owner=ctx.caller.msp_id, unit=unit, total=str(total), schema_hash=schema_hash)
        if stored is not None:
            if stored != made:
                raise Refusal(Code.EXISTS, "This cohort was opened with other content.")
            return stored.as_json()
        ctx.ledger.put(place, made.encode())
        ctx.ledger.put(Budget.key_of(cohort), Budget(spent="0", count=0).encode())
        ctx.set_event("CohortOpened", {"v": 1, "cohort": cohort})
        return made.as_json()

    @transaction(roles=("institution",))
    async def lower_budget(self, ctx: Context, cohort: Id, total: Epsilon) -> JsonObject:
        """Take back a part of a budget that nothing has spent."""
        place = Cohort.key_of(cohort)
        cohort_data, budget_data = await ctx.ledger.get_many([place, Budget.key_of(cohort)])
        stored = _owned(ctx, cohort_data)
        spent = Fraction(_budget(budget_data).spent)
        if not spent <= total <= Fraction(stored.total):
            raise Refusal(
                Code.BUDGET_RANGE,
                f"total must lie from {spent}, which is spent, to {stored.total}.",
            )
        lowered = replace(stored, total=str(total))
        if lowered == stored:
            return stored.as_json()
        ctx.ledger.put(place, lowered.encode())
        ctx.set_event("BudgetLowered", {"v": 1, "cohort": cohort})
        return lowered.as_json()

    @transaction(roles=("institution",))
    async def register_dataset(
        self, ctx: Context, dataset: Id, cohort: OptionalId, version: Id
    ) -> JsonObject:
        """Register a dataset's newest version, about the same people as the versions before."""
        place = Dataset.key_of(dataset)
        stored = await Dataset.load(ctx, place)
        if stored is None:
            if cohort:
                _owned(ctx, await ctx.ledger.get(Cohort.key_of(cohort)))
            made = Dataset(owner=ctx.caller.msp_id, cohort=cohort, version=version, number=1)
        else:
            if stored.owner != ctx.caller.msp_id:
                raise Refusal(Code.NOT_OWNER, "The dataset belongs to another organisation.")
            if stored.cohort != cohort:
                raise Refusal(Code.COHORT_FIXED, "A dataset stays with its cohort.")
            if stored.version == version:
                return stored.as_json()
            made = replace(stored, version=version, number=stored.number + 1)
        ctx.ledger.put(place, made.encode())
        ctx.set_event("DatasetRegistered", {"v": 1, "dataset": dataset, "number": made.number})
        return made.as_json()

    @transaction(roles=("institution",))
    async def reserve_budget(
        self, ctx: Context, cohort: Id, request_hash: Hash, epsilon: Epsilon
    ) -> JsonObject:
        """Spend epsilon for a request, for good; the same request again spends nothing more."""
        if epsilon <= 0:
            raise Refusal(Code.BAD_ARGUMENT, "epsilon must be greater than 0.")
        budget_key, place = Budget.key_of(cohort), Spend.key_of(cohort, request_hash)
        cohort_data, budget_data, spend_data = await ctx.ledger.get_many(
            [Cohort.key_of(cohort), budget_key, place]
        )
        record, stored = _owned(ctx, cohort_data), Spend.maybe(spend_data)
        if stored is not None:
            if stored.epsilon != str(epsilon):
                raise Refusal(Code.EXISTS, "This request was reserved with another epsilon.")
            return stored.as_json()
        budget = _budget(budget_data).after(epsilon)
        _check_sum(Fraction(budget.spent), Fraction(record.total))
        made = Spend(
            epsilon=str(epsilon),
            number=budget.count,
            at=ctx.time_ms,
            state="reserved",
            release_hash="",
        )
        ctx.ledger.put(budget_key, budget.encode())
        ctx.ledger.put(place, made.encode())
        ctx.set_event("BudgetReserved", {"v": 1, "cohort": cohort, "number": made.number})
        return made.as_json()

    @transaction(roles=("institution",))
    async def record_release(
        self, ctx: Context, cohort: Id, request_hash: Hash, release_hash: Hash
    ) -> JsonObject:
        """Say which release a request's epsilon bought."""
        place = Spend.key_of(cohort, request_hash)
        cohort_data, spend_data = await ctx.ledger.get_many([Cohort.key_of(cohort), place])
        _owned(ctx, cohort_data)
        stored = Spend.maybe(spend_data)
        if stored is None:
            raise Refusal(Code.NOT_FOUND, "No budget was reserved for this request.")
        made = replace(stored, state="published", release_hash=release_hash)
        if stored.state == "published":
            if stored != made:
                raise Refusal(Code.EXISTS, "Another release was recorded for this request.")
            return stored.as_json()
        ctx.ledger.put(place, made.encode())
        ctx.set_event("ReleaseRecorded", {"v": 1, "cohort": cohort, "number": made.number})
        return made.as_json()


def _owned(ctx: Context, data: bytes | None) -> Cohort:
    """The cohort, if there is one and it is the caller's organisation's."""
    cohort = Cohort.maybe(data)
    if cohort is None:
        raise Refusal(Code.NOT_FOUND, "There is no such cohort.")
    if cohort.owner != ctx.caller.msp_id:
        raise Refusal(Code.NOT_OWNER, "The cohort belongs to another organisation.")
    return cohort


def _budget(data: bytes | None) -> Budget:
    assert data is not None  # a budget comes with its cohort
    return Budget.decode(data)


def _check_sum(spent: Fraction, total: Fraction) -> None:
    """What would be spent fits the total, and can be written down exactly."""
    if spent > total:
        raise Refusal(Code.BUDGET_EXHAUSTED, "The cohort's budget has less than this left.")
    if spent.denominator > MAX_DENOMINATOR:
        raise Refusal(
            Code.BUDGET_PRECISION,
            "The sum's denominator would be above 2^128; use another epsilon.",
        )
