# SPDX-License-Identifier: Apache-2.0
"""`python -m pmcb_network.embedded`: the server process that `pmcb network up` starts."""

import argparse
import logging
import sys
from pathlib import Path

from pmcb_network._log import set_up
from pmcb_network.errors import NetworkError

from ._serve import run


def main() -> int:
    """The process's exit code: that of the error that ended it, or 0."""
    parser = argparse.ArgumentParser(prog="python -m pmcb_network.embedded")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--chaincode")
    parser.add_argument("--port-base", type=int)
    parser.add_argument("--log", type=Path)
    given = parser.parse_args()
    set_up(given.log)
    try:
        run(given.folder, chaincode=given.chaincode, ports=given.port_base, ready=None)
    except NetworkError as error:
        logging.getLogger("pmcb_network").error("%s", error)  # noqa: TRY400 - one sentence
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
