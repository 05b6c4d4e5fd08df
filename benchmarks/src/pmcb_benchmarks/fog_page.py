# SPDX-License-Identifier: Apache-2.0
"""From ``pmcb bench fog`` to docs/performance.md."""

import json
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ._plans_verdicts import fog_rows

__all__ = ["fog_rows", "published_table", "shortfalls"]

WIDTH = 110


def published_table(path: Path) -> str:
    """Makespans of every published instance over the best known, in Markdown."""
    found = _read(path)
    names = [
        f"{part['seconds']:g} s{', two processors' if part['processors'] > 1 else ''}"
        for part in found["braun"]
    ]
    lines = [
        f"| instance | best known | {' | '.join(names)} | min-min | HiGHS's MIP |",
        "|---" * (4 + len(names)) + "|",
    ]
    for rows in zip(*(part["rows"] for part in found["braun"]), strict=True):
        cells = [rows[0]["name"], f"{rows[0]['best']:,.1f}", *(f"{r['over']:.3f} %" for r in rows)]
        mip = rows[0].get("mip_over")
        cells += [f"{rows[0]['minmin_over']:.1f} %", "" if mip is None else f"{mip:.2f} %"]
        lines.append(f"| {' | '.join(cells)} |")
    for row in found["large"]:
        cells = [row["name"], f"{row['best']:,.1f}", f"{row['over']:.3f} % in 10 s"]
        cells += [*[""] * (len(names) - 1), f"{row['minmin_over']:.1f} %", ""]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def shortfalls(path: Path) -> str:
    """What misses its target, and what was not measured, in sentences."""
    found = _read(path)
    missed = [
        f"{what}: {measured}, where {target} is asked for"
        for what, target, measured, met in fog_rows(found)
        if not met
    ]
    told = [
        f"Missed: {'; '.join(missed) if missed else 'nothing'}.",
        *(f"{name}: {reason}." for name, reason in found["left_out"].items()),
    ]
    return "\n".join(
        textwrap.fill(each, WIDTH, break_long_words=False, break_on_hyphens=False) for each in told
    )


def _read(path: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(path.read_text())
    return found
