# SPDX-License-Identifier: Apache-2.0
"""A content store on a folder."""

import pytest
from tests.services.content.stores import made


@pytest.fixture
def anyio_backend():
    """The services are asyncio's."""
    return "asyncio"


@pytest.fixture
def folder(tmp_path):
    """Where the files are."""
    return tmp_path / "content"


@pytest.fixture
def app(folder):
    """The store as an application."""
    folder.mkdir(exist_ok=True)
    return made(folder)
