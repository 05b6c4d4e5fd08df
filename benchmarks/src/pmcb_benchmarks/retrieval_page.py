# SPDX-License-Identifier: Apache-2.0
"""From ``pmcb bench retrieval`` to docs/performance.md."""

import json
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ._retrieval_verdicts import label, retrieval_rows

__all__ = ["beside_table", "retrieval_rows", "shortfalls"]

WIDTH = 110


def beside_table(path: Path) -> str:
    """Median milliseconds of everything that answered the same boxes, in Markdown."""
    found = _read(path)
    names = list(
        dict.fromkeys(name for case in found["cases"] for name in case["queries"][0]["beside"])
    )
    lines = [
        f"| store | records | hits | rounds | store | mean of an epoch | {' | '.join(names)} |",
        "|---" * (6 + len(names)) + "|",
    ]
    for case in found["cases"]:
        for at, row in enumerate(case["queries"]):
            cells = [
                *((label(case), case["source"]) if at == 0 else ("", "")),
                f"{row['found']:,.0f}",
                f"{row['rounds']:.2f}",
                f"{row['ms']:.3f}",
                f"{case['epoch']['mean_ms']:.2f}" if at == 0 else "",
                *(_ms(row["beside"].get(name)) for name in names),
            ]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def shortfalls(path: Path) -> str:
    """What misses its target, and what was not measured, in sentences."""
    found = _read(path)
    missed = [
        f"{what}: {measured}, where {target} is asked for"
        for what, target, measured, met in retrieval_rows(found)
        if not met
    ]
    doubling = found["leakage"]["doubling"]["linking_auc_with_rounds"]
    told = [
        f"Missed: {'; '.join(missed) if missed else 'nothing'}.",
        *(f"{name}: {reason}." for name, reason in found["left_out"].items()),
        (
            "Under the default policy, `doubling`, the cloud sees a query's width class, and tells "
            f"repeats by it with an AUC of {doubling['value']:.3f}."
        ),
    ]
    return "\n".join(
        textwrap.fill(each, WIDTH, break_long_words=False, break_on_hyphens=False) for each in told
    )


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _read(path: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(path.read_text())
    return found
