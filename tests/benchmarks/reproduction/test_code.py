# SPDX-License-Identifier: Apache-2.0
"""What code a result rests on."""

import sys
from pathlib import Path

import pytest

from pmcb_benchmarks.reproduction import _code
from pmcb_benchmarks.reproduction._code import code_digest, imported


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A package of ours with three modules; caches are as new."""
    folder = tmp_path / "pmcb_toy"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "one.py").write_text("def f():\n    from .two import g\n    return g\n")
    (folder / "two.py").write_text("import math\ng = math.pi\n")
    (folder / "three.py").write_text("h = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    def clear():
        for each in (_code.code_digest, _code._root, _code._place, _code._named):
            each.cache_clear()

    clear()
    yield folder, clear
    clear()
    sys.modules.pop("pmcb_toy", None)


def test_imports_inside_functions_count_and_others_do_not(package):
    """The module, its package, and what it loads late; nothing that it does not name."""
    assert imported("pmcb_toy.one") == {"pmcb_toy", "pmcb_toy.one", "pmcb_toy.two"}


def test_the_digest_changes_with_what_is_imported_only(package):
    """A line in a module that is used; not one in another."""
    folder, clear = package
    before = code_digest("pmcb_toy.one")
    (folder / "three.py").write_text("h = 2\n")
    clear()
    assert code_digest("pmcb_toy.one") == before
    (folder / "two.py").write_text("import math\ng = math.e\n")
    clear()
    assert code_digest("pmcb_toy.one") != before


def test_the_items_rest_on_the_services_they_measure():
    """MPDP's on the publishing service, the fog's on retrieval."""
    assert "pmcb_services.publishing.faithful._mpdp" in imported(
        "pmcb_benchmarks.reproduction._mpdp"
    )
    found = imported("pmcb_benchmarks.reproduction._fog")
    assert "pmcb_services.retrieval.paper" in found
    assert not any(name.startswith("pmcb_network") for name in found)
