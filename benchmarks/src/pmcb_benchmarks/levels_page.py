# SPDX-License-Identifier: Apache-2.0
"""From ``pmcb bench levels`` to the tables of docs/performance.md."""

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from .page import Row

PER_SIZE = ((1_000_000, 120), (100_000, 60), (0, 6))
"""Users from whom on so many seconds are allowed from the file to the levels."""

PEAK_BYTES = 2e9
LOCAL_BYTES, LOCAL_S = 500e6, 5
WARM = {3: 0.95, 5: 0.93}
VOTE = {3: 0.93, 5: 0.88}
KEPT_WITH_PIVOTS = 0.98
BALANCE, RATIO_CUT = 1.25, 0.80
COVERED, FAKES_ON_TOP = 0.005, 0.03


def speed_rows(found: Mapping[str, Any]) -> list[Row]:
    """Seconds and memory, beside other libraries in the same run."""
    local, between, scale = found["local_metrics"], found["betweenness"], found["scale"]
    igraph = next(each for each in between["anchors"] if each["library"] == "igraph")
    large = scale["local_metrics_at_scale"]
    return [
        (
            f"local metrics of {found['graph']['name']} against NetworkX",
            "≥ 300 times faster, ≤ 0.1 CPU s, equal to 1e-12",
            (
                f"{local['ratio']:.0f} times ({local['cpu_s']:.3f} against "
                f"{local['networkx_cpu_s']:.1f} CPU s), off by {local['max_difference']:.0e}"
            ),
            local["ratio"] >= 300 and local["cpu_s"] <= 0.1 and local["max_difference"] <= 1e-12,
        ),
        (
            f"local metrics, {_size(large['graph'])}, in a process of its own",
            f"≤ {LOCAL_S} s, ≤ {LOCAL_BYTES / 1e6:.0f} MB",
            f"{large['metrics_cpu_s']:.1f} CPU s, peak {large['peak_bytes'] / 1e6:.0f} MB",
            large["metrics_cpu_s"] <= LOCAL_S and large["peak_bytes"] <= LOCAL_BYTES,
        ),
        (
            f"exact betweenness of {found['graph']['name']} against igraph",
            "≤ 2 times its time, equal to 1e-9",
            (
                f"{igraph['ratio']:.2f} times ({between['cpu_s']:.2f} against "
                f"{igraph['cpu_s']:.2f} CPU s), off by {igraph['max_relative_difference']:.0e}"
            ),
            igraph["ratio"] <= 2 and igraph["max_relative_difference"] <= 1e-9,
        ),
        *map(_end_to_end_row, scale["end_to_end"]),
    ]


def _size(graph: Mapping[str, Any]) -> str:
    return f"{graph['users']:,} users, {graph['ties']:,} ties"


def _end_to_end_row(each: Mapping[str, Any]) -> Row:
    limit = next(seconds for users, seconds in PER_SIZE if each["graph"]["users"] >= users)
    return (
        f"from a file of {_size(each['graph'])} to T = {each['levels']} levels, a whole process",
        f"≤ {limit} s, ≤ 2 GB",
        (
            f"{each['wall_s']:.1f} s, {each['cpu_s']:.1f} CPU s, "
            f"peak {each['peak_bytes'] / 1e9:.2f} GB"
        ),
        each["wall_s"] <= limit and each["peak_bytes"] <= PEAK_BYTES,
    )


def anchors_table(path: Path) -> str:
    """Exact betweenness by every library, in Markdown, and the whole way beside two."""
    found = json.loads(path.read_text())
    between, way = found["betweenness"], found["whole_way"]
    lines = [
        "| exact betweenness by | CPU s | ours / its time | largest relative difference |",
        "|---|---|---|---|",
        f"| `pmcb_clustering.betweenness` | {between['cpu_s']:.2f} | | |",
        *map(_anchor_line, between["anchors"]),
        "",
        textwrap.fill(
            f"The whole way on a generated graph of {_size(way['graph'])}, T = {way['levels']}: "
            f"NetworkX's metrics and scikit-learn's `SpectralClustering` take "
            f"{way['anchor_cpu_s']:.1f} CPU s and leave levels of "
            f"{', '.join(f'{size:,}' for size in way['anchor_sizes'])} users; ours takes "
            f"{way['cpu_s']:.2f} CPU s, {way['ratio']:.0f} times less, with balance "
            f"{way['balance']:.2f}.",
            110,
        ),
    ]
    return "\n".join(lines)


