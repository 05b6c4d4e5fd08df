# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench verification``: whom a verifier rejects, of made-up receivers of known kinds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ._output import give, out_option

if TYPE_CHECKING:
    import numpy as np

    from pmcb_client.answers import Answer, Instructions
    from pmcb_client.cli import Settings

    from ._receivers import Kind

RECEIVERS = 200
NOISY, MALICIOUS = 0.2, 0.1
SHIFT = 6.0
SHIFTS = (2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
SHARES = (0.1, 0.2, 0.3, 0.4, 0.45, 0.5, 0.6)
QUESTIONS = ((1, False), (2, False), (4, False), (1, True), (4, True))
FEW = (5, 6, 8, 10, 20, 50, 200)
LAZY = 0.1

Counts = dict[str, dict[str, float]]


def measure(seeds: int) -> dict[str, object]:
    """Every figure of docs/performance.md on verification.

    Args:
        seeds: how many crowds of each sort, seeded 0, 1, 2, ...
    """
    from ._machine import machine

    return {
        "benchmark": "verification",
        "seeds": seeds,
        "receivers": RECEIVERS,
        "shift": SHIFT,
        "machine": machine(["numpy", "pmcb-services"]),
        "mixed": [_mixed(n, word, SHIFT, seeds) for n, word in QUESTIONS],
        "shifts": [_mixed(n, False, shift, seeds) for n in (1, 4) for shift in SHIFTS],
        "shares": [_colluding(n, share, seeds) for n in (1, 4) for share in SHARES],
        "few": [_honest(count, tails, seeds) for tails in (False, True) for count in FEW],
        "lazy": _lazy(seeds),
        "seconds": _seconds(),
    }


def _mixed(numbers: int, word: bool, shift: float, seeds: int) -> dict[str, object]:
    """A shared question: a fifth noisy, a tenth malicious."""
    from ._receivers import Kind, ward

    kinds = _kinds(RECEIVERS, {Kind.NOISY: NOISY, Kind.MALICIOUS: MALICIOUS})
    asked = ward(numbers, word=word)
    rejected = _counted(seeds, kinds, lambda rng: _compare(rng, kinds, asked, shift=shift))
    return {"numbers": numbers, "word": word, "shift": shift, "rejected": rejected}


def _colluding(numbers: int, share: float, seeds: int) -> dict[str, object]:
    """A shared question: nobody is noisy, so many collude."""
    from ._receivers import Kind, ward

    kinds = _kinds(RECEIVERS, {Kind.MALICIOUS: share})
    asked = ward(numbers)
    rejected = _counted(seeds, kinds, lambda rng: _compare(rng, kinds, asked, shift=SHIFT))
    return {"numbers": numbers, "share": share, "rejected": rejected}


def _honest(count: int, tails: bool, seeds: int) -> dict[str, object]:
    """A shared question of one number: everybody is honest; few persons are asked more often."""
    from ._receivers import Kind, ward

    kinds = [Kind.HONEST] * count
    asked, crowds = ward(1), seeds * max(1, RECEIVERS // count)
    rejected = _counted(crowds, kinds, lambda rng: _compare(rng, kinds, asked, heavy_tails=tails))
    return {"receivers": count, "heavy_tails": tails, "rejected": rejected}


def _lazy(seeds: int) -> dict[str, object]:
    """A week of personal values, and one row of a shared question: a tenth of each lazy kind."""
    from ._receivers import Kind, ward

    kinds = _kinds(RECEIVERS, dict.fromkeys((Kind.CONSTANT, Kind.COPIED, Kind.RANDOM), LAZY))
    anywhere = [Kind.RANDOM if kind is not Kind.HONEST else kind for kind in kinds]
    asked = ward(1)
    return {
        "personal": _counted(seeds, kinds, lambda rng: _one_by_one(rng, kinds)),
        "shared": _counted(seeds, anywhere, lambda rng: _compare(rng, anywhere, asked)),
    }


def _compare(
    rng: np.random.Generator, kinds: Sequence[Kind], asked: Instructions, **how: object
) -> list[bool]:
    """Who is rejected by truth discovery."""
    from pmcb_services.verification import Verdict, judge_together

    from ._receivers import readings

    answers = readings(rng, kinds, asked, **how)  # type: ignore[arg-type]  # two options of its own
    return [one.verdict is Verdict.REJECT for one in judge_together(answers, asked)]


def _one_by_one(rng: np.random.Generator, kinds: Sequence[Kind]) -> list[bool]:
    """Who is rejected alone, or for repeating somebody."""
    from pmcb_services.verification import fingerprint, judge_alone

    from ._receivers import DAY_MS, START_MS, diaries, diary

    asked, seen = diary(), set[str]()
    until_ms = START_MS + 8 * DAY_MS

    def is_bad(answer: Answer) -> bool:
        mark = fingerprint(answer, asked, b"k" * 32)
        repeated = mark in seen
        seen.update([mark] if mark else [])
        alone = judge_alone(answer, asked, since_ms=START_MS, until_ms=until_ms)
        return repeated or alone is not None

    return [is_bad(answer) for answer in diaries(rng, kinds)]


def _kinds(count: int, shares: Mapping[Kind, float]) -> list[Kind]:
    """So many of each kind, the rest honest, well mixed."""
    import numpy as np

    from ._receivers import Kind

    kinds = [kind for kind, share in shares.items() for _ in range(round(share * count))]
    kinds += [Kind.HONEST] * (count - len(kinds))
    return [kinds[int(k)] for k in np.random.default_rng(0).permutation(count)]


def _counted(
    seeds: int, kinds: Sequence[Kind], rejected: Callable[[np.random.Generator], Sequence[bool]]
) -> Counts:
    """Of each kind how many there were and were rejected, with the least and the most of a crowd.

    The interval is Wilson's, 95 %, over the persons of all crowds.
    """
    import numpy as np
    from scipy.stats import binomtest

    totals = Counter(kind.value for kind in kinds)
    crowds = []
    for seed in range(seeds):
        found = zip(kinds, rejected(np.random.default_rng(seed)), strict=True)
        crowds.append(Counter(kind.value for kind, is_rejected in found if is_rejected))
    counts = {}
    for kind, size in sorted(totals.items()):
        each = [crowd[kind] for crowd in crowds]
        interval = binomtest(sum(each), size * seeds).proportion_ci(method="wilson")
        counts[kind] = {
            "of": size * seeds,
            "rejected": sum(each),
            "low": round(float(interval.low), 5),
            "high": round(float(interval.high), 5),
            "least": round(min(each) / size, 5),
            "most": round(max(each) / size, 5),
        }
    return counts


def _seconds() -> dict[str, float]:
    """CPU seconds of one truth discovery over four numbers and a word."""
    import time

    import numpy as np

    from pmcb_services.verification import judge_together

    from ._receivers import Kind, readings, ward

    seconds = {}
    for count in (RECEIVERS, 1000):
        kinds = _kinds(count, {Kind.NOISY: NOISY, Kind.MALICIOUS: MALICIOUS})
        asked = ward(4, word=True)
        answers = readings(np.random.default_rng(0), kinds, asked)
        start = time.process_time()
        judge_together(answers, asked)
        seconds[str(count)] = round(time.process_time() - start, 4)
    return seconds


@click.command()
@click.option(
    "--seeds",
    type=click.IntRange(1, 1000),
    default=40,
    show_default=True,
    help="How many crowds of each sort.",
)
@out_option
@click.pass_obj
def verification(settings: Settings, seeds: int, out: Path | None) -> None:
    """Measure whom a verifier rejects: honest, noisy, lazy and malicious receivers, made up.

    Takes half a minute with forty crowds of each sort.
    """
    give(settings, measure(seeds), out)
