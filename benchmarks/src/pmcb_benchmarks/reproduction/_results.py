# SPDX-License-Identifier: Apache-2.0
"""Results of items in a folder: JSON, CSV and PNG, each found again by the key of what it is of."""

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pmcb_client.files import write_atomic

from ._code import code_digest
from ._schema import check
from ._source import Document, Made, Source, Wish, module_of

LIBRARIES = ("numba", "numpy", "scikit-learn", "scipy")
"""Of others: their versions are part of a key."""


def key_of(paper: str, group: str, source: Source, wish: Wish) -> str:
    """SHA-256 over inputs, parameters, our code and the versions of what it calculates with."""
    parts = {
        "paper": paper,
        "group": group,
        "inputs": source.digest,
        "runs": wish.runs,
        "seed": wish.seed,
        "scope": wish.scope,
        "code": code_digest(module_of(paper, group)),
        "versions": {name: version(name) for name in LIBRARIES},
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def place_of(folder: Path, paper: str, name: str, suffix: str = ".json") -> Path:
    """Where an item's file lies."""
    return folder / paper / f"{name}{suffix}"


def read(folder: Path, paper: str, name: str) -> Document | None:
    """The item's document; None where there is none, or it cannot be read."""
    try:
        found: Document = json.loads(place_of(folder, paper, name).read_text())
    except (OSError, ValueError):
        return None
    return found


def known_keys(folder: Path, paper: str, names: Sequence[str]) -> frozenset[str]:
    """The key under which all of these items lie in the folder, whole; else nothing."""
    keys = set()
    for name in names:
        found = read(folder, paper, name)
        whole = place_of(folder, paper, name, ".png").is_file()
        keys.add(found.get("key", "") if found is not None and whole else "")
    return frozenset(keys) if len(keys) == 1 and "" not in keys else frozenset()


def keep(folder: Path, made: Made) -> None:
    """Write an item, its JSON last: what is there is whole.

    Raises:
        SchemaError: the document is none of a reproduced item.
    """
    document = made.document
    check(document, "item")
    paper, name = document["reproduction"], document["target"]
    place_of(folder, paper, name).parent.mkdir(parents=True, exist_ok=True)
    write_atomic(place_of(folder, paper, name, ".png"), made.png, mode=0o644)
    write_atomic(place_of(folder, paper, name, ".csv"), _as_csv(document["rows"]), mode=0o644)
    write_atomic(place_of(folder, paper, name), as_json(document), mode=0o644)


def as_json(document: Mapping[str, Any]) -> bytes:
    """As files hold it."""
    return (json.dumps(document, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()


def _as_csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
