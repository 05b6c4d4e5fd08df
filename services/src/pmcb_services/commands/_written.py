# SPDX-License-Identifier: Apache-2.0
"""Files that commands write where they are told."""

from __future__ import annotations

from pathlib import Path

__all__ = ["written"]


def written(path: Path, data: bytes) -> None:
    """Write a file that everybody may read, all of it or nothing.

    Raises:
        InputError: it cannot be written there.
    """
    from pmcb_client.files import write_atomic
    from pmcb_client.usage_errors import InputError

    try:
        write_atomic(path, data, mode=0o644)
    except FileNotFoundError as error:
        raise InputError(
            f"{path} cannot be written: there is no such folder.",
            next_step="Make the folder, or name another place.",
        ) from error
