# SPDX-License-Identifier: Apache-2.0
"""A ``pmcb`` that starts in milliseconds, for shells in tests: each command is a fork.

Run as a script with a folder, it puts an executable ``pmcb`` there, says so, and then serves it:
what that is called with, its files and its folder become those of a fork of this process, which has
imported everything. SIGINT and SIGTERM reach the fork, and killing the caller kills it. Leases of
stores run out in one second instead of ten.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

CALLER = """#!{python} -SE
import json, os, signal, socket, sys
told = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
with socket.socket(socket.AF_UNIX) as place:
    place.connect({place!r})
    socket.send_fds(place, [len(told).to_bytes(4, "big")], [0, 1, 2])
    place.sendall(told)
    lines = place.makefile()
    child = int(lines.readline())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: os.kill(child, number))
    sys.exit(int(lines.readline()))
"""


@contextmanager
def typist(folder: Path) -> Iterator[None]:
    """The folder has such a ``pmcb`` meanwhile; what it started in the foreground ends with it."""
    words = [sys.executable, __file__, str(folder)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, start_new_session=True) as serving:
        assert serving.stdout is not None
        try:
            assert serving.stdout.readline() == b"ready\n"
            yield
        finally:
            os.killpg(serving.pid, signal.SIGKILL)


def serve(folder: Path) -> None:
    """Fork for every call, until killed."""
    import_all()
    with socket.socket(socket.AF_UNIX) as place:
        place.bind(str(folder / "place"))
        place.listen()
        pmcb = folder / "pmcb"
        pmcb.write_text(CALLER.format(python=sys.executable, place=str(folder / "place")))
        pmcb.chmod(0o755)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while True:
            call, _ = place.accept()
            if not os.fork():
                place.close()
                attend(call)
            call.close()


def import_all() -> None:
    """What commands import when they run; nothing of it is started before a fork."""
    import click

    import pmcb_client.gateway
    from pmcb_client.cli import make_root
    from pmcb_services.retrieval import institution, vitals, worker
    from pmcb_services.retrieval.cloud import LmdbCloud
    from pmcb_services.retrieval.cloud.server import cloud_application
    from pmcb_services.retrieval.oblivious import _lease

    _ = pmcb_client.gateway, institution, vitals, worker, LmdbCloud, cloud_application
    vars(_lease).update(LEASE_S=1.0, RENEW_S=0.3)
    root = make_root()
    for name in root.list_commands(context := click.Context(root)):
        root.get_command(context, name)


def attend(call: socket.socket) -> NoReturn:
    """One call: a child does what it wants; the caller hears who that is, and how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, fds, _, _ = socket.recv_fds(call, 4, 3)
    with call.makefile("rb") as told:
        words, here, environment = json.loads(told.read(int.from_bytes(size, "big")))
    child = os.fork()
    if not child:
        call.close()
        become(words, here, environment, fds)
    for fd in fds:
        os.close(fd)
    call.sendall(b"%d\n" % child)
    threading.Thread(target=die_with, args=(call, child), daemon=True).start()
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    try:
        call.sendall(b"%d\n" % (code if code >= 0 else 128 - code))
    finally:
        os._exit(0)


def become(words: list[str], here: str, environment: dict[str, str], fds: list[int]) -> NoReturn:
    """The command that was called."""
    from pmcb_client.cli import main

    for number, fd in enumerate(fds):
        os.dup2(fd, number)
        os.close(fd)
    os.chdir(here)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["pmcb", *words]
    main()
    os._exit(0)


def die_with(call: socket.socket, child: int) -> None:
    """Kill the child once its caller is gone."""
    process = os.pidfd_open(child)
    call.recv(1)
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(process, signal.SIGKILL)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
