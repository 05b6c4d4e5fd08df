# SPDX-License-Identifier: Apache-2.0
"""``pmcb publishing release`` and ``approve``: requests, and what becomes of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pmcb_client.terminal import emit

from ._publishing_calls import called, epsilon_of, institution_option, own
from ._publishing_table import algorithm_option

if TYPE_CHECKING:
    from pmcb_client.cli import Settings
    from pmcb_services.publishing import PublishingClient


@click.command()
@click.argument("dataset")
@click.option("--epsilon", required=True, help='What it may cost: "0.5" or "1/3".')
@click.option("--version", type=click.IntRange(1), help="Of the data set; the newest by default.")
@algorithm_option
@click.option("--k", type=click.IntRange(1, 64), help="Clusters to be counted, for epsilon/25.")
@click.option("--rows", is_flag=True, help="Synthetic rows too, for epsilon/5.")
@click.option("--attempt", type=click.IntRange(0), default=0, help="How often it was lost.")
@click.option("--fresh", is_flag=True, help="Pay, even if a release stands that covers this.")
@click.option("--out", type=click.Path(path_type=Path), help="A new folder to save it in.")
@institution_option
@click.pass_obj
def release(
    settings: Settings,
    dataset: str,
    epsilon: str,
    version: int | None,
    algorithm: str,
    k: int | None,
    rows: bool,
    attempt: int,
    fresh: bool,
    out: Path | None,
    institution: str,
) -> None:
    """Ask for a release of DATASET, and wait for it; what stands already is free.

    What the institution's policy does not allow waits for its approval: ask the same again later.
    """
    amount = epsilon_of(epsilon)
    assert amount is not None
    _check_new(out)

    async def work(service: PublishingClient) -> dict[str, Any]:
        asked = await service.ask(
            dataset,
            epsilon=amount,
            version=version,
            algorithm=algorithm,
            k=k,
            rows=rows,
            attempt=attempt,
            fresh=fresh,
        )
        found = await service.wait(asked["id"])
        if out is not None and found["state"] == "published":
            await service.fetch(found["id"], out)
        return found

    found = called(settings, "analyst", institution, work)
    said = _said(found)
    if out is not None and found["state"] == "published":
        found["out"] = str(out)
        said += f" It is in {out.name}: open index.html."
    emit(settings, found, said)
    if found["state"] == "lost":
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("request_id", metavar="ID")
@click.pass_obj
def approve(settings: Settings, request_id: str) -> None:
    """Run the request ID that waits for the institution; `cohort show` lists them."""

    async def work(service: PublishingClient) -> dict[str, Any]:
        return await service.approve(request_id)

    found = own(settings, work)
    emit(settings, found, _said(found))


def shown(settings: Settings, request_id: str, institution: str) -> None:
    """How far a request has come."""

    async def work(service: PublishingClient) -> dict[str, Any]:
        return await service.find(request_id)

    found = called(settings, "", institution, work)
    emit(settings, found, _said(found))


_SAID = {
    "pending": "The request {id} waits for the institution's approval.",
    "running": "The release {id} is being made.",
    "lost": "The release {id} was paid for and lost; ask again with --attempt {next}.",
    "published": "The release {id} cost {epsilon} and is published.",
}


def _said(found: dict[str, Any]) -> str:
    return _SAID[found["state"]].format(**found, next=found["attempt"] + 1)


def _check_new(out: Path | None) -> None:
    """Before anything is spent."""
    from pmcb_services.publishing import RequestError

    if out is not None and (out.exists() or not out.absolute().parent.is_dir()):
        raise RequestError(f"{out.name} must be a new folder, in one that is there.", field="out")
