# SPDX-License-Identifier: Apache-2.0
"""One network to copy for every play."""

import asyncio
from collections.abc import Iterator

import pytest
from tests.invariants.stage import Plays


@pytest.fixture(scope="module")
def plays(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plays]:
    """Opens and closes the stages of one module's plays."""
    with asyncio.Runner() as runner:
        made = Plays(runner, tmp_path_factory.mktemp("invariants") / "template")
        yield made
        made.end()
