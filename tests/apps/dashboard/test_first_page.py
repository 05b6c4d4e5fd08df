# SPDX-License-Identifier: Apache-2.0
"""How long pages of a large ledger take; deselected by default, for the time it takes to make."""

import sys
import time
from pathlib import Path

import pytest
from tests.apps.dashboard.conftest import desk_of, filled, let_in, person

from pmcb_apps.dashboard._index import Index
from pmcb_apps.dashboard._pages import prepare

MOST_S = 0.3


@pytest.mark.stress
@pytest.mark.timeout(600)
async def test_the_first_page_of_a_large_ledger(tmp_path: Path, capsys):
    """100,000 receivers, 2,000 tasks, each answered 27 times: 300 ms, before anything is warm."""
    who = person()
    path = tmp_path / "index.sqlite3"
    filled(path, who.uid, receivers=100_000, tasks=2_000, answers=2_000)
    prepare()
    desk = await let_in(desk_of(tmp_path, who, Index(path, who.uid)))
    took = {}
    for page in ("/", "/levels", "/tasks", "/tasks?q=releaser3&page=9", "/budgets"):
        start = time.perf_counter()
        await desk.page(page)
        took[page] = time.perf_counter() - start
    with capsys.disabled():
        sys.stdout.writelines(f"{page} {seconds * 1000:.0f} ms\n" for page, seconds in took.items())
    assert max(took.values()) < MOST_S
