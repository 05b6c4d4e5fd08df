# SPDX-License-Identifier: Apache-2.0
"""``pmcb reproduce``: every published figure and table, or one of them, with a verdict on each."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pmcb_client.terminal import emit, table

from .reproduction._items import FULL, PAPERS, QUICK, chosen, item_of

if TYPE_CHECKING:
    from pmcb_client.cli import Settings

    from .reproduction._compare import Difference
    from .reproduction.jobs import Outcome

CHECKOUT = Path(__file__).parents[3] / "docs/results"
_FOLDER = click.Path(path_type=Path, file_okay=False)


def _item(ctx: click.Context, _: click.Parameter, item: str | None) -> str | None:
    paper = str(ctx.params.get("paper"))
    if item is not None and item not in PAPERS[paper].items:
        known = ", ".join(PAPERS[paper].items)
        raise click.BadParameter(f"{paper} has no {item}; it has {known}.")
    return item


@click.command()
@click.argument("paper", required=False, type=click.Choice(list(PAPERS)), is_eager=True)
@click.argument("item", required=False, callback=_item)
@click.option(
    "--quick/--full", "quick", default=True,
    help="Quarter of an hour on two cores (default), or as often as the publications: overnight.",
)  # fmt: skip
@click.option("--resume", is_flag=True, help="Take what lies in --out as it is, if nothing that "
              "it rests on has changed: inputs, parameters, code.")  # fmt: skip
@click.option(
    "--runs", type=click.IntRange(1, 10_000),
    help="Repeat every measurement so often, instead: runs of a method, queries, seeds.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(0, 2**31), default=0, show_default=True)
@click.option(
    "--out", type=_FOLDER, default=Path("reproduction"), show_default=True,
    help="The folder for report.html, and for JSON, CSV and PNG by publication.",
)  # fmt: skip
@click.option(
    "--results", type=_FOLDER, default=None,
    help="Results of `pmcb bench`: rivals, and the ledger's sweep where Fabric is not at hand; "
    "default: docs/results.",
)  # fmt: skip
@click.option(
    "--compare", type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="The last accepted run: exit code 1 where verdicts, counts, ratios or bytes differ.",
)  # fmt: skip
@click.pass_obj
def reproduce(
    settings: "Settings", *, paper: str | None, item: str | None, quick: bool, resume: bool,
    runs: int | None, seed: int, out: Path, results: Path | None, compare: Path | None,
) -> None:  # fmt: skip
    """Measure published figures and tables anew: claims, verdicts, one report.

    PAPER is pmcb (fig5 to fig9), mpdp (table3, fig2 to fig9, theorem1) or fog (fig7 to fig11),
    ITEM one of its figures or tables; without them all are measured. A data set that is not at hand
    (`pmcb data list`, PMCB_DATA) is replaced by made-up rows, and the result says so. An item that
    fails does not end the others.
    """
    from .reproduction._report import write_report
    from .reproduction._source import Places, Wish
    from .reproduction.jobs import jobs_of, run

    scope = QUICK if quick else FULL
    results = results or (CHECKOUT if CHECKOUT.is_dir() else Path("docs/results"))
    wanted = list(chosen(paper, item))

    def wish(paper: str, name: str) -> Wish:
        item = item_of(paper, name)
        return Wish((item.is_repeated and runs) or item.runs(scope), seed, scope)

    out.mkdir(parents=True, exist_ok=True)
    jobs = jobs_of(wanted, wish)
    tell = partial(_tell, places=count(1), of=len(jobs), debug=settings.debug)
    outcomes = run(jobs, Places(settings.home, results), out, resume=resume, tell=tell)
    report = write_report(out, results)
    differing = [] if compare is None else _compared(compare, out, wanted)
    _show(settings, outcomes, out, report, differing)
    codes = [*(each.exit_code for each in outcomes), 1 if differing else 0]
    if any(codes):
        click.get_current_context().exit(max(codes))


def _tell(outcome: "Outcome", *, places: Iterator[int], of: int, debug: bool) -> None:
    if debug and outcome.trace:
        click.echo(outcome.trace, err=True, nl=False)
    for remark in outcome.remarks:
        click.echo(remark, err=True)
    done = outcome.message or ("measured" if outcome.made else "as it was")
    click.echo(f"{next(places)} of {of}: {outcome.job.label}: {done}", err=True)


def _compared(accepted: Path, out: Path, wanted: Sequence[tuple[str, str]]) -> "list[Difference]":
    from .reproduction._compare import differences
    from .reproduction._results import read

    found: list[Difference] = []
    for paper, name in wanted:
        before, now = read(accepted, paper, name), read(out, paper, name)
        if before is not None and now is not None:
            found += differences(before, now)
    return found


def _show(
    settings: "Settings",
    outcomes: "Sequence[Outcome]",
    out: Path,
    report: Path,
    differing: "Sequence[Difference]",
) -> None:
    from .reproduction._results import read

    items: list[dict[str, Any]] = []
    for outcome in outcomes:
        for name in outcome.job.names:
            found = None if outcome.message else read(out, outcome.job.paper, name)
            items.append({
                "paper": outcome.job.paper,
                "item": name,
                "claims": [] if found is None else found["claims"],
                "error": outcome.message or None,
            })  # fmt: skip
    order = list(chosen(None, None))
    items.sort(key=lambda each: order.index((each["paper"], each["item"])))
    rows = [
        (f"{each['paper']} {each['item']}", claim["claim"], claim["verdict"])
        for each in items
        for claim in each["claims"] or [{"claim": "", "verdict": each["error"]}]
    ]
    document = {
        "items": items,
        "report": str(report),
        "differences": [each.sentence for each in differing],
    }
    sentences = [each.sentence for each in differing]
    emit(settings, document, table(("item", "published statement", "verdict"), rows), *sentences,
         f"Report: {report}")  # fmt: skip
