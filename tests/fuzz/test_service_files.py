# SPDX-License-Identifier: Apache-2.0
"""What services are handed: sealed files, what a cloud gives back, keys, releases, scenarios.

Whatever was done to them: an error of the package, or what they said; no secret in its words.
"""

import json

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.fuzz.checks import MARKER, attempt, examples
from tests.fuzz.damage import documents, lines, scarred
from tests.services.fog.sim.test_scenario import WARD
from tests.services.publishing.releases import released
from tests.services.publishing.test_verify import rehashed

from pmcb_client.sealing import Blob, Kind, Place, seal
from pmcb_client.sealing._blob import PREFIX
from pmcb_client.sealing.errors import SealingError
from pmcb_services.fog.adapter._devices import Devices
from pmcb_services.fog.errors import FogError
from pmcb_services.fog.online._inner import InnerRequest
from pmcb_services.fog.sim import Scenario
from pmcb_services.publishing import Release, ReleaseTampered
from pmcb_services.retrieval.errors import TamperedError, UnusableKey
from pmcb_services.retrieval.keys import StoreKeys
from pmcb_services.retrieval.oblivious._root import Document, RootSeal
from pmcb_services.retrieval.oblivious._seal import LABEL, Seal, cut

HERE = Place("a" * 32, 1, slot=3, holder="HospitalAMSP/ann")
BLOB, KEY = seal(Kind.ANSWER, HERE, MARKER.encode())
HEADER, REST = BLOB.data[PREFIX.size : BLOB.body], BLOB.data[BLOB.body :]


def headed(header: bytes) -> bytes:
    """The sealed file under another header, of whatever length that is."""
    magic, kind, _ = PREFIX.unpack_from(BLOB.data)
    return PREFIX.pack(magic, kind, len(header)) + header + REST


def opened(data: bytes) -> bytes:
    """What a reader makes of a file."""
    return Blob.parse(data).open(KEY, kind=Kind.ANSWER, place=HERE)


@examples(100)
@given(scarred(BLOB.data) | documents(json.loads(HEADER)).map(headed))
@example(headed(b"[" * 100_000))
@example(headed(HEADER))
def test_a_damaged_sealed_file_is_refused_or_the_one_that_was_sealed(data):
    """Its header may lie; nothing opens but what was sealed, byte for byte."""
    found, _ = attempt(SealingError, opened, data)
    assert (found == MARKER.encode()) == (data == BLOB.data)


