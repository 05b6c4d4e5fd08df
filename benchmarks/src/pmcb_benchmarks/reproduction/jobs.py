# SPDX-License-Identifier: Apache-2.0
"""Measuring items: one job for each measurement, here or wherever an executor runs it."""

import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from pmcb_client._failure import explain
from pmcb_client.terminal import progress

from ._items import PAPERS, item_of
from ._results import keep, key_of, known_keys
from ._source import Made, Places, Wish, open_source

R = TypeVar("R")


class Executor(Protocol):
    """As much of ``concurrent.futures.Executor`` as is needed: processes and clusters have it."""

    def map(self, function: Callable[..., R], /, *iterables: Iterable[object]) -> Iterable[R]:
        """Results of ``function`` on the items, in their order."""


@dataclass(frozen=True)
class Job:
    """One measurement, and the items that are wanted of it.

    Attributes:
        paper: of the items.
        group: the items' group, or the item's own name.
        names: what is wanted.
        wish: how much is measured.
        known: keys under which all of it lies there already; what has one is not measured again.
    """

    paper: str
    group: str
    names: tuple[str, ...]
    wish: Wish
    known: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        """As it is shown."""
        return f"{self.paper} {', '.join(self.names)}"


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    Attributes:
        job: what was asked.
        made: the items, none where they lay there already or the job failed.
        remarks: what the user must be told.
        message: why it failed, in a sentence; empty where it did not.
        exit_code: of the failure, else 0.
        trace: where it failed, for ``--debug``.
    """

    job: Job
    made: tuple[Made, ...] = ()
    remarks: tuple[str, ...] = ()
    message: str = ""
    exit_code: int = 0
    trace: str = ""


Tell = Callable[[Outcome], None]


def jobs_of(wanted: Iterable[tuple[str, str]], wish_of: Callable[[str, str], Wish]) -> list[Job]:
    """The measurements that give the wanted pairs of paper and item, in the papers' order.

    Args:
        wanted: pairs.
        wish_of: how much of a pair's item is measured.
    """
    asked = list(wanted)
    jobs: dict[tuple[str, str], Job] = {}
    for paper, name in ((p, n) for p, found in PAPERS.items() for n in found.items):
        if (paper, name) in asked:
            group = item_of(paper, name).group or name
            known = jobs.get((paper, group), Job(paper, group, (), wish_of(paper, name)))
            jobs[paper, group] = replace(known, names=(*known.names, name))
    return list(jobs.values())


def run(
    jobs: Sequence[Job],
    places: Places,
    out: Path,
    *,
    resume: bool = False,
    executor: Executor | None = None,
    tell: Tell = lambda _: None,
) -> list[Outcome]:
    """Do all jobs; each one's items are kept as soon as it is over, whatever becomes of others.

    Args:
        jobs: in their order, from `jobs_of`.
        places: where data and stored results lie.
        out: the folder of the results.
        resume: whether what lies there under the same key is taken as it is.
        executor: runs the jobs; they are independent. None: here, one after the other, so that
            times are those of a machine that does nothing else.
        tell: hears of each outcome.
    """
    if resume:
        jobs = [replace(job, known=known_keys(out, job.paper, job.names)) for job in jobs]
    outcomes = []
    for outcome in _attempts(jobs, places, executor):
        kept = _kept(outcome, out)
        tell(kept)
        outcomes.append(replace(kept, made=()))
    return outcomes


def _kept(outcome: Outcome, out: Path) -> Outcome:
    try:
        for made in outcome.made:
            keep(out, made)
    except Exception as error:  # noqa: BLE001 - one item must not end the others
        return _failed(outcome.job, error)
    return outcome


def _attempts(jobs: Sequence[Job], places: Places, executor: Executor | None) -> Iterator[Outcome]:
    if executor is None:
        yield from (attempt(job, places, shown=True) for job in jobs)
    else:
        yield from executor.map(partial(attempt, places=places), jobs)


def attempt(job: Job, places: Places, *, shown: bool = False) -> Outcome:
    """Do one job; what goes wrong is an outcome, not an exception.

    Args:
        job: picklable, as the outcome is.
        places: where data and stored results lie.
        shown: whether a bar is shown on stderr.
    """
    try:
        return _attempt(job, places, shown)
    except Exception as error:  # noqa: BLE001 - one item must not end the others
        return _failed(job, error)


def _failed(job: Job, error: Exception) -> Outcome:
    failure = explain(error)
    message = " ".join(filter(None, (failure.message, failure.next_step)))
    trace = "".join(traceback.format_exception(error))
    return Outcome(job, message=message, exit_code=failure.exit_code, trace=trace)


def _attempt(job: Job, places: Places, shown: bool) -> Outcome:
    source = open_source(job.paper, job.group, places)
    key = key_of(job.paper, job.group, source, job.wish)
    if key in job.known:
        return Outcome(job, remarks=tuple(source.remarks))
    bar = progress(job.label, source.steps(job.wish)) if shown else nullcontext(lambda _: None)
    with bar as advance:
        found = source.make(job.names, job.wish, advance)
    made = tuple(replace(each, document=_completed(each, job, key)) for each in found)
    return Outcome(job, made, tuple(source.remarks))


def _completed(made: Made, job: Job, key: str) -> dict[str, object]:
    item = item_of(job.paper, made.document["target"])
    return made.document | {
        "title": item.title,
        "assumptions": list(item.assumptions),
        "runs": job.wish.runs,
        "key": key,
    }
