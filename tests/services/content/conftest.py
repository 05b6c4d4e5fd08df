# SPDX-License-Identifier: Apache-2.0
"""A content store on a folder."""

import pytest
from tests.services.content.stores import made

from pmcb_client.receiver import Outbox


@pytest.fixture
def folder(tmp_path):
    """Where the files are."""
    return tmp_path / "content"


@pytest.fixture
def app(folder):
    """The store as an application."""
    folder.mkdir(exist_ok=True)
    return made(folder)


@pytest.fixture
def outbox(tmp_path):
    """Ann's."""
    return Outbox(tmp_path / "receiver" / "outbox.sqlite3")
