# SPDX-License-Identifier: Apache-2.0
"""A server runs on uvloop where it is installed, and on asyncio's loop elsewhere."""

import asyncio
import sys

import pytest

from pmcb_chaincode.bridge import loop_factory


def test_without_uvloop_the_loop_is_asyncios_own(monkeypatch: pytest.MonkeyPatch):
    """Nothing but speed depends on it."""
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert loop_factory() is asyncio.new_event_loop


def test_with_uvloop_the_loop_is_its_own():
    """The factory makes a loop that runs."""
    pytest.importorskip("uvloop", reason="uvloop is not installed")
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        assert type(runner.get_loop()).__module__.startswith("uvloop")
        assert runner.run(asyncio.sleep(0, "ran")) == "ran"
