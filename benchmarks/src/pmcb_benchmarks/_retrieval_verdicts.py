# SPDX-License-Identifier: Apache-2.0
"""Each target of encrypted retrieval, what was measured, and whether it is met."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ._fog_structures import PAIRS, SCAN, TUNED
from ._retrieval_speed import KD_TREE
from ._retrieval_targets import (
    ADDED_MS,
    ANCHORED,
    BOXES,
    BUILD_S,
    BUILT,
    BYTES,
    CAUGHT,
    CHANGE,
    DIRECTORY,
    FASTER,
    FOLD_FAR_S,
    FOLD_S,
    MEAN,
    MILLISECONDS,
    PAIR_BYTES,
    PAIR_MS,
    PAIR_TESTS,
    PER_S,
    ROUND,
    TIMES,
    UPDATES,
)
from ._retrieval_worlds import FEW
from .page import Row

__all__ = ["label", "retrieval_rows"]

Found = Mapping[str, Any]


def retrieval_rows(found: Found) -> Iterator[Row]:
    """One row a target; of what was not measured there is none."""
    for case in found["cases"]:
        yield from _case(case)
    yield from _served(found["served"])
    yield from _traffic(found["traffic"], found["cases"])
    yield from _kills(found["kills"])
    yield from _leakage(found["leakage"])
    yield from _exact(found["exact"])
    yield from _pairs(found["pairs"])


def label(case: Found) -> str:
    """What a store holds.

    >>> label({"records": 1000, "attributes": 5, "layouts": "kd+1d"})
    '1,000 records of 5 attributes, kd+1d'
    """
    return f"{case['records']:,} records of {case['attributes']} attributes, {case['layouts']}"


def few(case: Found) -> list[Found]:
    """The measured numbers of hits for which the targets on time hold."""
    return [row for row in case["queries"] if row["hits"] <= FEW]


def _case(case: Found) -> Iterator[Row]:
    key, what = (case["records"], case["attributes"]), label(case)
    slowest = max(row["ms"] for row in few(case))
    if most := MILLISECONDS.get(key):
        times = ", ".join(f"{row['ms']:.2f}" for row in few(case))
        yield (
            f"a query of 10 and of 50 hits, {what}: median",
            f"≤ {most:g} ms",
            f"{times} ms",
            slowest <= most,
        )
        mean = case["epoch"]["mean_ms"]
        yield (
            f"the mean over an epoch and its change, {what}",
            f"≤ {MEAN * most:g} ms",
            (
                f"{mean:.2f} ms ({case['epoch']['mean_cpu_ms']:.2f} of CPU) over "
                f"{case['epoch']['queries']:,} queries"
            ),
            mean <= MEAN * most,
        )
    if times_most := TIMES.get(key):
        ratios = [row["ms"] / row["beside"][KD_TREE] for row in few(case)]
        yield (
            f"the store over {KD_TREE} on plain records, 10 and 50 hits, {what}",
            f"≤ {times_most:g} times",
            " and ".join(f"{ratio:.1f}" for ratio in ratios),
            max(ratios) <= times_most,
        )
    yield from _faster(case)
    yield from _updates(case)


def _faster(case: Found) -> Iterator[Row]:
    for (records, name), least in FASTER.items():
        if records != case["records"] or name not in case["queries"][0]["beside"]:
            continue
        ratios = [row["beside"][name] / row["ms"] for row in few(case)]
        yield (
            f"{name} over the store, 10 and 50 hits, {label(case)}",
            f"≥ {least:g} times",
            " and ".join(f"{ratio:.1f}" for ratio in ratios),
            min(ratios) >= least,
        )


def _updates(case: Found) -> Iterator[Row]:
    if (case["records"], case["attributes"]) != BUILT:
        return
    what, told = label(case), case["updates"]
    yield (
        f"building {what}, in memory",
        f"≤ {BUILD_S:g} s",
        f"{case['build_s']:.1f} s ({case['build_cpu_s']:.1f} of CPU)",
        case["build_s"] <= BUILD_S,
    )
    yield (
        f"renewing it with a full log, in memory, {what}",
        f"≤ {FOLD_S:g} s",
        (
            f"{told['fold_s']:.2f} s ({told['fold_cpu_s']:.2f} of CPU; without any writes "
            f"{case['epoch']['change_s']:.2f} s)"
        ),
        told["fold_s"] <= FOLD_S,
    )
    slower = min(told["inserts_per_s"], told["deletes_per_s"])
    yield (
        f"inserts and deletes, {told['batch']:,} at a time, {what}",
        f"≥ {UPDATES:,}/s",
        f"{told['inserts_per_s']:,}/s, {told['deletes_per_s']:,}/s",
        slower >= UPDATES,
    )


def _served(served: Found) -> Iterator[Row]:
    rows = [row for row in served["queries"] if row["hits"] <= FEW]
    added = [row["far_ms"] - row["near_ms"] for row in rows]
    yield (
        "what loopback HTTP and LMDB add to a query of 10 and of 50 hits",
        f"≤ {ADDED_MS:g} ms",
        (
            f"{' and '.join(f'{each:.2f}' for each in added)} ms; processors are busy for "
            f"{rows[0]['fog_cpu_ms']:.2f} ms in the fog and {rows[0]['cloud_cpu_ms']:.2f} ms in "
            "the cloud"
        ),
        max(added) <= ADDED_MS,
    )
    yield (
        "queries over HTTP and LMDB between epoch changes, one after the other",
        f"≥ {PER_S:g}/s",
        " and ".join(f"{row['per_s']:,.0f}/s" for row in rows),
        min(row["per_s"] for row in rows) >= PER_S,
    )
    told = served["updates"]
    yield (
        f"renewing {served['records']:,} records with a full log, HTTP and LMDB",
        f"≤ {FOLD_FAR_S:g} s",
        (
            f"{told['fold_s']:.2f} s ({told['fold_cpu_s']:.2f} of CPU in the fog; building "
            f"{served['build_s']:.1f} s)"
        ),
        told["fold_s"] <= FOLD_FAR_S,
    )


def _traffic(traffic: Found, cases: list[Found]) -> Iterator[Row]:
    entries = [case for case in cases if case["attributes"] == 5]
    told = [(label(case), case["sizes"]) for case in entries]
    names = "; ".join(name for name, _ in told)
    worst = max(sizes["per_record_and_layout"] for _, sizes in told)
    yield (
        f"stored per record and layout, dummies and labels included ({names})",
        f"≤ {BYTES:g} B",
        " / ".join(f"{sizes['per_record_and_layout']:.1f}" for _, sizes in told) + " B",
        worst <= BYTES,
    )
    worst = max(sizes["directory_per_record_and_layout"] for _, sizes in told)
    yield (
        "directory in the fog per record and layout, the same",
        f"≤ {DIRECTORY:g} B",
        f"{worst:.2f} B at most",
        worst <= DIRECTORY,
    )
    both = traffic["up_per_round"] + traffic["down_per_round"]
    yield (
        f"a round, counted at the cloud ({traffic['rounds']:,} of {traffic['records']:,} records)",
        f"≤ {ROUND // 1000:,} KB, all alike",
        f"{both / 1000:.1f} KB, {traffic['sizes_of_rounds']} size",
        both <= ROUND and traffic["sizes_of_rounds"] == 1,
    )
    changed = max(traffic["change_up"], traffic["change_down"]) / traffic["rounds_per_epoch"]
    yield (
        "an epoch's change over its rounds, each way, counted the same",
        f"≤ {CHANGE[False] // 1000:,} KB",
        f"{changed / 1000:.1f} KB",
        changed <= CHANGE[False],
    )
    for case in entries:
        most = CHANGE[case["records"] > BUILT[0]]
        each = case["sizes"]["epoch_per_round"]
        if case["records"] > ANCHORED:
            yield (
                f"the same from the store's shape, {label(case)}",
                f"≤ {most // 1000:,} KB",
                f"{each / 1000:.1f} KB",
                each <= most,
            )


def _kills(kills: Found) -> Iterator[Row]:
    wrong = {
        "acknowledged writes lost": kills["lost"],
        "changed": kills["changed"],
        "deleted records risen": kills["risen"],
        "records that nobody inserted": kills["unexplained"],
        "labels fetched twice": kills["fetched_twice"],
        "pools in which two lives had a hand": kills["dead_epochs_touched"],
        "writers that failed": kills["failed"],
    }
    yield (
        (
            f"kill -9 of the writer on LMDB: {kills['kills']:,} times, {kills['at_random']:,} at "
            f"random under load, the others at each of the {len(kills['writes_of_a_change'])} "
            f"writes of an epoch change, before and after; {kills['acknowledged']:,} writes "
            f"acknowledged, {kills['epochs']:,} epochs"
        ),
        "nothing lost; no label of a dead epoch fetched again",
        ", ".join(f"{number} {name}" for name, number in wrong.items()),
        not any(wrong.values()),
    )


def _leakage(leakage: Found) -> Iterator[Row]:
    fixed, control = leakage["fixed"], leakage["control"]
    for key, what in (
        ("linking_auc", "repeats told from the cloud's view (AUC)"),
        ("position_rho", "queries put in order from it (Spearman's rho)"),
    ):
        yield (
            f"{what}, {fixed['queries']:,} queries, {fixed['rounds']}",
            "within the 99 % null",
            _score(fixed[key]),
            fixed[key]["is_chance"],
        )
    yield (
        "the control: the same buckets under lasting labels",
        f"caught: AUC > {CAUGHT:g}",
        f"AUC {_score(control['linking_auc'])}, rho {_score(control['position_rho'])}",
        control["linking_auc"]["value"] > CAUGHT and not control["position_rho"]["is_chance"],
    )


def _score(score: Found) -> str:
    return f"{score['value']:.3f} (null {score['null_low']:.3f} to {score['null_high']:.3f})"


def _exact(exact: list[Found]) -> Iterator[Row]:
    keys = ("boxes", "wrong", "epochs", "with_fillers", "certified")
    boxes, wrong, epochs, filled, certified = (sum(each[key] for each in exact) for key in keys)
    yield (
        f"answers unlike plain comparison, 1 to 8 attributes, amid updates, {epochs:,} epochs",
        f"0 of ≥ {BOXES:,}",
        f"{wrong} of {boxes:,}; {certified:,} of {filled:,} with fillers certified",
        wrong == 0 and boxes >= BOXES,
    )


def _pairs(pairs: Found) -> Iterator[Row]:
    rows, every = pairs["pairs"], [*pairs["pairs"], *pairs["wide"]]
    size, slowest = pairs["bytes_per_record"], max(row[PAIRS]["ms"] for row in rows)
    fewer = min(row[TUNED]["tests"] / row[PAIRS]["tests"] for row in rows)
    over = sum(row[PAIRS]["tests"] > row[SCAN]["tests"] for row in every)
    yield (
        f"the reproduced pair forest at {pairs['records']:,}, beside its vectors",
        f"≤ {PAIR_BYTES:g} B a record",
        f"{size:.0f} B",
        size <= PAIR_BYTES,
    )
    yield (
        f"the same, {pairs['hits']} hits by any two attributes",
        f"≤ {PAIR_MS:g} ms, ≥ {PAIR_TESTS:g} times fewer tests than a tuned kd-tree",
        f"{slowest:.3f} ms at most, {fewer:.1f} times at least",
        slowest <= PAIR_MS and fewer >= PAIR_TESTS,
    )
    yield (
        f"the same, plans of more tests than the scan's, of {len(every)} patterns of ranges",
        "0",
        str(over),
        over == 0,
    )
