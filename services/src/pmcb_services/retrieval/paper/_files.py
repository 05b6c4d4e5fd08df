# SPDX-License-Identifier: Apache-2.0
"""A store of the reproduction in a folder: what a cloud would hold, and apart from it the keys.

::

    FOLDER/
        cloud.npz      encrypted vectors, sealed records, arrays of record numbers
        keys.npz       S, M1, M2, the key of the records; the SHA-256 of cloud.npz

Both carry the label, and no plain record: who opens the store decrypts them.
"""

from __future__ import annotations

import io
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from pmcb_client.files import private_folder, write_private
from pmcb_services.retrieval import Schema
from pmcb_services.retrieval.errors import (
    InputError,
    KeyMismatch,
    RetrievalError,
    StoreExists,
    TamperedError,
    UnknownStore,
)

from ._answer import LABEL
from ._aspe import AspeKey
from ._cloud_side import CloudSide
from ._forest import Forest, ForestPlan
from ._rangetree import RangeTree
from ._sealing import RecordKey

__all__ = ["Saved", "load", "save"]

_CLOUD, _KEYS = "cloud.npz", "keys.npz"
_TREE = [field.name for field in fields(RangeTree) if field.name not in {"dims", "leaf"}]

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False, slots=True)
class Saved:
    """Everything of a store that lasts.

    Attributes:
        schema: of the records.
        plan: which trees there are.
        allowed: bytes of record numbers.
        key: of the vectors.
        record_key: of the records.
        cloud: what the cloud holds.
        live: shape (N,), False of deleted records.
        places: the static forests by their place.
    """

    schema: Schema
    plan: ForestPlan
    allowed: int
    key: AspeKey
    record_key: RecordKey
    cloud: CloudSide
    live: NDArray[np.bool_]
    places: Mapping[int, Forest]


def save(folder: Path, store: Saved) -> None:
    """Write a new folder, whole or not at all; nobody but its owner may look into it.

    Raises:
        StoreExists: there is something of this name.
        InputError: it cannot be written.
    """
    cloud = _packed(_cloud_arrays(store))
    keys = _packed(_key_arrays(store, cloud))
    begun = None
    try:
        begun = Path(tempfile.mkdtemp(prefix=".begun-", dir=private_folder(folder.parent)))  # 0700
        write_private(begun / _CLOUD, cloud)
        write_private(begun / _KEYS, keys)
        if folder.exists():
            raise StoreExists(f"There is a '{folder.name}' already.", field="folder")
        begun.rename(folder)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"{folder.name} cannot be written ({reason}).", field="folder") from error
    finally:
        if begun is not None:
            shutil.rmtree(begun, ignore_errors=True)


def load(folder: Path) -> Saved:
    """What `save` wrote.

    Raises:
        UnknownStore: there is no such store.
        KeyMismatch: the keys cannot be used.
        TamperedError: the cloud's file is not the one that these keys were saved with.
    """
    cloud = _read(folder / _CLOUD, UnknownStore, "There is no store of the reproduction here")
    unusable = f"{_KEYS} holds no keys of a store of the reproduction"
    try:
        keys = _unpacked(_read(folder / _KEYS, KeyMismatch, unusable))
        levels = tuple(keys["levels"].tolist())
        key = AspeKey(levels, keys["split"], keys["first"], keys["second"])
        record_key = RecordKey(keys["records"].tobytes())
        label, digest = keys["label"].item(), keys["cloud"].tobytes()
    except (ValueError, KeyError, EOFError, BadZipFile, InputError):
        raise KeyMismatch(f"{unusable}.") from None
    if label != LABEL:
        raise KeyMismatch(f"{unusable}.")
    if sha256(cloud).digest() != digest:
        raise TamperedError(f"{_CLOUD} is not the one that {_KEYS} was saved with.")
    return _store(_unpacked(cloud), key, record_key)


def _cloud_arrays(store: Saved) -> Arrays:
    about = {
        "label": LABEL,
        "schema": store.schema.document(),
        "dims": store.plan.dims,
        "leaf": store.plan.leaf,
        "max_index_bytes": store.allowed,
        "places": [*store.places],
    }
    cloud = store.cloud
    held = b"".join(cloud.sealed)
    arrays: dict[str, NDArray[Any]] = {
        "about": np.array(json.dumps(about)),
        "table": cloud.table,
        "live": store.live,
        "sealed": np.frombuffer(held, np.uint8).reshape(np.count_nonzero(store.live), -1)
        if held
        else np.empty((0, 0), np.uint8),
        "buffer": cloud.buffer,
    }
    arrays |= {f"order {j}": order for j, order in enumerate(cloud.orders)}
    for place, forest in store.places.items():
        arrays[f"{place} ids"] = forest.ids
        for at, tree in enumerate(forest.trees):
            arrays |= {f"{place} {at} {name}": getattr(tree, name) for name in _TREE}
    return arrays


def _key_arrays(store: Saved, cloud: bytes) -> Arrays:
    key = store.key
    return {
        "label": np.array(LABEL),
        "levels": np.array(key.levels),
        "split": key.split,
        "first": key.first,
        "second": key.second,
        "records": np.frombuffer(store.record_key.secret, np.uint8),
        "cloud": np.frombuffer(sha256(cloud).digest(), np.uint8),
    }


def _store(arrays: Arrays, key: AspeKey, record_key: RecordKey) -> Saved:
    about = json.loads(arrays["about"].item())
    schema = Schema.from_document(about["schema"])
    plan = ForestPlan(tuple(tuple(dims) for dims in about["dims"]), about["leaf"])
    live, sealed = arrays["live"], arrays["sealed"]
    cloud = CloudSide(arrays["table"].shape[1], len(schema.attributes))
    records = (row.tobytes() for row in sealed)
    cloud.put(arrays["table"], [next(records) if each else b"" for each in live.tolist()])
    cloud.bury(np.flatnonzero(~live).astype(np.int32))
    places = {place: _forest(arrays, place, plan) for place in about["places"]}
    orders = [arrays[f"order {j}"] for j in range(len(schema.attributes))]
    cloud.arrange([places[place] for place in sorted(places)], arrays["buffer"], orders)
    allowed = about["max_index_bytes"]
    return Saved(schema, plan, allowed, key, record_key, cloud, live, places)


def _forest(arrays: Arrays, place: int, plan: ForestPlan) -> Forest:
    trees = [
        RangeTree(dims, plan.leaf, **{name: arrays[f"{place} {at} {name}"] for name in _TREE})
        for at, dims in enumerate(plan.dims)
    ]
    return Forest(arrays[f"{place} ids"], trees)


def _packed(arrays: Arrays) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]  # no name is allow_pickle
    return file.getvalue()


def _unpacked(content: bytes) -> Arrays:
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _read(path: Path, error: type[RetrievalError], message: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as reason:
        raise error(f"{message} ({reason.strerror or type(reason).__name__}).") from reason
