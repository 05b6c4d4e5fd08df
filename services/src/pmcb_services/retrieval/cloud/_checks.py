# SPDX-License-Identifier: Apache-2.0
"""The form of what clouds are given; every cloud refuses the same."""

from __future__ import annotations

import math
import re
from operator import lt

from pmcb_services.retrieval.errors import InputError

from ._cloud import LABEL_SIZE, Root, StoreDescriptor

__all__ = [
    "MAX_BLOB",
    "check_after",
    "check_append",
    "check_descriptor",
    "check_lease",
    "check_name",
    "check_position",
    "check_root",
    "items_of",
    "labels_of",
]

MAX_BLOB = 2**20
LONGEST_LEASE_S = 3600.0
MAX_POSITION = 2**62
_NAME = re.compile(r"[a-z0-9._-]{1,64}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def check_name(name: str, field: str) -> str:
    """The name of a store or pool, if it is one.

    Raises:
        InputError: it is none.
    """
    if not _NAME.fullmatch(name):
        raise InputError(f"A {field} is named by 1 to 64 of a-z 0-9 . _ -", field=field)
    return name


def check_descriptor(descriptor: StoreDescriptor) -> None:
    """Whether a store can be begun.

    Raises:
        InputError: names the part that is to blame.
    """
    check_name(descriptor.name, "store")
    if not _DIGEST.fullmatch(descriptor.schema_digest):
        raise InputError("A schema's digest is 64 hex digits.", field="schema_digest")
    for field in ("blob_size", "log_size"):
        if not 1 <= getattr(descriptor, field) <= MAX_BLOB:
            raise InputError(f"A blob has 1 to {MAX_BLOB:,} bytes.", field=field)


def check_lease(holder: str, seconds: float) -> None:
    """Whether a lease can be asked for.

    Raises:
        InputError: names the part that is to blame.
    """
    if not (1 <= len(holder) <= 64 and holder.isascii() and holder.isprintable()):
        raise InputError("A holder is named by 1 to 64 ASCII characters.", field="holder")
    if not (math.isfinite(seconds) and 0 < seconds <= LONGEST_LEASE_S):
        raise InputError(
            f"A lease is for more than 0 and at most {LONGEST_LEASE_S:.0f} seconds.",
            field="seconds",
        )


def check_root(root: Root) -> None:
    """Whether this can be a root.

    Raises:
        InputError: names the part that is to blame.
    """
    check_position(root.version, "version", least=1)
    if not root.sealed:
        raise InputError("A sealed root is not empty.", field="root")


def check_position(number: int, field: str, *, least: int = 0) -> None:
    """Whether this can be a position, a version or a number of items.

    Raises:
        InputError: it is below ``least``, or beyond all that will ever be written.
    """
    if not least <= number <= MAX_POSITION:
        raise InputError(f"'{field}' is a number from {least} to 2^62.", field=field)


def check_append(first: int, data: bytes, log_size: int) -> list[bytes]:
    """The log items.

    Raises:
        InputError: there is none, they have other sizes, or no log is that long.
    """
    check_position(first, "first")
    return _cut(data, LABEL_SIZE + log_size, "items")


def items_of(data: bytes, blob_size: int) -> list[tuple[bytes, bytes]]:
    """Labels and blobs of a pool's items.

    Raises:
        InputError: there is none, they have other sizes, or their labels do not ascend.
    """
    starts = _starts(data, LABEL_SIZE + blob_size, "items")
    labels = [data[start : start + LABEL_SIZE] for start in starts]
    if not all(map(lt, labels, labels[1:])):
        raise InputError("Items ascend by label, and no label comes twice.", field="items")
    blobs = [data[start + LABEL_SIZE : start + starts.step] for start in starts]
    return list(zip(labels, blobs, strict=True))


def labels_of(data: bytes) -> list[bytes]:
    """The labels of a fetch, in any order.

    Raises:
        InputError: there is none, or the last one is cut off.
    """
    return _cut(data, LABEL_SIZE, "labels")


def check_after(after: bytes) -> None:
    """Whether one can read on from here.

    Raises:
        InputError: it is neither a label nor empty.
    """
    if len(after) not in {0, LABEL_SIZE}:
        raise InputError(f"'after' is a label of {LABEL_SIZE} bytes, or empty.", field="after")


def _cut(data: bytes, size: int, field: str) -> list[bytes]:
    return [data[start : start + size] for start in _starts(data, size, field)]


def _starts(data: bytes, size: int, field: str) -> range:
    """Where each piece of this size begins."""
    if not data or len(data) % size:
        raise InputError(f"'{field}' holds one or more of {size:,} bytes each.", field=field)
    return range(0, len(data), size)
