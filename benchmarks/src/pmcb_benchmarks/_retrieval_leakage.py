# SPDX-License-Identifier: Apache-2.0
"""What two adversaries make of a store's requests, and of the same buckets under lasting labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from pmcb_services.retrieval import vitals
from pmcb_services.retrieval._settings import Settings
from pmcb_services.retrieval.leakage import (
    Event,
    Transcript,
    Workload,
    likeness,
    link,
    locate,
    measure,
)
from pmcb_services.retrieval.oblivious._directory import Directory
from pmcb_services.retrieval.oblivious._entry import entry_dtype
from pmcb_services.retrieval.oblivious._layout import build
from pmcb_services.retrieval.oblivious._policy import Policy
from pmcb_services.retrieval.oblivious._seal import Seal
from pmcb_services.retrieval.oblivious._shape import Shape

__all__ = ["leakage"]

ATTRIBUTES = 2


def leakage(records: int, queries: int, rounds: str, seed: int) -> dict[str, Any]:
    """Scores under a fixed policy, under doubling, and of the control that must be caught.

    Args:
        records: n, of two attributes.
        queries: how many, 30 % of which come again.
        rounds: the fixed policy.
        seed: of workload and permutations; keys are fresh.
    """
    held = vitals.load(records).narrowed(ATTRIBUTES)
    found: dict[str, Any] = {"records": records, "source": held.source}
    for policy in (rounds, "doubling"):
        scores = measure(
            held.schema, held.codes, held.carried, rounds=policy, queries=queries, seed=seed
        )
        found[policy.partition(":")[0]] = {"rounds": policy, **scores.document()}
    return {**found, "control": _control(held, queries, seed)}


def _control(held: vitals.Vitals, queries: int, seed: int) -> dict[str, Any]:
    """The kd buckets of each box under labels that never change, and no dummies."""
    rng = np.random.default_rng(seed)
    work = Workload.drawn(held.schema, held.codes, queries, rng)
    size = entry_dtype(held.schema).itemsize
    shape = Shape.of(len(held.codes), 1, size, Settings(), Policy())
    slots = build(held.codes, None, ("kd",), shape)
    directory = Directory.of(held.codes, slots, None, shape.leaves)
    seal, seen = Seal.fresh(b""), Transcript()
    for ranges in work.ranges:
        seen.begin_query()
        buckets = directory.overlaps(held.schema.box(ranges))
        labels = tuple(label.tobytes() for label in seal.labels(buckets))
        seen.events.append(Event("fetch", seen.queries, labels=labels))
    alike, places = likeness(seen.fetched()), seen.ranks()[:, None]
    return {
        "linking_auc": link(alike, places, work.asked, rng).document(),
        "position_rho": locate(alike, places, work.middle, rng).document(),
    }
