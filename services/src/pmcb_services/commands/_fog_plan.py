# SPDX-License-Identifier: Apache-2.0
"""What needs no gateway: ``pmcb fog plan``, ``check``, ``front``, ``simulate``, ``import-hcsp``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmcb_client.terminal import emit, table

from ._served import FILE
from ._written import written

if TYPE_CHECKING:
    from pmcb_client.cli import Settings

_OUT = click.Path(path_type=Path)
_POLICIES = ("round_robin", "mct", "energy_deadline", "rolling")

scenario_argument = click.argument("scenario", type=FILE)
effort_option = click.option(
    "--effort",
    type=click.IntRange(0),
    default=300_000,
    show_default=True,
    help="Proposals; the same number gives the same plan.",
)
seed_option = click.option("--seed", type=click.IntRange(0), default=0, show_default=True)


@click.command()
@scenario_argument
@click.option("--algorithm", default="pricebat", show_default=True, help="Which one plans.")
@effort_option
@click.option("--time", "time_limit", type=float, metavar="SECONDS", help="Instead of an effort.")
@seed_option
@click.option("--out", type=_OUT, help="Write the plan with its certificate, as JSON.")
@click.pass_obj
def plan(
    settings: Settings,
    scenario: Path,
    algorithm: str,
    effort: int,
    time_limit: float | None,
    seed: int,
    out: Path | None,
) -> None:
    """Assign all orders of a scenario at once, and prove how far from optimal that can be."""
    from pmcb_services.fog import Instance, solve

    found = solve(Instance.from_scenario(scenario), algorithm, effort, time_limit, seed)
    document = found.document()
    if out is not None:
        _write(out, document)
    gap = "its bound proves nothing" if found.gap is None else f"at most {found.gap:.4%} too dear"
    emit(
        settings,
        document,
        f"{len(found.order_ids):,} orders on {len(found.server_ids):,} servers: "
        f"{found.energy:,.6g} J in {found.makespan:,.6g} s, cost {found.cost:,.6g}, {gap}.",
        *found.notes,
    )


@click.command()
@scenario_argument
@click.argument("plan", metavar="PLAN", type=FILE)
@click.pass_obj
def check(settings: Settings, scenario: Path, plan: Path) -> None:
    """Check a plan's certificate by exact arithmetic; exit code 1 if it does not hold."""
    from pmcb_services.fog import Instance
    from pmcb_services.fog import check as checked
    from pmcb_services.fog.errors import CertificateRejected

    try:
        document = json.loads(plan.read_bytes())
    except (ValueError, RecursionError):
        raise CertificateRejected(f"{plan.name} is no JSON.") from None
    checked(Instance.from_scenario(scenario), document)
    emit(settings, {"accepted": True}, "The plan is what it says it is.")


@click.command()
@scenario_argument
@click.option(
    "--points", type=click.IntRange(2), default=20, show_default=True, help="Plans, at most."
)
@effort_option
@seed_option
@click.option("--out", type=_OUT, help="Write all plans with their certificates, as JSON.")
@click.pass_obj
def front(
    settings: Settings, scenario: Path, points: int, effort: int, seed: int, out: Path | None
) -> None:
    """Show what energy a shorter makespan costs: plans that no other beats in both."""
    from pmcb_services.fog import Instance
    from pmcb_services.fog import front as pareto

    found = pareto(Instance.from_scenario(scenario), points, effort=effort, seed=seed)
    document = found.document()
    if out is not None:
        _write(out, document)
    rows = [[f"{each.energy:.6g}", f"{each.makespan:.6g}"] for each in found.plans]
    emit(
        settings,
        document,
        table(("energy [J]", "makespan [s]"), rows),
        f"Hypervolume {found.hypervolume:.6g}; no plans reach more than "
        f"{found.hypervolume_bound:.6g}.",
    )


@click.command()
@scenario_argument
@click.option(
    "--policy",
    type=click.Choice(_POLICIES),
    default="rolling",
    show_default=True,
    help="How orders are placed.",
)
@click.option("--out", type=_OUT, help="A folder for events.jsonl, summary.json and power.csv.")
@click.pass_obj
def simulate(settings: Settings, scenario: Path, policy: str, out: Path | None) -> None:
    """Run a scenario on a made-up clock, under the rules by which the gateway runs orders."""
    from pmcb_services.fog.sim import Policy, Scenario
    from pmcb_services.fog.sim import simulate as simulated

    found = simulated(Scenario.read(scenario), Policy(policy))
    if out is not None:
        found.write(out)
    summary = found.summary
    rows = [
        [name, each["orders"], each["late"], each.get("took_mean_s"), each.get("took_p99_s")]
        for name, each in summary["classes"].items()
    ]
    emit(
        settings,
        summary,
        table(("class", "orders", "late", "mean [s]", "99 % within [s]"), rows),
        f"{summary['energy']:,.6g} J in {summary['makespan']:,.6g} s; "
        f"{summary['reruns']:,} orders ran again, {summary['fenced']:,} commits came too late.",
    )


@click.command("import-hcsp")
@click.argument("file", type=FILE)
@click.option("--name", help="Which instance of an archive.")
@click.option("--out", type=_OUT, required=True, help="The scenario to be written.")
@click.pass_obj
def import_hcsp(settings: Settings, file: Path, name: str | None, out: Path) -> None:
    """Make a scenario of a published instance (HCSP), a file or one in a .tar.xz.

    Its penalty is 1: makespan alone counts.
    """
    from pmcb_services.fog.errors import InvalidInput
    from pmcb_services.fog.sim import read_hcsp, read_hcsp_archive

    if file.suffix == ".xz":
        instances = read_hcsp_archive(file)
        if name is None or name not in instances:
            held = ", ".join(instances)
            raise InvalidInput(f"{file.name} holds {held}.", field="name", next_step="Give --name.")
        read = instances[name]
    else:
        read = read_hcsp(file)
    _write(out, read.scenario())
    n, m = read.etc.shape
    emit(
        settings,
        {"scenario": str(out), "orders": n, "servers": m},
        f"{out} holds {n:,} orders and {m:,} servers of {read.name}.",
    )


def _write(path: Path, document: object) -> None:
    written(path, (json.dumps(document, ensure_ascii=False) + "\n").encode())
