# SPDX-License-Identifier: Apache-2.0
"""The cloud works on one slice of a pool while the fog works on the next: one thread, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

__all__ = ["asked_ahead", "sent_behind"]

_Asked = TypeVar("_Asked")
_Told = TypeVar("_Told")


@contextmanager
def asked_ahead(
    ask: Callable[[_Asked], _Told], questions: Iterable[_Asked]
) -> Iterator[Iterator[_Told]]:
    """The answers in order; while one is dealt with, the next question is asked already.

    The thread ends with the block: left to the garbage collector, whichever thread that runs in
    would wait for it.

    >>> with asked_ahead(str.upper, "abc") as answers:
    ...     print(*answers)
    A B C
    """
    with ThreadPoolExecutor(1) as thread:
        yield _answers(thread, ask, questions)


def _answers(
    thread: ThreadPoolExecutor, ask: Callable[[_Asked], _Told], questions: Iterable[_Asked]
) -> Iterator[_Told]:
    coming: Future[_Told] | None = None
    for question in questions:
        told = [] if coming is None else [coming.result()]  # nothing is asked after a refusal
        coming = thread.submit(ask, question)
        yield from told
    if coming is not None:
        yield coming.result()


@contextmanager
def sent_behind(send: Callable[[_Asked], None]) -> Iterator[Callable[[_Asked], None]]:
    """Sends in order, each when the one before has arrived; all have when the block ends.

    What a sending raises is raised by the next one, or at the end; nothing is sent after it.
    """
    with ThreadPoolExecutor(1) as thread:
        under_way: list[Future[None]] = []

        def put(item: _Asked) -> None:
            while under_way:
                under_way.pop().result()
            under_way.append(thread.submit(send, item))

        yield put
        while under_way:
            under_way.pop().result()
