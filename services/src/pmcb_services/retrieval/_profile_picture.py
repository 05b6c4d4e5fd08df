# SPDX-License-Identifier: Apache-2.0
"""A colour's profile as SVG: a strip of bins for each attribute, the redder, the more crowded."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

__all__ = ["profile_picture"]

LEFT, CELL, HIGH, TOP = 110, 84, 46, 56
RARE, USUAL, CROWDED = (51, 102, 168), (245, 245, 245), (196, 87, 46)
MOST = 2.0  # powers of two: lifts of 4 and of 1/4 have the full colours
SURE = 0.05

Finding = Mapping[str, Any]


def profile_picture(colour: str, findings: Sequence[Finding]) -> str:
    """The picture as SVG.

    Each cell is a bin: its values, its lift, and a border where Holm's p is at most 0.05; a bin
    with fewer than 10 coloured patients has an ``n``.

    Args:
        colour: its name.
        findings: as `RetrievalClient.profile` returns them.
    """
    strips: dict[str, list[Finding]] = {}
    for each in findings:
        strips.setdefault(each["attribute"], []).append(each)
    most = max(map(len, strips.values()), default=1)
    wide, high = LEFT + CELL * most + 20, TOP + HIGH * len(strips) + 40
    body = [
        _text(20, 28, f"{colour}: where its patients crowd", size=17),
        *(
            line
            for row, (name, bins) in enumerate(sorted(strips.items()))
            for line in _strip(TOP + row * HIGH, name, sorted(bins, key=lambda e: e["low"]))
        ),
        _text(
            20, high - 14, "number: lift; border: Holm's p at most 0.05; n: few patients", size=11
        ),
    ]
    lines = "\n".join(body)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" '
        f'width="{wide}" height="{high}" font-family="sans-serif" fill="#222">\n'
        f'<rect width="{wide}" height="{high}" fill="white"/>\n{lines}\n</svg>\n'
    )


def _strip(y: int, name: str, bins: Sequence[Finding]) -> list[str]:
    lines = [_text(20, y + 24, name, size=13)]
    for column, each in enumerate(bins):
        x, lift = LEFT + column * CELL, each["lift"]
        sure = each["p_holm"] <= SURE
        border = 'stroke="#222" stroke-width="2"' if sure else 'stroke="white"'
        lines.append(
            f'<rect x="{x + 1}" y="{y + 1}" width="{CELL - 3}" height="{HIGH - 8}" '
            f'fill="{_shade(lift)}" {border}/>'
        )
        said = "-" if lift is None else f"{lift:.2f}"
        lines.append(_text(x + 6, y + 17, said + (" n" if each["small"] else ""), size=12))
        lines.append(_text(x + 6, y + 32, f"{each['low']:g} to {each['high']:g}", size=10))
    return lines


def _shade(lift: float | None) -> str:
    """White where a lift is 1 or none, blue below, red above."""
    power = 0.0 if lift is None else math.log2(max(lift, 2**-MOST))
    part = min(abs(power) / MOST, 1.0)
    end = CROWDED if power > 0 else RARE
    mixed = (round(a + (b - a) * part * 0.75) for a, b in zip(USUAL, end, strict=True))
    return "#" + "".join(f"{each:02x}" for each in mixed)


def _text(x: int, y: int, text: str, *, size: int) -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}">{escape(text)}</text>'
