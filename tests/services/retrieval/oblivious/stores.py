# SPDX-License-Identifier: Apache-2.0
"""Small stores, and the answers that a scan of the plain records gives."""

from dataclasses import dataclass, field

import numpy as np

from pmcb_services.retrieval import Attribute, Carried, Schema
from pmcb_services.retrieval._settings import Settings
from pmcb_services.retrieval.cloud import MemoryCloud
from pmcb_services.retrieval.keys import StoreKeys
from pmcb_services.retrieval.oblivious import MemoryState, ObliviousStore

SMALL = Settings(bucket=8, batch=4, log=16)
"""Buckets, rounds and a log so small that epochs end all the time."""

KEYS = StoreKeys(bytes(range(32)))


def schema_of(attributes, levels=16, missing="refuse"):
    """So many attributes of so many levels, each record of a patient."""
    scales = [Attribute(f"a{j}", 0, levels - 1, 1) for j in range(attributes)]
    return Schema("s", scales, [Carried("patient", "uint16")], patient="patient", missing=missing)


@dataclass
class Records:
    """Plain records by id, beside a store of them."""

    schema: Schema
    codes: np.ndarray
    patients: np.ndarray
    live: np.ndarray = field(init=False)

    def __post_init__(self):
        self.live = np.ones(len(self.codes), dtype=bool)

    @classmethod
    def drawn(cls, n, attributes, *, levels=16, seed=0, distinct=None):
        """Records by chance, of ``distinct`` different vectors at most."""
        rng = np.random.default_rng(seed)
        codes = rng.integers(0, levels, (n, attributes)).astype(np.uint16)
        if distinct:
            codes = codes[rng.integers(0, min(distinct, n), n)] if n else codes
        return cls(schema_of(attributes, levels), codes, rng.integers(0, max(1, n // 5), n))

    def store(self, *, cloud=None, state=None, settings=SMALL, **options):
        """An oblivious store of them."""
        return ObliviousStore.create(
            MemoryCloud() if cloud is None else cloud,
            self.schema,
            self.codes,
            {"patient": self.patients},
            keys=KEYS,
            settings=settings,
            state=state or MemoryState(),
            **options,
        )

    def insert(self, store, codes, patients):
        """Into both."""
        ids = store.insert(codes, {"patient": patients})
        assert ids.tolist() == list(range(len(self.codes), len(self.codes) + len(codes)))
        self.codes = np.concatenate([self.codes, np.asarray(codes, np.uint16)])
        self.patients = np.concatenate([self.patients, patients])
        self.live = np.concatenate([self.live, np.ones(len(codes), dtype=bool)])

    def delete(self, store, ids):
        """From both."""
        store.delete(ids)
        self.live[ids] = False

    def expected(self, ranges, minimum=0):
        """Ids inside, and the ids of all others by (gap, id), by a scan."""
        inside = self.live.copy()
        gap = np.zeros(len(self.codes))
        for name, (low, high) in ranges.items():
            j = self.schema.names.index(name)
            x = self.codes[:, j].astype(float)
            top = self.schema.levels[j] - 1
            lo, hi = 0 if low is None else low, top if high is None else high
            inside &= (x >= lo) & (x <= hi)
            gap = np.maximum(gap, np.maximum(lo - x, x - hi) / top)
        others = np.flatnonzero(self.live & ~inside)
        others = others[np.lexsort((others, gap[others]))]
        hits = np.flatnonzero(inside)
        wanted = max(0, min(minimum, int(self.live.sum())) - len(hits))
        return hits.tolist(), others[:wanted].tolist(), gap

    def check(self, store, ranges, minimum=0, **options):
        """The store's answer is the scan's."""
        answer = store.query(ranges, minimum, everything=not ranges, **options)
        hits, nearest, gap = self.expected(ranges, minimum)
        found, fill = answer.ids[answer.in_range].tolist(), answer.ids[~answer.in_range].tolist()
        assert found == hits
        assert len(fill) == len(nearest)
        assert self.live[fill].all()
        assert len(set(found + fill)) == len(answer)
        assert answer.gap[~answer.in_range].tolist() == gap[fill].tolist()
        if answer.certified:
            assert fill == nearest
        assert np.array_equal(answer.values, self.codes[answer.ids])
        assert np.array_equal(answer.carried["patient"], self.patients[answer.ids])
        return answer


class Seeded:
    """In the place of the operating system's source: the test's error rate is that of its seed."""

    def __init__(self, seed):
        self._rng = np.random.default_rng(seed)

    def token_bytes(self, count):
        """Bytes by chance."""
        return self._rng.bytes(count)


def box_of(rng, schema):
    """A random box: any pattern of wildcards, open ends, single values among them."""
    ranges = {}
    for name, levels in zip(schema.names, schema.levels, strict=True):
        if rng.random() < 0.6:
            lo, hi = np.sort(rng.integers(0, levels, 2)).tolist()
            lo = hi if rng.random() < 0.2 else lo
            ranges[name] = [(lo, hi), (None, hi), (lo, None)][int(rng.integers(0, 3))]
    return ranges or {schema.names[0]: (0, schema.levels[0] - 1)}
