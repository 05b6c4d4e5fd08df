# SPDX-License-Identifier: Apache-2.0
"""A pytest plugin that notes which tests run which lines, and how long each takes."""

import json
import sys
import time
from collections import defaultdict
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import coverage
import pytest
from tests.mutation.mutants import Mutant

OURS = ("pmcb_", "tests", "conftest", "__")


@dataclass(frozen=True)
class Survey:
    """By file and line, the tests that run it; by test, its seconds; what others they import."""

    lines: dict[str, dict[int, list[str]]]
    seconds: dict[str, float]
    modules: list[str]

    @classmethod
    def read(cls, path: Path) -> "Survey":
        found = json.loads(path.read_text())
        lines = {
            file: {int(line): tests for line, tests in of_file.items()}
            for file, of_file in found["lines"].items()
        }
        return cls(lines, found["seconds"], found["modules"])

    def tests(self, mutant: Mutant) -> list[str]:
        """The tests that can notice a mutant, quick ones first."""
        of_file = self.lines.get(str(mutant.path), {})
        found = {test for line in mutant.lines for test in of_file.get(line, ())}
        chosen = self.seconds if mutant.at_import else found
        return sorted(chosen, key=lambda test: (self.seconds[test], test))


class Surveyor:
    """Watches one run of the tests and writes the survey at its end."""

    def __init__(self, path: Path, package: Path) -> None:
        self._path = path
        self._coverage = coverage.Coverage(
            data_file=None, config_file=False, include=[f"{package}/*"]
        )
        self._seconds: dict[str, float] = {}

    def pytest_sessionstart(self) -> None:
        self._coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._coverage.switch_context(item.nodeid)
        start = time.perf_counter()
        try:
            return (yield)
        finally:
            self._seconds[item.nodeid] = time.perf_counter() - start
            self._coverage.switch_context("")

    def pytest_sessionfinish(self) -> None:
        self._coverage.stop()
        data = self._coverage.get_data()
        lines: dict[str, dict[int, list[str]]] = defaultdict(dict)
        for file in data.measured_files():
            for line, tests in data.contexts_by_lineno(file).items():
                lines[file][line] = sorted(set(tests) - {""})
        others = [name for name in sys.modules if not name.startswith(OURS)]
        made = {"lines": lines, "seconds": self._seconds, "modules": others}
        self._path.write_text(json.dumps(made))
