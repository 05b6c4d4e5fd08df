# SPDX-License-Identifier: Apache-2.0
"""Graphs that many tests use."""

import os
from pathlib import Path

import pytest

from pmcb_clustering import SocialGraph, generated_graph, read_graph


@pytest.fixture(scope="session")
def small() -> SocialGraph:
    """A few hundred users with circles of friends."""
    return generated_graph(300, 2400, random_state=5)


@pytest.fixture(scope="session")
def social() -> SocialGraph:
    """Ego-Facebook where it is at hand, else the generated graph of its size."""
    path = Path(os.environ.get("PMCB_DATA", ""), "social", "facebook_combined.txt.gz")
    return read_graph(path) if path.is_file() else generated_graph()
