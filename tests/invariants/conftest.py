# SPDX-License-Identifier: Apache-2.0
"""One network to copy for every play, and how long plays go on."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import settings
from tests.invariants.stage import Plays

# pytest tests/invariants --hypothesis-profile=long
settings.register_profile("long", max_examples=2000)


@pytest.fixture(scope="module")
def plays(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plays]:
    """Opens and closes the stages of one module's plays."""
    with asyncio.Runner() as runner:
        made = Plays(runner, tmp_path_factory.mktemp("invariants") / "template")
        yield made
        made.end()