INDICES = np.arange(3)
BUCKETS = Seal.fresh(b"store ward, epoch 7")
LABELS = BUCKETS.labels(INDICES).tobytes()
PLAINS = [f"{MARKER} {n}".encode() for n in range(3)]
ITEMS = BUCKETS.seal(INDICES, LABELS, PLAINS)
BLOBS = [item[LABEL:] for item in cut(ITEMS, len(ITEMS) // 3)]


@examples(100)
@given(st.lists(scarred(*BLOBS) | st.sampled_from(BLOBS), min_size=3, max_size=3))
@example(BLOBS)
@example([b"", b"", b""])
def test_buckets_that_a_cloud_changed_are_refused(blobs):
    """By the first index that is not what was sealed for it; none opens elsewhere."""
    found, error = attempt(TamperedError, BUCKETS.open, INDICES, LABELS, blobs)
    wrong = [n for n in range(3) if blobs[n] != BLOBS[n]]
    assert found == (None if wrong else PLAINS)
    assert getattr(error, "index", None) == (wrong[0] if wrong else None)


KEYS = StoreKeys(bytes(range(32)))
ROOTS = RootSeal(KEYS, "ward", b"digest")
ROOT = ROOTS.seal(Document({"names": [MARKER]}, {"live": np.arange(9)}), 7, spare=9)


@examples(50)
@given(scarred(ROOT), st.sampled_from((7, 7, 6)))
@example(ROOT, 7)
def test_a_root_that_a_cloud_changed_is_refused(sealed, version):
    """Or of another version, or of other keys."""
    found, _ = attempt((TamperedError, UnusableKey), ROOTS.open, sealed, version)
    assert (found is not None) == (sealed == ROOT and version == 7)


SECRET = {"format": "pmcb-store-keys-1", "secret": KEYS.secret.hex()}


@examples(50)
@given(documents(SECRET))
@example(b"[" * 100_000)
def test_a_damaged_file_of_keys_is_refused_or_holds_keys(folder, raw):
    """Nothing of a key is told."""
    path = folder / "store.keys"
    path.write_bytes(raw)
    found, error = attempt(UnusableKey, StoreKeys.load, path)
    assert (found is None) != (error is None)
    assert KEYS.secret.hex()[:16] not in str(error)


FILES = released("grid").files
DOCUMENT = json.loads(FILES["release.json"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One for all examples: each writes the file that it reads."""
    return tmp_path_factory.mktemp("handed")


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """A release's folder; each example changes files of it."""
    made = tmp_path_factory.mktemp("released")
    for name, data in FILES.items():
        (made / name).write_bytes(data)
    return made


def readable(release, **changed):
    """Whether a release with some files changed opens; then all its answers can be had."""
    changed = {name.replace("_", "."): data for name, data in changed.items()}
    try:
        for name, data in changed.items():
            (release / name).write_bytes(data)
        found, _ = attempt(ReleaseTampered, Release.open, release)
        return found is not None and found.clusters(2).centres is not None
    finally:
        for name in changed:
            (release / name).write_bytes(FILES[name])


@examples(60)
@given(documents(DOCUMENT))
@example(b"[" * 100_000)
def test_a_damaged_document_of_a_release_is_refused_or_describes_it(release, raw):
    """Whatever it says of schema, files and cost."""
    readable(release, release_json=raw)


@examples(60)
@given(lines(FILES["measurements.csv"]))
@example(b"\xff")
def test_damaged_measurements_are_refused_or_measured(release, raw):
    """Also where somebody brought the hashes up to date."""
    same = raw == FILES["measurements.csv"]
    assert readable(release, measurements_csv=raw) == same
    known = rehashed(FILES, measurements_csv=raw)["release.json"]
    readable(release, measurements_csv=raw, release_json=known)


@examples(100)
@given(documents({**WARD, "arrivals": None}))
@example(b"[" * 100_000)
def test_a_damaged_scenario_is_refused_or_planned(folder, raw):
    """By the field that is wrong; or it gives an instance of its orders and servers."""
    path = folder / "scenario.json"
    path.write_bytes(raw)
    found, _ = attempt(FogError, Scenario.read, path)
    if found is not None:
        instance, _ = attempt(FogError, found.instance)
        assert instance is None or instance.n == len(found.orders)


SAID = {"method": "POST", "target": "/v1/x", "headers": {"pmcb-nonce": MARKER}, "to": ""}


@examples(60)
@given(documents(SAID), st.binary(max_size=9))
@example(b"[" * 100_000, b"")
def test_a_damaged_request_inside_an_order_is_refused_or_carried_as_it_is(raw, body):
    """Its body is not looked at; what it becomes is read again as the same."""
    found, _ = attempt(FogError, InnerRequest.decode, raw + b"\n" + body)
    if found is not None:
        assert InnerRequest.decode(found.encode()) == found


ADAPTER = f'token = "{MARKER}{MARKER}"\n["A/pump"]\nrun = ["sh"]\ncommands = ["dose"]\n'.encode()


@examples(100)
@given(scarred(ADAPTER))
@example(ADAPTER)
@example(b"a = " + b"[" * 100_000)
def test_a_damaged_file_of_an_adapter_is_refused_or_names_programs(folder, raw):
    """Each with commands; and its token is told to nobody."""
    path = folder / "adapter.toml"
    path.write_bytes(raw)
    found, _ = attempt(FogError, Devices.read, path)
    if found is not None:
        assert found.token not in repr(found)
        assert all(each.run and each.commands for each in found.entries.values())
