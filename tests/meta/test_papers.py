# SPDX-License-Identifier: Apache-2.0
"""The map from the papers to the code leads to code that is there."""

import importlib
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "papers.md"
NAMES = sorted(set(re.findall(r"`(pmcb_[\w.]+)`", PAGE.read_text())))


def test_the_map_names_code_of_every_paper():
    """Levels, publishing, retrieval."""
    packages = {".".join(name.split(".")[:2]) for name in NAMES}
    assert {"pmcb_services.publishing", "pmcb_services.retrieval"} <= packages


@pytest.mark.parametrize("name", NAMES)
def test_what_the_map_names_can_be_imported(name: str):
    """A module, or something in it."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return
    pytest.fail(f"{name} is nowhere")
