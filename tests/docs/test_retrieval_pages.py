# SPDX-License-Identifier: Apache-2.0
"""The pages on encrypted stores: their tutorials are one story that can be typed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.docs.test_documents import ROOT, blocks, environment
from tests.docs.typist import typist

from pmcb_services.retrieval import Schema, errors, vitals
from pmcb_services.retrieval._disease import Disease

__all__ = ["environment"]

INSTITUTION, WORKER = "docs/retrieval-institution.md", "docs/retrieval.md"
TURN = "Now it is the worker's turn"


@pytest.mark.timeout(180)
def test_both_pages_can_be_typed_as_one_story(environment: dict[str, str], tmp_path: Path):
    """Every command succeeds, and prints what the pages show."""
    before, after = (ROOT / INSTITUTION).read_text().split(TURN)
    program = tmp_path / "program.py"
    program.write_text("".join(blocks(WORKER, "python")))
    lines = [
        *typed(before),
        *typed((ROOT / WORKER).read_text()),
        f"{sys.executable} {program}",
        *typed(after),
    ]
    environment.pop("PMCB_DATA", None)
    with typist(tmp_path):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "\n".join(lines)],
            cwd=ROOT,
            env={**environment, "PATH": f"{tmp_path}{os.pathsep}{environment['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    said = [line.rstrip() for line in (done.stdout + done.stderr).splitlines()]
    for page in (INSTITUTION, WORKER):
        for line in shown(page):
            assert line in said, line
    (home,) = tmp_path.glob("tmp.*")
    picture = (home / "hypotension.svg").read_text()
    assert (ROOT / "docs/pictures/retrieval-profile.svg").read_text() == picture


def typed(page: str) -> list[str]:
    """What is typed, without what would be printed."""
    found: list[str] = []
    for block in re.findall(r"```console\n(.*?)```", page, re.DOTALL):
        is_inside = False  # of a document that a command reads
        for line in block.splitlines():
            if is_inside or line.startswith("$ "):
                found.append(line.removeprefix("$ "))
            is_inside = line.endswith("<<END") or (is_inside and line != "END")
    return [line for line in found if "bin/activate" not in line]


def shown(page: str) -> list[str]:
    """Lines that a page says are printed."""
    printed = "".join([*blocks(page, "console"), *blocks(page, "text")]).splitlines()
    kept = {*typed((ROOT / page).read_text()), "..."}
    return [one.rstrip() for one in printed if not one.startswith("$ ") and one not in kept]


@pytest.mark.parametrize("page", [INSTITUTION, WORKER])
def test_errors_that_are_named_exist(page: str):
    """Each first cell of a table of errors holds codes."""
    table = re.compile(r"^\| ((?:`[A-Z]+_[A-Z_]+`(?:, )?)+) \|", re.MULTILINE)
    codes = re.findall(r"`(\w+)`", " ".join(table.findall((ROOT / page).read_text())))
    assert len(codes) > 8
    assert set(codes) <= {vars(errors)[name].code for name in errors.__all__}


def test_the_schema_at_hand_is_that_of_the_vital_signs():
    """The example file says what the records are."""
    schema = Schema.load(ROOT / "docs/quickstart/vitals.yaml")
    assert schema.digest == vitals.SCHEMA.digest
    assert set(Disease.load("shock").ranges) <= set(schema.names)
