# SPDX-License-Identifier: Apache-2.0
"""Small graphs where the data sets would lie."""

import gzip
from pathlib import Path

import pytest

from pmcb_apps._datasets import DATA_SETS
from pmcb_clustering import generated_graph


@pytest.fixture
def small_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of data, named by ``PMCB_DATA``, with a few hundred users in every data set."""
    folder = tmp_path / "data"
    for number, one in enumerate(DATA_SETS):
        graph = generated_graph(300, 2400, random_state=number)
        rows = [
            f"{graph.users[node]} {graph.users[other]}\n"
            for node in range(graph.n_users)
            for other in graph.indices[graph.indptr[node] : graph.indptr[node + 1]]
            if node < other
        ]
        path = folder / one.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress("".join(rows).encode()))
    monkeypatch.setenv("PMCB_DATA", str(folder))
    return folder
