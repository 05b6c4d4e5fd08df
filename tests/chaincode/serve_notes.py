# SPDX-License-Identifier: Apache-2.0
"""The notes served by a process of their own, whose log is at its most talkative."""

import asyncio
import gc
import logging
import os
import warnings
from pathlib import Path

from tests.chaincode.notes import Notes, Text

from pmcb_chaincode.__main__ import _log_to_stderr
from pmcb_chaincode.bridge import Context, loop_factory, query, serve


class Leaky(Notes):
    """Notes that spill what they are told in every way that Python has, short of printing it."""

    @query()
    async def spill(self, ctx: Context, words: Text) -> None:
        """Warn, log, and leave behind what fails later with the words in its mouth."""
        warnings.warn(words, stacklevel=1)
        logging.getLogger("contract").error("got %s", words)
        asyncio.get_running_loop().call_soon(_fail, words)
        failing = asyncio.ensure_future(asyncio.to_thread(_fail, words))
        await asyncio.wait([failing])
        del failing
        Grudge(words)
        gc.collect()


class Grudge:
    """Fails when it is forgotten."""

    def __init__(self, words: str):
        self._words = words

    def __del__(self):
        raise RuntimeError(self._words)


def _fail(words: str) -> None:
    raise RuntimeError(words)


if __name__ == "__main__":
    _log_to_stderr()
    logging.getLogger().setLevel(logging.DEBUG)
    with asyncio.Runner(loop_factory=loop_factory(), debug=True) as runner:
        runner.run(
            serve(
                Leaky(),
                package_id=os.environ["CHAINCODE_ID"],
                address=os.environ["CHAINCODE_SERVER_ADDRESS"],
                operations=os.environ["PMCB_CC_OPERATIONS"],
                audit=Path(os.environ["PMCB_CC_AUDIT"]),
            )
        )
