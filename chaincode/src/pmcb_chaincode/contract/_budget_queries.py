# SPDX-License-Identifier: Apache-2.0
"""Queries of privacy budgets. Anybody may ask: that nothing was overspent is a public claim."""

from pmcb_chaincode.bridge import (
    Code,
    Context,
    Hash,
    Id,
    JsonObject,
    Refusal,
    query,
    split_composite,
)

from ._budget_records import Budget, Cohort, Dataset, Spend
from ._governed import Governed
from ._pages import Bookmark, PageSize, as_page, read_page


class BudgetQueries(Governed):
    """``get_dataset``, ``get_budget``, ``get_release`` and ``list_spends``."""

    @query()
    async def get_dataset(self, ctx: Context, dataset: Id) -> JsonObject:
        """A dataset's newest version, and its cohort."""
        record = await Dataset.load(ctx, Dataset.key_of(dataset))
        if record is None:
            raise Refusal(Code.NOT_FOUND, "There is no such dataset.")
        return {**record.as_json(), "dataset": dataset}

    @query()
    async def get_budget(self, ctx: Context, cohort: Id) -> JsonObject:
        """A cohort: its owner, its total, and what is spent of it."""
        record = await _load_cohort(ctx, cohort)
        budget = await Budget.load(ctx, Budget.key_of(cohort))
        assert budget is not None  # it comes with its cohort
        return {**record.as_json(), **budget.as_json(), "cohort": cohort}

    @query()
    async def get_release(self, ctx: Context, cohort: Id, request_hash: Hash) -> JsonObject:
        """What a request spent, and the release's hash once it is published."""
        record = await Spend.load(ctx, Spend.key_of(cohort, request_hash))
        if record is None:
            raise Refusal(Code.NOT_FOUND, "No budget was reserved for this request.")
        return {**record.as_json(), "cohort": cohort, "request_hash": request_hash}

    @query()
    async def list_spends(
        self, ctx: Context, cohort: Id, size: PageSize, bookmark: Bookmark
    ) -> JsonObject:
        """All that a cohort has spent, by request hash; the epsilons add up to the budget's."""
        await _load_cohort(ctx, cohort)
        rows, following = await read_page(ctx, ("RS", cohort), 2, size, bookmark)
        items: list[JsonObject] = [
            {**Spend.decode(row.value).as_json(), "request_hash": split_composite(row.key)[-1]}
            for row in rows
        ]
        return as_page(items, following)


async def _load_cohort(ctx: Context, cohort: str) -> Cohort:
    record = await Cohort.load(ctx, Cohort.key_of(cohort))
    if record is None:
        raise Refusal(Code.NOT_FOUND, "There is no such cohort.")
    return record
