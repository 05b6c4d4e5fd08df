# SPDX-License-Identifier: Apache-2.0
"""``python -m tests.mutation [WORD ...]``: is every wrong noticed by a test?

Makes one small wrong after the other, in memory, and runs the tests that pass through it until
one fails. Prints those that all tests let pass, and exits 1 if there are any. Words choose among
the mutants by their names (``_claims.py``, ``accept_subtask``). What was killed is remembered in
``.mutation_cache`` while its file and the name of the test that killed it stand; without that
folder everything is tried anew.
"""

import contextlib
import hashlib
import importlib
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.mutation.equivalent import EQUIVALENT
from tests.mutation.mutants import Mutant, mutants
from tests.mutation.survey import Survey, Surveyor
from tests.mutation.targets import CACHE, PACKAGE, ROOT, TARGETS, TESTS
from tests.mutation.wrong import plant

QUIET = (
    "-q",
    "--assert=plain",
    "--no-header",
    "-p",
    "no:randomly",
    "-p",
    "no:xdist",
    "-p",
    "no:cacheprovider",
)
OPTIONS = (
    *QUIET,
    "-W",
    "ignore::pytest.PytestAssertRewriteWarning",
    "-m",
    "not fabric",
    "--hypothesis-seed=0",
    "--deselect=tests/scenarios/test_claims.py::test_slots_beyond_the_first_look_are_found",  # 10 s
)
# Where it is memory, a block is on "disk" at once.
MEMORY = Path("/dev/shm")
FIRST = 200  # tests of a first try: the quick ones find most
START_S = 30.0
SURVEY_S = 1200.0
OTHER_ENDS = ("it cannot be imported", "it never ends")


def main(words: list[str]) -> int:
    """Try all chosen mutants; the number of survivors decides the exit code."""
    CACHE.mkdir(exist_ok=True)
    survey = _survey()
    for name in survey.modules:  # every child needs them, and no mutant changes them
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    remembered = CACHE / "killed.json"
    killed = json.loads(remembered.read_text()) if remembered.exists() else {}
    chosen = [
        one
        for path in TARGETS
        for one in mutants(path)
        if not words or any(word in one.name for word in words)
    ]
    killers: Counter[str] = Counter()
    survivors: list[Mutant] = []
    equivalent = 0
    started = time.monotonic()
    for number, mutant in enumerate(chosen, 1):
        key = f"{_sha256([mutant.path])} {mutant.number}"
        if mutant.name in EQUIVALENT:
            equivalent += 1
            continue
        if killed.get(key) not in {*survey.seconds, *OTHER_ENDS}:
            killer = _try(mutant, survey, killers)
            if killer is None:
                survivors.append(mutant)
                _say(f"{number}/{len(chosen)} SURVIVES line {mutant.lines.start}: {mutant.name}")
                continue
            killers[killer] += 1
            killed[key] = killer
            remembered.write_text(json.dumps(killed, indent=0))
        if number % 25 == 0:
            _say(f"{number}/{len(chosen)} after {time.monotonic() - started:.0f} s")
    unknown = set(EQUIVALENT) - {one.name for path in TARGETS for one in mutants(path)}
    for name in sorted(unknown):
        _say(f"no such mutant any more: {name}")
    dead = len(chosen) - len(survivors) - equivalent
    minutes = (time.monotonic() - started) / 60
    _say(
        f"{len(chosen)} mutants: {dead} killed, {equivalent} equivalent,"
        f" {len(survivors)} survive; {minutes:.1f} minutes"
    )
    return 1 if survivors or unknown else 0


def _sha256(files: list[Path]) -> str:
    made = hashlib.sha256()
    for file in sorted(files):
        made.update(file.read_bytes())
    return made.hexdigest()[:16]


def _files(path: Path) -> list[Path]:
    return list(path.rglob("*.py")) if path.is_dir() else [path]


def _survey() -> Survey:
    """What runs where, from one run of all tests without a mutant; kept while nothing changes."""
    state = _sha256([*PACKAGE.rglob("*.py"), *(f for t in TESTS for f in _files(ROOT / t))])
    path = CACHE / f"survey-{state}.json"
    if not path.exists():
        _say("surveying: all tests once, without a mutant")
        for old in CACHE.glob("survey-*.json"):
            old.unlink()
        if _run(TESTS, [Surveyor(path, PACKAGE)], SURVEY_S) != 0:
            path.unlink(missing_ok=True)
            raise SystemExit("the tests fail without a mutant")
    return Survey.read(path)


class _Killer:
    """A pytest plugin: runs these tests in this order, and ends at the first that fails."""

    def __init__(self, tests: list[str], pipe: int) -> None:
        self._order = {test: place for place, test in enumerate(tests)}
        self._pipe = pipe

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if item.nodeid in self._order]
        items.sort(key=lambda item: self._order[item.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            os.write(self._pipe, report.nodeid.encode())
            os._exit(1)


def _try(mutant: Mutant, survey: Survey, killers: Counter[str]) -> str | None:
    """The test that notices the mutant, ``None`` if none does."""
    tests = survey.tests(mutant)
    tests.sort(key=lambda test: -killers[test])
    for some in (tests[:FIRST], tests[FIRST:]):
        if some and (killer := _notices(mutant, some, survey)):
            return killer
    return None


def _notices(mutant: Mutant, tests: list[str], survey: Survey) -> str | None:
    files = list(dict.fromkeys(test.partition("::")[0] for test in tests))
    limit_s = START_S + 5 * sum(survey.seconds[test] for test in tests)
    reading, writing = os.pipe()
    code = _run(files, [_Killer(tests, writing)], limit_s, mutant=mutant)
    os.close(writing)
    said = os.read(reading, 4096).decode()
    os.close(reading)
    if code == 0:
        return None
    return said or OTHER_ENDS[code is None]


def _run(
    files: Sequence[str], plugins: list[object], limit_s: float, *, mutant: Mutant | None = None
) -> int | None:
    """The exit code of the tests in a process of their own; ``None`` if it had to be ended."""
    place = MEMORY if MEMORY.is_dir() else None
    with TemporaryDirectory(dir=place, ignore_cleanup_errors=True) as folder:
        child = _fork([f"--basetemp={folder}/tests", *files], mutant=mutant, plugins=plugins)
        until = time.monotonic() + limit_s
        while time.monotonic() < until:
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return None


def _fork(words: list[str], *, mutant: Mutant | None, plugins: list[object]) -> int:
    """A child that has all imports but ours already, and runs pytest with these words."""
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        os.chdir(ROOT)
        if mutant is not None:
            plant(mutant)
        code = int(pytest.main([*OPTIONS, *words], plugins=plugins))
    finally:
        os._exit(code)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
