# SPDX-License-Identifier: Apache-2.0
"""What is installed is fixed, and whoever installs it uses their own package index."""

from pathlib import Path


def test_the_lock_file_names_no_address():
    """Nothing but names, versions and digests is in it."""
    assert "://" not in (Path(__file__).parent / "package-lock.json").read_text()
