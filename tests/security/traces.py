# SPDX-License-Identifier: Apache-2.0
"""Where in a folder something stands, as it is or as programs write bytes."""

import base64
from collections.abc import Iterable
from pathlib import Path

from pmcb_client.wallet import Wallet

KEYS = (
    "fog/key",
    "fog-adapter/key",
    "fog-workers/*/key",
    "institution/*/*.key",
    "publishing/*/*.key",
    "verifier/*/*.key",
    "network/orgs/*/registrar.secret",
)


def forms(mark: bytes) -> list[bytes]:
    """As text or bytes, in hex, and in base64 wherever it begins in a group of three."""
    found = [mark, mark.hex().encode()]
    for before in range(3):
        written = base64.b64encode(bytes(before) + mark)
        whole = (before + len(mark)) * 8 // 6  # in the next letter shows what follows the mark
        found.append(written[(0, 2, 3)[before] : whole])
    return found


def places(folder: Path, marks: Iterable[bytes]) -> list[set[Path]]:
    """The files that hold each of the marks, whatever line breaks are in them."""
    sought = [forms(mark) for mark in marks]
    found: list[set[Path]] = [set() for _ in sought]
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        data = path.read_bytes()
        texts = (data, data.replace(b"\n", b"").replace(rb"\n", b""))
        for at, written in enumerate(sought):
            if any(form in text for form in written for text in texts):
                found[at].add(path.relative_to(folder))
    return found


def keys_of(home: Path) -> dict[Path, bytes]:
    """Whatever opens something, by the file where it is kept."""
    wallet = Wallet(home / "wallet")
    people = {
        Path("home/wallet") / f"{label}.id": wallet.get(label).private_key.private_numbers()
        for label in wallet.list()
    }
    kept = {path: each.private_value.to_bytes(32, "big") for path, each in people.items()}
    files = [path for pattern in KEYS for path in home.glob(pattern)]
    assert len(files) >= len(KEYS)
    return kept | {Path("home") / path.relative_to(home): path.read_bytes() for path in files}
