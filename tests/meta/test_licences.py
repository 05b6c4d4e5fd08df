# SPDX-License-Identifier: Apache-2.0
"""Whoever installs PMCB takes on no licence that asks more than Apache-2.0 does."""

import re
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path

import pytest

RUN = Path(__file__).parents[2] / "requirements" / "run.txt"
FREE = re.compile(
    r"\b(Apache|BSD|ISC|MIT|Python Software Foundation|PSF|Unlicense|OLDAP|Mozilla|MPL)\b"
)
# MPL asks for changes to its own files, and nothing of others; the rest asks for a notice.
COPYLEFT = re.compile(r"GPL|General Public|EUPL|CC-BY-SA|SSPL|Commons Clause", re.IGNORECASE)


def licence(found: PackageMetadata) -> str:
    """What a package says of itself: an expression, classifiers, or the first line of a text."""
    if "License-Expression" in found:
        return found["License-Expression"]
    classified = [line for line in found.get_all("Classifier", []) if line.startswith("License")]
    if classified:
        return " ".join(each.rpartition("::")[2].strip() for each in classified)
    return found["License"].partition("\n")[0] if "License" in found else ""


def is_free(words: str) -> bool:
    """Whether it is known to ask no more."""
    return bool(FREE.search(words)) and not COPYLEFT.search(words)


@pytest.mark.parametrize(
    ("words", "free"),
    [
        ("", False),
        ("GPL-3.0-or-later", False),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
        ("MIT OR AGPL-3.0-only", False),  # a choice is for somebody to look at
        ("Proprietary, limited", False),
        ("MPL-2.0", True),
        ("BSD-3-Clause AND 0BSD AND MIT", True),
    ],
)
def test_what_is_free_is_known_by_name(words, free):
    """What nobody knows is not."""
    assert is_free(words) is free


def test_what_runs_is_under_licences_that_go_with_ours():
    """Every package of requirements/run.txt that this machine needs; others are for its like."""
    names = re.findall(r"^([A-Za-z0-9._-]+)==", RUN.read_text(), re.MULTILINE)
    found = {}
    for name in names:
        try:
            found[name] = licence(metadata(name))
        except PackageNotFoundError:  # of another system
            continue
    assert len(found) > len(names) * 0.9
    assert {name: words for name, words in found.items() if not is_free(words)} == {}
