# SPDX-License-Identifier: Apache-2.0
"""``detect SOURCE METADATA``: exit code 0 when the package is a chaincode-as-a-service."""

import json
import pathlib
import sys

metadata = json.loads(pathlib.Path(sys.argv[2], "metadata.json").read_text())
sys.exit(metadata.get("type") != "ccaas")
