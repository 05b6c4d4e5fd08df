# SPDX-License-Identifier: Apache-2.0
"""Where real social graphs lie on this machine."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["EGO_FACEBOOK", "find_dataset"]

EGO_FACEBOOK = "facebook_combined.txt.gz"


def find_dataset(name: str = EGO_FACEBOOK, *, data: Path | None = None) -> Path | None:
    """The file ``social/NAME`` in the data folder, or None if it is not at hand.

    Args:
        name: ``facebook_combined.txt.gz`` or ``email-Enron.txt.gz``, as SNAP publishes them.
        data: the data folder; None is what ``PMCB_DATA`` names.
    """
    folder = data or (Path(os.environ["PMCB_DATA"]) if os.environ.get("PMCB_DATA") else None)
    if folder is None:
        return None
    path = folder / "social" / name
    return path if path.is_file() else None
