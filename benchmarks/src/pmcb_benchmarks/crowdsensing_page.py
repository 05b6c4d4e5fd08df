# SPDX-License-Identifier: Apache-2.0
"""From ``pmcb bench crowdsensing`` to docs/performance.md."""

from collections.abc import Iterator, Mapping
from typing import Any

from .page import Row

SEALING_MS = 5.0
RATIO = 1.6
WRONG = {
    "missing_on_the_ledger": "acknowledged answers missing on the ledger",
    "missing_in_the_store": "in the store",
    "not_acknowledged": "answers that nobody queued",
    "submitted_twice": "submitted twice",
    "judged_twice": "judged twice",
    "paid_twice": "paid twice",
    "left_undone": "unpaid in the end",
    "credit_off": "credits too many or too few",
}


def crowdsensing_rows(found: Mapping[str, Any]) -> Iterator[Row]:
    """One row a target."""
    sealing, link, kills = found["sealing"], found["link"], found["kills"]
    for what, key in (("sealing", "seal_ms"), ("opening", "open_ms")):
        yield (
            (
                f"{what} an answer of {sealing['size_bytes'] // 1024} KiB for "
                f"{sealing['recipients']} recipients, one core"
            ),
            f"≤ {SEALING_MS:g} ms",
            f"{sealing[key]:.2f} ms",
            sealing[key] <= SEALING_MS,
        )
    arrived = min(link["arrived"], link["kept"])
    yield (
        (
            f"{link['answers']:,} answers through a link that fails "
            f"{link['failures'] / link['requests']:.0%} of requests"
        ),
        f"all arrive, at most {RATIO:g} times their bytes",
        f"{arrived:,} arrive, {link['ratio']:.2f} times",
        arrived == link["answers"] and not link["other"] and link["ratio"] <= RATIO,
    )
    times = min(kills["kills"].values())
    wrong = {name: kills[key] for key, name in WRONG.items()}
    told = ", ".join(f"{number} {name}" for name, number in wrong.items())
    yield (
        (
            f"kill -9 of a receiver's sender, the releaser's agent, the verifier and the store, "
            f"{times:,} times each, while {kills['acknowledged']:,} answers of {kills['tasks']:,} "
            "tasks are queued"
        ),
        "each arrives once; no verdict, no payment twice",
        told,
        not any(wrong.values()) and kills["rejected"] == 0,
    )
