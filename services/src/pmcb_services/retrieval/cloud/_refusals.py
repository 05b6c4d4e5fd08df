# SPDX-License-Identifier: Apache-2.0
"""What every cloud says when it refuses; the same words wherever the bytes lie."""

from pmcb_services.retrieval.errors import LogConflict, MissingBlob, StoreExists, UnknownStore

__all__ = ["missing", "other_bytes", "store_exists", "unknown"]


def unknown(store: str) -> UnknownStore:
    """There is no such store."""
    return UnknownStore(f"The cloud has no store named {store}.", field="store")


def store_exists(store: str) -> StoreExists:
    """There is one, which is another."""
    return StoreExists(f"The cloud has another store named {store}.", field="store")


def missing() -> MissingBlob:
    """A pool or a label is not there; which one is for the caller to know."""
    return MissingBlob("The cloud has no such pool, or no blob under one of the labels.")


def other_bytes() -> LogConflict:
    """The log says something else already."""
    return LogConflict("Other bytes stand at this position of the log.")
