# SPDX-License-Identifier: Apache-2.0
import gc

import pytest


@pytest.fixture
def anyio_backend():
    """The bridge is asyncio's."""
    return "asyncio"


@pytest.fixture(autouse=True)
def quiet_loop(caplog):
    """Fail a test that leaves a task's or a future's exception to nobody."""
    yield
    gc.collect()
    records = caplog.get_records("call") + caplog.get_records("teardown")
    assert not [record.getMessage() for record in records if record.name == "asyncio"]
