# SPDX-License-Identifier: Apache-2.0
"""Runs one transaction's reads and writes on a snapshot and records them, as a peer does.

Reads see the committed state only, never the transaction's own writes. What was read, which
ranges were walked and what is to be written makes the read/write set that endorsers sign.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ._history import History, Modification
from ._rwset import RangeRead, ReadWriteSet
from ._snapshot import MAX_KEY_BYTES, Snapshot, Value, Version


class Unsupported(Exception):
    """The peer refuses this call; the text goes to the contract as the payload of `ERROR`."""


@dataclass(slots=True)
class _Walk:
    start: str
    end: str
    limit: int  # rows a page may hold; 0: not paged
    next_start: str
    reads: list[tuple[str, Version]] = field(default_factory=list)
    last: str = ""
    exhausted: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a walk and how it goes on: `more` for a plain one, `bookmark` for a paged one."""

    rows: Sequence[tuple[str, Value] | Modification]
    more: bool
    bookmark: str = ""


class Simulator:
    """One transaction on one snapshot. `done` releases the snapshot; call it exactly once."""

    PAGE_ROWS = 100
    TOTAL_ROWS = 100_000  # Fabric's ledger.state.totalQueryLimit

    def __init__(self, snapshot: Snapshot, tx_id: str) -> None:
        self._snapshot: Snapshot | None = snapshot.acquire()
        self._tx_id = tx_id
        self._reads: dict[str, Version | None] = {}
        self._walks: dict[str, _Walk] = {}
        self._histories: dict[str, History] = {}
        self._writes: dict[str, bytes | None] = {}
        self._paged = False

    def _open(self) -> Snapshot:
        if self._snapshot is None:
            raise Unsupported("this instance should not be used after calling Done()")
        return self._snapshot

    def get(self, key: str) -> bytes:
        """The committed value, empty where the key is absent."""
        found = self._open().get(key) if 0 < len(key.encode()) <= MAX_KEY_BYTES else None
        self._reads[key] = found.version if found else None
        return found.data if found else b""

    def put(self, key: str, value: bytes) -> None:
        """Buffers a write; an empty value is a deletion."""
        self._write(key, value or None)

    def delete(self, key: str) -> None:
        """Buffers a deletion."""
        self._write(key, None)

    def _write(self, key: str, value: bytes | None) -> None:
        self._open()
        if self._paged:
            raise Unsupported(
                f"txid [{self._tx_id}]: unsuppored transaction. Transaction has already performed"
                " a paginated query. Writes are not allowed"
            )
        size = len(key.encode())
        if not size:
            raise Unsupported("an empty key is not supported")
        if size > MAX_KEY_BYTES:
            raise Unsupported(f"the key has {size} bytes; a key holds at most {MAX_KEY_BYTES}")
        self._writes[key] = value

    def open_range(self, start: str, end: str, *, page_size: int = 0, bookmark: str = "") -> str:
        """Starts a walk and returns its id. Paged ones exclude writes, before and after."""
        limit = 0
        if page_size or bookmark:
            limit = min(page_size if page_size > 0 else self.TOTAL_ROWS, self.TOTAL_ROWS)
            if self._writes:
                raise Unsupported(
                    f"txid [{self._tx_id}]: unsuppored transaction. Paginated queries are"
                    " supported only in a read-only transaction"
                )
            self._paged = True
            start = bookmark or start
        walk = _Walk(start, end, limit, start)
        name = self._new_name()
        self._walks[name] = walk
        return name

    def open_history(self, namespace: str, key: str) -> str:
        """Starts a walk over a key's history and returns its id."""
        name = self._new_name()
        self._histories[name] = History(namespace, key)
        return name

    def _new_name(self) -> str:
        return str(len(self._walks) + len(self._histories) + 1)

    def next_page(self, name: str) -> Page:
        """The walk's next rows. Looks one row ahead, so `more` never promises an empty page."""
        history = self._histories.get(name)
        if history is not None:
            return self._next_of_history(history)
        walk = self._walks.get(name)
        if walk is None or walk.exhausted:
            raise Unsupported("query iterator not found")
        size = walk.limit or min(self.PAGE_ROWS, self.TOTAL_ROWS - len(walk.reads))
        found = self._open().rows(walk.next_start, walk.end, limit=size + 1)
        rows = found[:size]
        ahead = found[size][0] if len(found) > size else ""
        over = bool(ahead) and not walk.limit and len(walk.reads) + size >= self.TOTAL_ROWS
        walk.reads += [(key, value.version) for key, value in rows]
        if rows:
            walk.last = rows[-1][0]
        walk.next_start = ahead
        walk.exhausted = not ahead
        if walk.limit:
            return Page(rows, more=False, bookmark=ahead)
        return Page(rows, more=bool(ahead) and not over)

    def _next_of_history(self, history: History) -> Page:
        if history.exhausted:
            raise Unsupported("query iterator not found")
        size = min(self.PAGE_ROWS, self.TOTAL_ROWS - history.count)
        rows, more = history.next_rows(self._open(), size)
        return Page(rows, more=more and history.count < self.TOTAL_ROWS)

    def result(self) -> ReadWriteSet:
        """What was recorded, in the order in which it is signed."""
        ranges = {
            (walk.start, end, walk.exhausted): RangeRead(
                walk.start, end, walk.exhausted, tuple(walk.reads)
            )
            for walk in self._walks.values()
            for end in (walk.end if walk.exhausted else walk.last,)
        }
        return ReadWriteSet(
            tuple(sorted(self._reads.items())),
            tuple(ranges.values()),
            tuple(sorted(self._writes.items())),
        )

    def done(self) -> None:
        """Releases the snapshot."""
        if self._snapshot is not None:
            self._snapshot.release()
            self._snapshot = None
