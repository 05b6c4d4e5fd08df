# SPDX-License-Identifier: Apache-2.0
"""A store of the reproduction in a folder: labelled, keys apart, the same answers once opened."""

from pathlib import Path

import numpy as np
import pytest
import structlog

from pmcb_services.retrieval import Attribute, Carried, Schema
from pmcb_services.retrieval.errors import (
    InputError,
    InsecureMode,
    KeyMismatch,
    StoreExists,
    TamperedError,
    UnknownStore,
)
from pmcb_services.retrieval.paper import LABEL, PaperStore

SCHEMA = Schema(
    "signs",
    [Attribute("HR", 0, 31, 1), Attribute("SBP", 0, 31, 1), Attribute("Temp", 30, 37.75, 0.25)],
    [Carried("patient", "uint32")],
)
RNG = np.random.default_rng(4)
ROWS = RNG.integers(0, 32, (200, 3)) * [1, 1, 0.25] + [0, 0, 30]


@pytest.fixture(autouse=True)
def quiet():
    """Events stay out of the output."""
    with structlog.testing.capture_logs() as log:
        yield log


@pytest.fixture(params=["prefix", "pairs"])
def store(request):
    """After inserts and deletes: forests of several sizes, a buffer, tombstones in both."""
    carried = {"patient": np.arange(150)}
    made = PaperStore.create(
        SCHEMA, ROWS[:150], carried, acknowledge_insecure=True, forest=request.param, leaf=4
    )
    for at in range(150, 200, 5):
        made.insert(ROWS[at : at + 5], {"patient": np.arange(at, at + 5)})
    made.delete([0, 7, 160, 199])
    return made


def opened(folder: Path) -> PaperStore:
    """With the acknowledgement."""
    return PaperStore.open(folder, acknowledge_insecure=True)


def test_it_is_not_opened_unless_acknowledged(store, tmp_path, quiet):
    """`InsecureMode`, before a file is read; acknowledged, the log carries the label."""
    with pytest.raises(InsecureMode, match="broken"):
        PaperStore.open(tmp_path / "absent")
    store.save(tmp_path / "store")
    quiet.clear()
    opened(tmp_path / "store")
    assert quiet == [{"event": LABEL, "records": 196, "log_level": "warning"}]


def test_what_is_no_store_is_refused(store, tmp_path):
    """No folder, no keys, files of another kind: a typed error each, and nothing is overwritten."""
    with pytest.raises(UnknownStore):
        opened(tmp_path / "absent")
    store.save(tmp_path / "store")
    with pytest.raises(StoreExists):
        store.save(tmp_path / "store")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match="cannot be written"):
        store.save(tmp_path / "file" / "store")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "store"]
    keys = tmp_path / "store" / "keys.npz"
    for content in (b"", b"PK", keys.read_bytes()[:-40]):
        keys.write_bytes(content)
        with pytest.raises(KeyMismatch, match="holds no keys"):
            opened(tmp_path / "store")
    keys.unlink()
    with pytest.raises(KeyMismatch):
        opened(tmp_path / "store")


def test_a_changed_file_or_one_of_another_store_is_noticed(store, tmp_path):
    """The keys name the cloud's file that they were saved with."""
    for name in ("one", "two"):
        store.save(tmp_path / name)
        store.delete([10 if name == "one" else 11])
    (tmp_path / "one" / "keys.npz").replace(tmp_path / "two" / "keys.npz")
    with pytest.raises(TamperedError, match=r"cloud\.npz"):
        opened(tmp_path / "two")


def test_both_files_are_labelled_private_and_without_a_plain_record(store, tmp_path):
    """0700 and 0600; the cloud's file names schema and sizes, and holds neither codes nor keys."""
    store.save(tmp_path / "deep" / "store")
    folder = tmp_path / "deep" / "store"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in folder.iterdir()) == ["cloud.npz", "keys.npz"]
    for path in folder.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
        assert LABEL.encode("utf-32-le") in path.read_bytes()  # as NumPy writes texts
    content = (folder / "cloud.npz").read_bytes()
    key = store._key
    codes = SCHEMA.encode(ROWS)
    for secret in (store._record_key.secret, key.first, key.second, codes[1:3], codes[1:40, 0]):
        assert bytes(secret) not in content


def test_an_opened_store_answers_as_the_saved_one(store, tmp_path):
    """Ids, values, fillers and the work of the cloud; and it goes on inserting and deleting."""
    store.save(tmp_path / "store")
    again = opened(tmp_path / "store")
    assert again.status() == store.status()
    _same(store, again)
    for one in (store, again):
        ids = one.insert(ROWS[:30], {"patient": np.arange(30)})
        assert ids.tolist() == list(range(200, 230))
        one.delete([*range(20, 90), 205])
    assert again.status() == store.status()
    _same(store, again)


def test_an_empty_store_is_kept_as_such(tmp_path):
    """It holds nothing, and takes records once opened."""
    nobody: dict[str, list[int]] = {"patient": []}
    PaperStore.create(SCHEMA, ROWS[:0], nobody, acknowledge_insecure=True).save(tmp_path / "store")
    store = opened(tmp_path / "store")
    assert len(store) == 0
    store.insert([[4, 4, 30]], {"patient": [9]})
    assert store.query({"HR": (4, 4)}).carried["patient"].tolist() == [9]


def _same(store, again):
    rng = np.random.default_rng(1)
    for _ in range(20):
        low, high = np.sort(rng.integers(0, 32, (2, 2)), axis=0).tolist()
        ranges = {"HR": (low[0], high[0]), "SBP": (low[1], high[1])}
        for asked in (ranges, {"Temp": (30 + low[0] / 4, None)}):
            assert again.query(asked, 5).document() == store.query(asked, 5).document()
