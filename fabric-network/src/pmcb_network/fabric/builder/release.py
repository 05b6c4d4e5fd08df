# SPDX-License-Identifier: Apache-2.0
"""``release OUTPUT RELEASE``: leaves the connection where the peer looks for it."""

import pathlib
import shutil
import sys

target = pathlib.Path(sys.argv[2], "chaincode", "server")
target.mkdir(parents=True, exist_ok=True)
shutil.copyfile(pathlib.Path(sys.argv[1], "connection.json"), target / "connection.json")
