# SPDX-License-Identifier: Apache-2.0
"""``build SOURCE METADATA OUTPUT``: the package's placeholders, filled from this peer's file.

``PMCB_CHAINCODE_SERVERS`` names the file: by package label, where the server is and how to reach
it. Peers run builders at install and keep the result, so the file must be right before.
"""

import json
import os
import pathlib
import sys

source, metadata, output = (pathlib.Path(name) for name in sys.argv[1:4])
label = json.loads((metadata / "metadata.json").read_text())["label"]
servers = json.loads(pathlib.Path(os.environ["PMCB_CHAINCODE_SERVERS"]).read_text())
if label not in servers:
    sys.exit(f"no chaincode server is named for the package {label}")
template = json.loads((source / "connection.json").read_text())
filled = {name: value for name, value in servers[label].items() if name in template}
(output / "connection.json").write_text(json.dumps(filled))
