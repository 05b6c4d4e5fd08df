# SPDX-License-Identifier: Apache-2.0
"""From ``pmcb bench organisation`` and ``soak`` to docs/performance.md."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .page import Row

__all__ = ["load_table", "memory_table", "organisation_rows", "soak_rows", "victims_table"]

FOUND_S, QUERY_MS, MEMORY_MIB = 5.0, 1000.0, 1024
MIB = 2**20
_LOST = ("refused", "lost", "open", "effects_twice", "done_without_effect", "audit_findings")


def organisation_rows(found: Mapping[str, Any]) -> Iterator[Row]:
    """One row a target."""
    answers, load = found["answers"], found["load"]
    yield (
        f"from `receiver answer` to searchable, {answers['answers']} answers, idle system",
        f"p95 ≤ {FOUND_S:g} s",
        f"p50 {answers['p50_s']:.1f} s, p95 {answers['p95_s']:.1f} s",
        answers["p95_s"] <= FOUND_S,
    )
    queries, lost = load["kinds"]["retrieval.query"], sum(load[each] for each in _LOST)
    yield (
        f"{load['rate']:g} orders/s of five kinds for {load['seconds']:g} s, two fog workers",
        f"queries p95 ≤ {QUERY_MS / 1000:g} s, 0 lost",
        (
            f"queries p50 {queries['p50']:,.0f} ms, p95 {queries['p95']:,.0f} ms, "
            f"{load['achieved']:g} orders/s done, {lost} lost"
        ),
        queries["p95"] <= QUERY_MS and not lost,
    )
    held = found["memory"]["total"]
    yield (
        f"memory of all {held['processes']} processes together, idle, right after `up`",
        f"≤ {MEMORY_MIB:,} MiB",
        (
            f"{held['rss'] / MIB:,.0f} MiB, pages that several share counted for each; "
            f"{held['pss'] / MIB:,.0f} MiB if once"
        ),
        held["rss"] <= MEMORY_MIB * MIB,
    )


def load_table(path: Path) -> str:
    """Every kind of order, in Markdown."""
    found = json.loads(path.read_text())
    lines = ["| order | p50 ms | p95 ms | p99 ms | longest ms |", "|---|---|---|---|---|"]
    for kind, took in found["load"]["kinds"].items():
        times = " | ".join(f"{took[each]:,.0f}" for each in ("p50", "p95", "p99", "most"))
        lines.append(f"| `{kind}` | {times} |")
    return "\n".join(lines)


def memory_table(path: Path) -> str:
    """What each service holds, and all together, in Markdown; the most first."""
    held = json.loads(path.read_text())["memory"]
    ordered = sorted(held.items(), key=lambda item: (item[0] == "total", -item[1]["pss"]))
    lines = ["| service | processes | proportional, MiB | resident, MiB |", "|---|---|---|---|"]
    lines += [
        f"| {name} | {each['processes']} | {each['pss'] / MIB:,.0f} | {each['rss'] / MIB:,.0f} |"
        for name, each in ordered
    ]
    return "\n".join(lines)


def soak_rows(found: Mapping[str, Any]) -> Iterator[Row]:
    """The one target."""
    told = ", ".join(f"{count:,} {name}" for name, count in found["told"].items())
    findings = ", ".join(f"{each['count']} {each['wrong']}" for each in found["findings"])
    yield (
        f"{found['minutes']:g} minutes of mixed load, {found['kills']:,} times kill -9",
        "nothing acknowledged missing, nothing twice, all audits clean",
        f"{findings or 'no finding'}; acknowledged were {told}",
        not found["findings"],
    )


def victims_table(path: Path) -> str:
    """What was killed, and how often, in Markdown."""
    found = json.loads(path.read_text())
    lines = ["| killed | times |", "|---|---|"]
    lines += [f"| {kind} | {count} |" for kind, count in found["by_victim"].items()]
    return "\n".join(lines)
