# SPDX-License-Identifier: Apache-2.0
"""The network's log: rotation, its end, following it."""

import subprocess
import sys

from pmcb_network import _log


def test_the_log_rotates_and_takes_standard_error_along(tmp_path):
    """Old lines move to numbered files; what the process prints follows the newest one."""
    path = tmp_path / "network.log"
    script = (
        "import logging, os, sys; from pathlib import Path; from pmcb_network import _log\n"
        "_log._BYTES = 2000\n"
        "_log.set_up(Path(sys.argv[1]))\n"
        "for n in range(300): logging.getLogger('pmcb_network').info('line %d', n)\n"
        "print('printed', flush=True); os.write(2, b'raw\\n')\n"
        "logging.getLogger('pmcb_chaincode').info('a line per transaction')\n"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True)
    assert _log.tail(path, 3)[1:] == ["printed", "raw"]
    assert "line 299" in _log.tail(path, 3)[0]
    assert path.stat().st_size <= 2100
    assert {each.name for each in tmp_path.iterdir()} == {
        "network.log", "network.log.1", "network.log.2", "network.log.3",
    }  # fmt: skip


def test_what_libraries_say_is_placed_and_not_repeated(tmp_path):
    """Their exceptions may hold arguments or values: class and place only, no traceback."""
    path = tmp_path / "network.log"
    script = (
        "import logging, sys; from pathlib import Path; from pmcb_network import _log\n"
        "_log.set_up(Path(sys.argv[1]))\n"
        "def fail(): raise ValueError('blood pressure 120')\n"
        "for name in ('asyncio', 'grpc._cython.cygrpc', 'uvicorn.error'):\n"
        "    try: fail()\n"
        "    except ValueError: logging.getLogger(name).exception('patient %s', 'Ada')\n"
        "logging.getLogger('uvicorn.error').warning('patient Ada')\n"
        "logging.getLogger('pmcb_chaincode').warning('ours')\n"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True)
    assert [line.split(" ", 2)[2] for line in path.read_text().splitlines()] == [
        "ERROR asyncio ValueError at <string>:6",
        "ERROR grpc._cython.cygrpc ValueError at <string>:6",
        "ERROR uvicorn.error ValueError at <string>:6",
        "WARNING uvicorn.error a message at <string>:7",
        "WARNING pmcb_chaincode ours",
    ]


def test_the_end_of_a_log(tmp_path):
    """As many lines as asked for, none where there is no log."""
    path = tmp_path / "network.log"
    assert _log.tail(path, 5) == []
    path.write_text("".join(f"{number}\n" for number in range(100_000)))
    assert _log.tail(path, 0) == []
    assert _log.tail(path, 3) == ["99997", "99998", "99999"]


def test_following_a_log_goes_on_over_a_rotation(tmp_path, monkeypatch):
    """New lines as they come, from the old file's rest and the new file's start."""
    path = tmp_path / "network.log"
    path.write_text("old\n")
    steps = iter(
        [
            lambda: path.write_text("old\nfirst\n"),
            lambda: (
                path.write_text("old\nfirst\nrest\n"),
                path.rename(tmp_path / "network.log.1"),
                path.write_text("new\n"),
            ),
        ]
    )
    monkeypatch.setattr("pmcb_network._log.time.sleep", lambda _: next(steps)())
    lines = _log.follow(path, 1)
    assert [next(lines) for _ in range(4)] == ["old\n", "first\n", "rest\n", "new\n"]
    lines.close()  # type: ignore[attr-defined]
