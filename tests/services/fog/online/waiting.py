# SPDX-License-Identifier: Apache-2.0
"""Waiting for what other processes do, with a deadline and a reason."""

import asyncio
import time


async def until(is_so, what, *, within_s=20.0):
    """Return once it is so."""
    ends = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < ends, f"waited {within_s:g} s in vain for {what}"
        await asyncio.sleep(0.01)
