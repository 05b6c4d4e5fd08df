# SPDX-License-Identifier: Apache-2.0
"""From ``pmcb bench verification`` to the tables of docs/performance.md."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .page import Row

CAUGHT, HONEST = 0.95, 0.02
LAZY_CAUGHT = 0.95


def target_rows(found: Mapping[str, Any]) -> Iterator[Row]:
    """Malicious caught, honest rejected: each beside its target."""
    for each in found["mixed"]:
        caught, lost = _rate(each, "malicious"), _rate(each, "honest")
        yield (
            (
                f"{_asked(each)}: 20 % noisy and 10 % malicious of {found['receivers']}, who agree "
                f"on {found['shift']:g} honest errors beside the truth"
            ),
            f"malicious caught ≥ {CAUGHT:.0%}, honest rejected ≤ {HONEST:.0%}",
            (
                f"{_told(each, 'malicious')} caught, of the worst crowd "
                f"{each['rejected']['malicious']['least']:.0%}; {_told(each, 'honest')} honest "
                f"rejected, of the worst crowd {each['rejected']['honest']['most']:.1%}; "
                f"precision {_precision(each):.1%}, recall {caught:.1%}"
            ),
            caught >= CAUGHT and lost <= HONEST,
        )
    personal = found["lazy"]["personal"]
    for kind, rule in (("constant", "variance"), ("copied", "duplicate")):
        rate = personal[kind]["rejected"] / personal[kind]["of"]
        yield (
            f"a week of three personal values, {kind}: by `{rule}`",
            f"≥ {LAZY_CAUGHT:.0%}",
            _interval(personal[kind]),
            rate >= LAZY_CAUGHT,
        )
    honest = personal["honest"]
    yield (
        "the same, measured, beside random ones: nobody is rejected for being unlike the others",
        "0",
        f"{honest['rejected']} of {honest['of']:,} honest",
        honest["rejected"] == 0,
    )


def noisy_table(path: Path) -> str:
    """What becomes of the noisy, of small lies and of random answers, in Markdown."""
    found = json.loads(path.read_text())
    lines = [
        "| shared question | shift, honest errors | malicious | noisy | honest rejected |",
        "|---|---|---|---|---|",
    ]
    for each in found["shifts"]:
        rates = (f"{_rate(each, kind):.1%}" for kind in ("malicious", "noisy", "honest"))
        lines.append(f"| {_asked(each)} | {each['shift']:g} | {' | '.join(rates)} |")
    shared, personal = (found["lazy"][how]["random"] for how in ("shared", "personal"))
    return "\n".join(
        [
            *lines,
            "",
            f"Random values within the range: {_interval(shared)} of them are caught where the",
            f"question is shared, {_interval(personal)} where it is personal.",
        ]
    )


def collusion_table(path: Path) -> str:
    """How many may lie alike, in Markdown."""
    shares = json.loads(path.read_text())["shares"]
    lines = [
        "| colluders | one number: caught | honest rejected | four: caught | honest rejected |",
        "|---|---|---|---|---|",
    ]
    for share in sorted({each["share"] for each in shares}):
        rows = sorted(
            (each for each in shares if each["share"] == share), key=lambda each: each["numbers"]
        )
        rates = [f"{_rate(each, kind):.1%}" for each in rows for kind in ("malicious", "honest")]
        lines.append(f"| {share:.0%} | {' | '.join(rates)} |")
    return "\n".join(lines)


def honest_table(path: Path) -> str:
    """Honest persons who are rejected, by how many there are, in Markdown."""
    few = json.loads(path.read_text())["few"]
    counts = sorted({each["receivers"] for each in few})
    lines = [f"| all honest, errors | {' | '.join(f'{count} persons' for count in counts)} |"]
    lines.append("|---|" + "---|" * len(counts))
    for tails, name in ((False, "normal"), (True, "Student's, 5 degrees of freedom")):
        rows = (each for each in few if each["heavy_tails"] is tails)
        rates = {each["receivers"]: _rate(each, "honest") for each in rows}
        lines.append(f"| {name} | {' | '.join(f'{rates[count]:.1%}' for count in counts)} |")
    return "\n".join(lines)


def _asked(each: Mapping[str, Any]) -> str:
    numbers = {1: "one number", 2: "two numbers", 4: "four numbers"}[each["numbers"]]
    return f"{numbers} and a word" if each["word"] else numbers


def _rate(each: Mapping[str, Any], kind: str) -> float:
    counts = each["rejected"][kind]
    return float(counts["rejected"] / counts["of"])


def _told(each: Mapping[str, Any], kind: str) -> str:
    return _interval(each["rejected"][kind])


def _interval(counts: Mapping[str, float]) -> str:
    rate = counts["rejected"] / counts["of"]
    return f"{rate:.1%} ({counts['low']:.1%} to {counts['high']:.1%})"


def _precision(each: Mapping[str, Any]) -> float:
    """Of the rejected who are malicious or honest, the share of the malicious."""
    caught, lost = (each["rejected"][kind]["rejected"] for kind in ("malicious", "honest"))
    return float(caught / max(caught + lost, 1))
