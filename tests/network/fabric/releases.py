# SPDX-License-Identifier: Apache-2.0
"""Archives as Fabric releases them, with scripts for programs; and a server that offers files."""

import hashlib
import io
import tarfile
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pmcb_network.fabric._binaries import PROGRAMS
from pmcb_network.fabric._fetch import Archive, fetch

FABRIC = tuple(name for name in PROGRAMS if name != "fabric-ca-server")
CA = ("fabric-ca-server", "fabric-ca-client")


def script(name: str, said: str) -> str:
    """A program that says its version, as Fabric's do."""
    return f"#!/bin/sh\necho '{name}:'\necho ' Version: {said}'\n"


def known_version(name: str) -> str:
    """What a program of the right release says."""
    return "v1.5.21" if name in CA else "v3.1.5"


def programs(folder, **versions: str):
    """A folder with all of them; ``versions`` tells which says something else."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in PROGRAMS:
        place = folder / name
        place.write_text(script(name, versions.get(name.replace("-", "_"), known_version(name))))
        place.chmod(0o700)
    return folder


def member(name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = ""):
    """A member of an archive: its header and what is in it."""
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.type, info.linkname = len(content), 0o755, kind, link
    return info, content


def scripts(names, **versions: str):
    """Members as releases have them."""
    return [
        member(
            f"bin/{name}",
            script(name, versions.get(name.replace("-", "_"), known_version(name))).encode(),
        )
        for name in names
    ]


def archive(path, members):
    """A tar.gz of these members; its path."""
    with tarfile.open(path, "w:gz") as tar:
        for info, content in members:
            tar.addfile(info, io.BytesIO(content))
    return path


def digest(path) -> str:
    """Its SHA-256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def release(folder, **versions: str):
    """Both archives of a release, with what else is in them."""
    folder.mkdir(exist_ok=True)
    more = [member("config/core.yaml", b"peer: {}"), member("bin/osnadmin", b"#!/bin/sh\n")]
    return (
        archive(folder / "fabric.tar.gz", [*scripts(FABRIC, **versions), *more]),
        archive(folder / "fabric-ca.tar.gz", scripts(CA, **versions)),
    )


def vouched(*files):
    """Archives, each with its right digest."""
    return [Archive(str(file), digest(file)) for file in files]


def fetched(*wanted, said=None, unless=None):
    """What is in the cache then."""
    say = (said if said is not None else []).append
    return fetch(list(wanted), say, unless=unless)


def left(cache):
    """What an attempt left in the cache."""
    return sorted(path.name for path in cache.iterdir() if path.name != "lock")


class Site:
    """A web server of this machine: what it answers by path, and what it was asked for."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[str] = []

    def offer(self, path: str, content: bytes, status: int = 200, **headers: str) -> str:
        """From now on; its address."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = (status, {"content-length": str(len(content)), **named}, content)
        return f"{self.address}{path}"


@contextmanager
def site():
    """It listens on a port of its own while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            here.asked.append(self.path)
            status, headers, content = here.answers.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here = Site(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