def _anchor_line(each: Mapping[str, Any]) -> str:
    if "skipped" in each:
        return f"| {each['library']} | left out: {each['skipped']} | | |"
    name = f"{each['library']} {each['version']}"
    if "sources" in each:
        name += f" (timed from {each['sources']:,} sources, scaled up to all)"
    difference = each.get("max_relative_difference")
    told = "" if difference is None else f"{difference:.0e}"
    return f"| {name} | {each['cpu_s']:.1f} | {each['ratio']:.2f} | {told} |"


def quality_rows(found: Mapping[str, Any]) -> Iterator[Row]:
    """Balance on every graph, RatioCut against k-means over the seeds."""
    for each in found["balance"]:
        worst = max(each["levels"], key=lambda one: one["balance"])
        yield (
            f"balance of {each['graph']['name']}, {_size(each['graph'])}, T = 2 to 8",
            f"≤ {BALANCE}",
            f"at most {worst['balance']:.3f}, at T = {worst['levels']}",
            worst["balance"] <= BALANCE,
        )
    for t, rows in _by_levels(found["seeds"]):
        cuts = [each["ratio_cut_to_kmeans"] for each in rows]
        yield (
            f"RatioCut against k-means on {found['graph']['name']}, T = {t}, {_seeds(rows)}",
            f"≤ {RATIO_CUT:.2f} times",
            f"{min(cuts):.3f} to {max(cuts):.3f} times",
            max(cuts) <= RATIO_CUT,
        )


def _by_levels(rows: Iterable[Mapping[str, Any]]) -> list[tuple[int, list[Mapping[str, Any]]]]:
    rows = list(rows)
    found = sorted({each["levels"] for each in rows})
    return [(t, [each for each in rows if each["levels"] == t]) for t in found]


def _seeds(rows: Iterable[Mapping[str, Any]]) -> str:
    return f"seeds {', '.join(str(each['seed']) for each in rows)}"


def stability_rows(found: Mapping[str, Any]) -> Iterator[Row]:
    """Who keeps the level: of several seeds the worst counts."""
    for t, rows in _by_levels(found["seeds"]):
        kept = [each["kept_with_pivots"] for each in rows]
        yield (
            f"256 pivots instead of exact betweenness, T = {t}, {_seeds(rows)}",
            f"≥ {KEPT_WITH_PIVOTS:.0%} keep their level",
            f"{min(kept):.1%} to {max(kept):.1%}",
            min(kept) >= KEPT_WITH_PIVOTS,
        )
    for each in found["sampled"]:
        yield (
            f"the same on {each['graph']['name']}, T = {each['levels']}, seed {each['seed']}",
            f"≥ {KEPT_WITH_PIVOTS:.0%} keep their level",
            f"{each['kept_with_pivots']:.1%} (halves agree with Spearman {each['split_half']:.3f})",
            each["kept_with_pivots"] >= KEPT_WITH_PIVOTS,
        )
    for kind in ("removed", "rewired"):
        for t, rows in _by_levels(each for each in found["churn"] if each["ties"] == kind):
            warm, cold = ([each[way] for each in rows] for way in ("warm", "cold"))
            yield (
                f"1 % of the ties {kind}, warm, T = {t}, {_seeds(rows)}",
                f"≥ {WARM[t]:.0%} keep their level",
                f"{min(warm):.1%} to {max(warm):.1%} (cold {min(cold):.1%} to {max(cold):.1%})",
                min(warm) >= WARM[t],
            )
    for each in found["newcomers"]:
        t = each["levels"]
        yield (
            f"{each['voted_on']} users leave and are voted on as newcomers, T = {t}",
            f"≥ {VOTE[t]:.0%} get their level",
            f"{each['agreement']:.1%}; of those who stayed {each['stayed']:.1%} have theirs",
            each["agreement"] >= VOTE[t],
        )
    for each in found["determinism"]:
        yield (
            f"{each['graph']['name']}, {_size(each['graph'])}: 1 and 2 threads, nodes shuffled",
            "equal hash, ARI 1",
            (
                f"threads: {_equal(each['threads_equal'])}, shuffled: "
                f"{_equal(each['order_equal'])}, ARI {each['ari']:g}"
            ),
            each["threads_equal"] and each["ari"] == 1.0,
        )


