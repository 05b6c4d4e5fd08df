# SPDX-License-Identifier: Apache-2.0
"""The chaincode package: the same bytes everywhere, so its id is known before any peer has it.

It holds no address: each peer's builder fills the placeholders from a file of that peer.
"""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping

_FIELDS = (
    "address",
    "dial_timeout",
    "tls_required",
    "client_auth_required",
    "root_cert",
    "client_cert",
    "client_key",
)


def package(label: str) -> bytes:
    """The package of a chaincode-as-a-service with this label, as peers install it."""
    connection = {name: "{{." + name + "}}" for name in _FIELDS}
    metadata = {"label": label, "path": "", "type": "ccaas"}
    code = _archive({"connection.json": _json(connection)})
    return _archive({"code.tar.gz": code, "metadata.json": _json(metadata)})


def package_id(label: str) -> str:
    """What a peer calls the package: its label, and the SHA-256 of its bytes."""
    return f"{label}:{hashlib.sha256(package(label)).hexdigest()}"


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _archive(files: Mapping[str, bytes]) -> bytes:
    """A stored tar.gz whose bytes depend on names and contents only: no times, no owners."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(files[name]), 0o644, 0
            tar.addfile(entry, io.BytesIO(files[name]))
    packed = io.BytesIO()
    # compresslevel 0: what a zlib makes of the same bytes differs from version to version
    with gzip.GzipFile(filename="", fileobj=packed, mode="wb", compresslevel=0, mtime=0) as stream:
        stream.write(raw.getvalue())
    return packed.getvalue()
