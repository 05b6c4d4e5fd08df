# SPDX-License-Identifier: Apache-2.0
"""Credit: authorities issue it, releasers promise it, receivers earn it.

An account is a list of movements, one record each and never rewritten, so payments to one person
never conflict. Only spending reads the whole account: two tasks published at once by one releaser
do conflict, and the second one sees what the first one left.
"""

from typing import Annotated

from pmcb_chaincode.bridge import Code, Context, Int, JsonObject, Match, Refusal, transaction

from ._assets import Name
from ._credit_records import Movement
from ._governed import Governed

MAX_AMOUNT = 10**12

Amount = Annotated[int, Int(1, MAX_AMOUNT)]
# Shorter than a transaction's id, which marks all other movements: neither can stand for the other.
Reference = Annotated[
    str, Match("[A-Za-z0-9._-]{1,32}", "1 to 32 letters, digits, dots, underscores or hyphens")
]


class Credit(Governed):
    """``issue_credit``."""

    @transaction(roles=("authority",))
    async def issue_credit(
        self, ctx: Context, msp: Name, person: Name, amount: Amount, ref: Reference
    ) -> JsonObject:
        """Give a person credit, once under a reference."""
        uid = f"{msp}/{person}"
        place = Movement.key_of(uid, ref)
        made = Movement(delta=amount, reason="issued", task="", by=ctx.caller.uid)
        stored = await Movement.load(ctx, place)
        if stored is not None:
            if stored != made:
                raise Refusal(
                    Code.EXISTS,
                    "Another amount, or another authority's, stands under this reference.",
                )
            return made.as_json()
        ctx.ledger.put(place, made.encode())
        ctx.set_event("CreditIssued", {"v": 1, "uid": uid, "ref": ref})
        return made.as_json()


async def balance(ctx: Context, uid: str) -> int:
    """The sum of a person's movements. Reads a range: additions at the same time conflict."""
    rows = ctx.ledger.by_prefix("AC", *uid.split("/"))
    return sum([Movement.decode(row.value).delta async for row in rows])


def move(ctx: Context, uid: str, delta: int, reason: str, task: str) -> None:
    """Enter a movement of this transaction; of nothing, none. A person has at most one in it."""
    if delta:
        made = Movement(delta=delta, reason=reason, task=task, by=ctx.caller.uid)
        ctx.ledger.put(Movement.key_of(uid, ctx.tx_id), made.encode())