def _equal(same: bool) -> str:
    return "equal hash" if same else "another hash"


def attack_rows(found: Mapping[str, Any]) -> Iterator[Row]:
    """Gangs of friends, and made-up accounts."""
    plain, friendly = found["gangs"]
    yield (
        (
            f"a connected gang of {friendly['gang']} covers all {friendly['levels']} levels, "
            f"`social_weight={friendly['social_weight']:g}`"
        ),
        f"≤ {COVERED:.1%} at balance ≤ {BALANCE}",
        (
            f"{_covered(friendly)}, balance {friendly['balance']:.2f}; without it "
            f"{_covered(plain)}, balance {plain['balance']:.2f}"
        ),
        friendly["coverage"] <= COVERED and friendly["balance"] <= BALANCE,
    )
    for each in found["sybils"]:
        yield (
            (
                f"{each['fakes']} made-up accounts with {each['attack_ties']} ties to real users, "
                f"{each['trusted']} trusted, T = {each['levels']}"
            ),
            f"≤ {FAKES_ON_TOP:.0%} on the top level",
            (
                f"{each['top_with']:.0%} (without the gate {each['top_without']:.0%}); it holds "
                f"{each['fakes_held_back']:.0%} of them back and {each['honest_held_back']:.1%} "
                "of the real"
            ),
            each["top_with"] <= FAKES_ON_TOP,
        )


def _covered(each: Mapping[str, Any]) -> str:
    return f"{each['coverage']:.2%} ({each['low']:.2%} to {each['high']:.2%})"


def modes_table(path: Path) -> str:
    """Every mode beside k-means, and its price, in Markdown."""
    head = [
        (
            "| mode | T | balance | RatioCut / k-means | inversions | partition, s | "
            "same level: 256 pivots | 1 % of ties removed, cold | warm |"
        ),
        "|---|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join(head + [_mode_line(each) for each in json.loads(path.read_text())["modes"]])


def _mode_line(each: Mapping[str, Any]) -> str:
    kept = (each[f"kept_{how}"] for how in ("with_pivots", "cold", "warm"))
    cut = each["ratio_cut_to_kmeans"]
    cells = (
        f"`{each['mode']}`",
        each["levels"],
        f"{each['balance']:.2f}",
        "" if cut is None else f"{cut:.3f}",
        f"{each['inversion_rate']:.1%}",
        f"{each['partition_s']:.2f}",
        *("" if share is None else f"{share:.1%}" for share in kept),
    )
    return f"| {' | '.join(map(str, cells))} |"


def caveats(path: Path) -> str:
    """What the tables do not show: the price of social_weight, and lopsided graphs."""
    found = json.loads(path.read_text())
    plain, friendly = found["gangs"]
    ordered = "is kept" if friendly["ordered"] else "is not kept"
    text = (
        f"`social_weight={friendly['social_weight']:g}` multiplies the RatioCut by "
        f"{friendly['ratio_cut'] / plain['ratio_cut']:.1f}: levels are less alike inside; the "
        f"order of influence {ordered}."
    )
    worse = list(filter(None, map(_dearer, found["balance"])))
    if worse:
        text += (
            " Bounded sizes can cost RatioCut against k-means, which bounds nothing, where many "
            f"users are alike or pieces lie apart: {'; '.join(worse)}."
        )
    return textwrap.fill(text, 110, break_on_hyphens=False)


def _dearer(each: Mapping[str, Any]) -> str:
    """For which T the RatioCut is above that of k-means, and how much; empty for none."""
    dear = [one for one in each["levels"] if (one["ratio_cut_to_kmeans"] or 0.0) > 1.0]
    if not dear:
        return ""
    levels = ", ".join(str(one["levels"]) for one in dear)
    times = [f"{one['ratio_cut_to_kmeans']:,.1f}" for one in dear]
    balances = ", ".join(f"{one['kmeans_balance']:,.1f}" for one in dear)
    return (
        f"{each['graph']['name']} of {each['graph']['users']:,} users ({each['most_alike']:,} with "
        f"the same metrics) at T = {levels} is {', '.join(times)} times that of k-means, whose "
        f"balance is {balances}"
    )
