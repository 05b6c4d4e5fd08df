# SPDX-License-Identifier: Apache-2.0
"""Published instances of the heterogeneous computing scheduling problem, and their best plans."""

from __future__ import annotations

import math
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pmcb_services.fog.errors import HcspError, InvalidInput

if TYPE_CHECKING:
    from pmcb_services.fog.model import Instance

__all__ = ["Hcsp", "Published", "parse_hcsp", "read_hcsp", "read_hcsp_archive"]

_SOLUTION = ".sol"
_HEADER = 2  # n and m; one of these may follow
_CONSISTENCY = {"0", "1", "2"}  # consistent, semi-consistent, inconsistent; Braun's files say 0


@dataclass(frozen=True)
class Published:
    """A published plan: (n,) server indices, and the makespan in its file's name."""

    name: str
    assignment: NDArray[np.int32]
    makespan: float


@dataclass(frozen=True)
class Hcsp:
    """Times of n tasks on m machines, with what was published about them.

    Attributes:
        name: the file's.
        etc: (n, m) expected times to compute, in the file's unit.
        solutions: published plans; empty for a file that was read alone.
    """

    name: str
    etc: NDArray[np.float64]
    solutions: tuple[Published, ...] = ()

    def instance(self) -> Instance:
        """To be planned for the makespan alone: penalty 1, no energy."""
        from pmcb_services.fog.model import Instance

        nothing = np.zeros(self.etc.shape[1])
        return Instance(self.etc, busy_w=nothing, idle_w=nothing, penalty=1.0)

    def scenario(self) -> dict[str, object]:
        """The same as a scenario's document: penalty 1, servers that draw nothing."""
        n, m = self.etc.shape
        still = {"speed": 1.0, "busy_w": 0.0, "idle_w": 0.0}
        return {
            "schema": "pmcb-fog/1",
            "model": {"penalty": 1.0},
            "servers": [{"id": f"m{j}", **still} for j in range(m)],
            "orders": [{"id": f"t{i}", "length": 1.0} for i in range(n)],
            "etc": [[None if math.isinf(p) else p for p in row] for row in self.etc.tolist()],
        }


def parse_hcsp(text: str, name: str) -> Hcsp:
    """Read a text: ``n m``, perhaps a digit for the consistency, then n·m numbers, task by task.

    Raises:
        HcspError: there are more or fewer numbers.
        InvalidInput: something in it is no number.

    >>> parse_hcsp("2 3 0 1 2 3 4 5 6", "tiny").etc.tolist()
    [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    """
    words = text.split()
    n, m = _header(words, name)
    numbers = words[_HEADER:]
    alone = len(text.strip().partition("\n")[0].split()) == _HEADER + 1
    if numbers and numbers[0] in _CONSISTENCY and (alone or len(numbers) == n * m + 1):
        numbers = numbers[1:]
    if len(numbers) != n * m:
        raise HcspError(path=name, expected=n * m, found=len(numbers))
    return Hcsp(name, np.array([_number(word, name) for word in numbers]).reshape(n, m))


def read_hcsp(path: Path) -> Hcsp:
    """Read one file; errors as of `parse_hcsp`."""
    return parse_hcsp(path.read_text(encoding="ascii", errors="replace"), path.name)


def read_hcsp_archive(path: Path) -> Mapping[str, Hcsp]:
    """Read all instances of a ``.tar.xz`` with their published plans; nothing is unpacked.

    Errors as of `parse_hcsp`; a plan with another count than its instance is an `HcspError`, too.
    """
    texts: dict[str, str] = {}
    with tarfile.open(path, "r:xz") as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is not None:
                texts[Path(member.name).name] = file.read().decode("ascii", errors="replace")
    found = {}
    for name in sorted(texts):
        if not name.endswith(_SOLUTION):
            read = parse_hcsp(texts[name], name)
            plans = [_plan(texts[each], each, read.etc.shape) for each in _plans_of(name, texts)]
            found[name] = Hcsp(name, read.etc, tuple(plans))
    return found


def _plans_of(name: str, names: Mapping[str, str]) -> list[str]:
    return sorted(
        each for each in names if each.startswith(f"{name}_") and each.endswith(_SOLUTION)
    )


def _plan(text: str, name: str, shape: tuple[int, ...]) -> Published:
    words = text.split()
    n, m = shape
    if len(words) != n:
        raise HcspError(path=name, expected=n, found=len(words))
    servers = [_number(word, name) for word in words]
    if not all(server in range(m) for server in servers):
        raise InvalidInput(f"{name} names a server outside 0..{m - 1}.", field=name)
    makespan = name.removesuffix(_SOLUTION).rpartition("_")[2].replace(",", ".")
    return Published(name, np.array(servers, dtype=np.int32), _number(makespan, name))


def _header(words: list[str], name: str) -> tuple[int, int]:
    if len(words) < _HEADER:
        raise HcspError(path=name, expected=_HEADER, found=len(words))
    if not all(word.isascii() and word.isdigit() for word in words[:_HEADER]):
        raise InvalidInput(f"{name} does not begin with two counts.", field=name)
    return int(words[0]), int(words[1])


def _number(word: str, name: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise InvalidInput(f"{name} holds something that is no number.", field=name) from None
