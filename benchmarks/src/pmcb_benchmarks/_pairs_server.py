# SPDX-License-Identifier: Apache-2.0
"""``python -m pmcb_benchmarks._pairs_server``: serves the contract ``pairs``."""

import asyncio
import os

from pmcb_chaincode.bridge import loop_factory, serve

from ._pairs import Pairs

if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(
            serve(
                Pairs(),
                package_id=os.environ["CHAINCODE_ID"],
                address=os.environ["CHAINCODE_SERVER_ADDRESS"],
                operations=os.environ["PMCB_CC_OPERATIONS"],
            )
        )
