# SPDX-License-Identifier: Apache-2.0
"""The home folder: whose it is."""

import os
from pathlib import Path

from .usage_errors import HomeError


def check_home(home: Path) -> None:
    """Refuse a home that is no folder, belongs to another user, or cannot be written.

    A home that does not exist yet is looked at through its nearest existing parent, which must
    be writable; nothing is made.

    Raises:
        HomeError: says which of the three.
    """
    advice = "Name another folder with --home, or set PMCB_HOME."
    existing = home
    while not os.path.lexists(existing) and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir():
        raise HomeError(f"The home {home} is not a folder.", next_step=advice)
    if existing == home and hasattr(os, "getuid") and existing.stat().st_uid != os.getuid():
        raise HomeError(f"The home {home} belongs to another user.", next_step=advice)
    if not os.access(existing, os.W_OK | os.X_OK):
        raise HomeError(f"The home {home} cannot be written.", next_step=advice)
