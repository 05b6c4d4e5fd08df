# SPDX-License-Identifier: Apache-2.0
"""What tests of a Fabric network share."""

import pytest


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache of the test's own, and no proxy between it and its server."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "*")
    return tmp_path / "cache" / "pmcb" / "fabric"
