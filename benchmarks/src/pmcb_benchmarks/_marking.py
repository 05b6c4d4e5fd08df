# SPDX-License-Identifier: Apache-2.0
"""One round of marks: a client process of its own, a warm-up, an open load, and who worked."""

from ._alternating import Round
from ._clients import clients_of
from ._ledger import Measured
from ._offered import Load, Marks
from ._open_loop import Outcome
from ._people import Enrolled
from ._watch import Watch, total

_WARM_UP = Load(0, 100, 0)  # connections, certificates and caches: not what is measured


async def marking_round(
    found: Measured, kind: str, chaincode: str, who: Enrolled, *, rate: float, seconds: int
) -> Round:
    """``achieved`` transactions a second that stand, waits, and the contract's processor time.

    Raises:
        RuntimeError: not one transaction stands.
    """
    marks, load = Marks([who], chaincode), Load(0, round(rate * seconds), rate)
    async with clients_of(found.file, chaincode, "status", [who], 1) as clients:
        await clients.load(await marks.asks(_WARM_UP), rate=0)
        asks = await marks.asks(load)
        generators = clients.processes()
        watch = Watch({**found.processes(), **generators})
        samples = await clients.load(asks, rate=rate)
        work = watch.seen()
    done = [each for each in samples if each.outcome is Outcome.OK]
    if not done:
        reasons = ", ".join(sorted({each.reason for each in samples}))
        raise RuntimeError(f"no transaction of {chaincode} was committed: {reasons}")
    servers = [name for name in work.cpu_s if f"-{chaincode}." in name]
    return Round(
        kind,
        work.other_load,
        {
            "offered": len(samples),
            "committed": len(done),
            "achieved": round(len(done) / max(each.ended_s for each in done), 1),
            "mean_ms": round(1000 * sum(each.waited_s for each in done) / len(done), 1),
            "generator_s": round(total(work, generators), 2),
            "chaincode_ms": round(1000 * total(work, servers) / len(done), 3),
        },
    )
