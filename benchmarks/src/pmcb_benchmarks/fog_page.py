# SPDX-License-Identifier: Apache-2.0
"""From ``pmcb bench fog`` and ``fog-chaos`` to docs/performance.md."""

import json
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ._plans_verdicts import fog_rows
from .page import Row

__all__ = [
    "batches_misjudged",
    "chaos_rows",
    "fog_rows",
    "policies_table",
    "published_table",
    "shortfalls",
]

WIDTH = 110
STARTED_S = 4.0
"""A lease and a second."""


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


def policies_table(path: Path) -> str:
    """Energy beside ``mct``'s and late orders, from the least to the most fleet, in Markdown."""
    found = _read(path)
    kinds = list(found["simulated"][0]["mct"]["late"])
    lines = [
        f"| against `mct` | energy | {' | '.join(f'{kind} late' for kind in kinds)} |",
        "|---" * (2 + len(kinds)) + "|",
    ]
    for policy, told, rows in (
        ("rolling", ", times as expected", found["simulated"]),
        ("energy_deadline", ", times as expected", found["simulated"]),
        ("rolling", ", times off by 20 %", found["misjudged"]),
    ):
        saved = [row[policy]["energy"] / row["mct"]["energy"] - 1 for row in rows]
        late = (
            " against ".join(
                _between([row[which]["late"][kind] for row in rows]) for which in (policy, "mct")
            )
            for kind in kinds
        )
        lines.append(f"| `{policy}`{told} | {_between(saved)} | {' | '.join(late)} |")
    return "\n".join(lines)


def batches_misjudged(path: Path) -> str:
    """What batches cost whose times turn out otherwise, as a list."""
    rows = _read(path)["foreseen"]
    return "\n".join(
        f"* {which}: {_between([row['rolling'] for row in part])} more with `rolling`, "
        f"{_between([row['planned'] for row in part])} if nothing is planned anew"
        for which, part in (
            ("uniform servers", rows[::2]),
            ("servers that suit some orders better than others", rows[1::2]),
        )
    )


def _between(shares: list[float]) -> str:
    return f"{100 * min(shares):.1f} to {100 * max(shares):.1f} %"


def chaos_rows(found: Mapping[str, Any]) -> Iterator[Row]:
    """The rows of ``pmcb bench fog-chaos``."""
    counts = {
        "lost": found["lost"] + found["open"],
        "with an effect twice": found["effects_twice"],
        "done without an effect": found["done_without_effect"],
        "findings of the audit": len(found["audit"]["findings"]),
    }
    told = ", ".join(f"{count} {what}" for what, count in counts.items())
    held = found["states"].get("UNKNOWN", 0)
    yield (
        f"{found['kills']:,} times killed, paused or without files; {found['accepted']:,} orders",
        "0 lost, 0 committed twice, 0 repeats under `hold`, 0 moves of a started order",
        f"{told}; {held} are held as `UNKNOWN`",
        not any(counts.values()),
    )
    free = found["reruns"]["free"]
    if not free["count"]:
        return
    median, p95, most = (free["started_s"][each] for each in ("median", "p95", "most"))
    yield (
        f"{free['count']} reruns for which a server was alive and free: started",
        f"≤ {STARTED_S:g} s after the worker was gone",
        f"median {median:.1f} s, p95 {p95:.1f} s, at most {most:.1f} s",
        most <= STARTED_S,
    )


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
