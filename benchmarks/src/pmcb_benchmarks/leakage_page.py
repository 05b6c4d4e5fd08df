# SPDX-License-Identifier: Apache-2.0
"""From ``pmcb bench leakage`` to the figures of docs/leakage.md."""

import json
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def placements_table(path: Path) -> str:
    """What a gang of ten reaches and opens, by levels and ``social_weight``, in Markdown."""
    lines = [
        (
            "| T | β | gangs in all levels, `members` | `ties` | ten open it, copies: connected "
            "(`members`) | anywhere | placed for the worst |"
        ),
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *map(_line, json.loads(path.read_text())["placements"])])


def _line(one: Mapping[str, Any]) -> str:
    members, ties = one["covered"]["members"], one["covered"]["ties"]
    cells = (
        one["levels"],
        f"{one['social_weight']:g}",
        f"{members['value']:.2%} [{members['low']:.2%}, {members['high']:.2%}]",
        f"{ties['value']:.2%}",
        *(f"{chance:.1e}" for chance in (one["opened"]["value"], one["anywhere"], one["worst"])),
    )
    return f"| {' | '.join(map(str, cells))} |"


def friends(path: Path) -> str:
    """What the table says of friends, of large gangs and of who recruits, as a list."""
    found = json.loads(path.read_text())
    plain, friendly = found["placements"][-2:]
    seldom = plain["covered"]["members"]["value"] / friendly["covered"]["members"]["value"]
    recruits = max(
        one["covered"]["ties"]["value"] / one["covered"]["members"]["value"]
        for one in found["placements"]
    )
    large, majority = found["large"], found["receivers"] // 2 + 1
    levels, gang = large["levels"], found["gang"]
    friends = (
        "Friends are *less* dangerous than as many strangers: they share levels. With β = 1 a gang "
        f"of {gang} reaches all {plain['levels']} levels {seldom:.1f} times more rarely than with "
        "β = 0."
    )
    shared = (
        f"{gang} colluders can never open a shared task of {levels} levels: it takes "
        f"{levels * majority} shares. {large['gang']} who are connected open one with probability "
        f"{large['shared']['value']:.1e} (β = 0), where copies would give them "
        f"{large['copies']['value']:.1e}."
    )
    grown = (
        f"Who recruits matters more than the seed: with `ties` coverage is up to {recruits:.1f} "
        "times that with `members`. Compare figures of one kind only."
    )
    return "\n".join(
        textwrap.fill(one, 110, initial_indent="* ", subsequent_indent="  ")
        for one in (friends, shared, grown)
    )
