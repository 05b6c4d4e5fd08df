# SPDX-License-Identifier: Apache-2.0
"""A chaincode server of the notes contract, in a process of its own that tests may kill."""

import asyncio
import sys

from tests.network.contracts import Notes

from pmcb_chaincode.bridge import ChaincodeServer


async def main(address: str) -> None:
    async with ChaincodeServer(Notes(), "notes:1", address):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
