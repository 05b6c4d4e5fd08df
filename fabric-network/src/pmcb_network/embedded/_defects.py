# SPDX-License-Identifier: Apache-2.0
"""How a defect of ours is logged: what failed and where, never what it failed on."""

import logging
import traceback
from pathlib import Path

_log = logging.getLogger("pmcb_network")


def log_defect(what: str, error: BaseException) -> None:
    """One line: the error's class and the place it came from; its message may hold anything."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown"
    _log.error("%s: %s at %s", what, type(error).__name__, place)
