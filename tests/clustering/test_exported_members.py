# SPDX-License-Identifier: Apache-2.0
import importlib
import subprocess
import sys

import pytest

import pmcb_clustering


def test_an_unknown_name_is_an_attribute_error():
    """What is not listed cannot be had."""
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = pmcb_clustering.no_such_name


def test_every_name_is_listed_in_order_and_there():
    """``__all__`` is sorted, every name loads, and each is listed where it is defined."""
    assert sorted(pmcb_clustering.__all__) == pmcb_clustering.__all__
    for name in pmcb_clustering.__all__:
        value = getattr(pmcb_clustering, name)
        assert name in importlib.import_module(value.__module__).__all__
    assert set(pmcb_clustering.__all__) <= set(dir(pmcb_clustering))


def test_the_package_and_its_commands_load_no_numerical_library():
    """The command line imports both to show its help."""
    script = (
        "import sys, pmcb_clustering.commands; "
        "print(sorted({'numpy', 'numba', 'scipy', 'sklearn', 'networkx', 'matplotlib', 'rich'} "
        "& set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert answer.stdout.strip() == "[]"


def test_errors_are_value_errors_with_a_place_and_a_next_step():
    """One tree: a caller may catch ValueError, the command line finds exit code and advice."""
    error = pmcb_clustering.GraphError("odd", path="a.txt", line=3, next_step="Look there.")
    assert isinstance(error, pmcb_clustering.ClusteringError)
    assert isinstance(error, ValueError)
    assert (str(error), error.exit_code, error.next_step) == (
        "a.txt, line 3: odd",
        2,
        "Look there.",
    )
