# SPDX-License-Identifier: Apache-2.0
"""``pmcb receiver``: find, accept, open, answer and leave subtasks."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pmcb_client.cli import Settings
from pmcb_client.terminal import confirm, emit, progress, table

from ._arguments import FILE, moment, subtask_argument, task_argument
from ._receiver_shown import (
    claims_table,
    opened_document,
    opened_shown,
    parcel_document,
    plain,
    sent_document,
    sent_shown,
)
from ._task_shown import described
from .acting import acting, choose, run, run_until_stopped

if TYPE_CHECKING:
    from pmcb_client.receiver import Opened, Outbox, Secret, Sent
    from pmcb_client.wallet import WalletIdentity

OUTBOX = "outbox.sqlite3"
UNAVAILABLE = 3


@click.group("receiver")
def group() -> None:
    """Subtasks of a receiver: find, accept, open, answer, leave."""


@group.command()
@click.pass_obj
def tasks(settings: Settings) -> None:
    """Show the open subtasks of your level, soonest deadline first."""
    from pmcb_client.receiver import open_subtasks

    async def work() -> list[dict[str, Any]]:
        async with acting(settings, "receiver") as me:
            return await open_subtasks(me.contract)

    found = run(work())
    columns = ("task", "subtask", "level", "slots", "reward", "releaser", "accept until")
    rows = [
        [*(item[column] for column in columns[:-1]), moment(item["accept_until"])] for item in found
    ]
    shown = table(columns, rows) if rows else "No subtask of your level is open."
    emit(settings, {"subtasks": found}, shown)


@group.command()
@task_argument
@subtask_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def accept(settings: Settings, task: str, subtask: int, yes: bool) -> None:
    """Take a slot of SUBTASK of TASK, after showing what you agree to.

    The task's notice comes from the content store and must have the hash that stands on the
    ledger: purpose, consent, who reads the answers.
    """
    from pmcb_client.content import ContentClient
    from pmcb_client.receiver import accept as take

    async def work() -> dict[str, Any]:
        async with acting(settings, "receiver") as me:
            found = json.loads(await me.contract.evaluate("get_task", task))
            async with ContentClient(me.network, me.identity) as store:
                notice = await store.get_notice(found["notice_hash"])
            if not settings.json:
                emit(
                    settings, {}, described(found, subtask), plain(notice.decode(errors="replace"))
                )
            confirm(settings, f"Accept subtask {subtask} of this task?", yes=yes)
            with _noting(settings, me.identity, "accept", task):
                return await take(me.contract, task, subtask)

    claim = run(work())
    emit(
        settings,
        claim,
        f"You hold slot {claim['slot']} of subtask {subtask} of task {task}, at level "
        f"{claim['level']}.",
    )


@group.command("open")
@task_argument
@click.pass_obj
def open_(settings: Settings, task: str) -> None:
    """Fetch the questions of your subtask of TASK and show them, with the secret if it opens.

    What it takes to answer is kept in this home: after that, `pmcb receiver answer` works off
    line.
    """
    from pmcb_client.content import ContentClient
    from pmcb_client.receiver import Outbox, open_secret, open_subtask, receiver_folder

    async def work() -> tuple["Opened", "Secret | None"]:
        async with (
            acting(settings, "receiver") as me,
            ContentClient(me.network, me.identity) as store,
        ):
            how: Any = {"ledger": me.contract, "store": store, "identity": me.identity}
            opened = await open_subtask(task, **how)
            folder = receiver_folder(settings.home, me.identity)
            if Outbox(folder / OUTBOX).of_task(task) is None:  # else nothing is left to answer
                opened.save(folder)
            return opened, await open_secret(opened, **how)

    opened, secret = run(work())
    emit(settings, opened_document(opened, secret), *opened_shown(opened, secret))


@group.command()
@task_argument
@click.option(
    "--file", "source", type=FILE, required=True, help="The answer: a .csv with a header, or JSON."
)
@click.pass_obj
def answer(settings: Settings, task: str, source: Path) -> None:
    """Check the answer to your subtask of TASK, seal it and put it into the outbox.

    Nobody is asked: it works off line, once the task was opened. `pmcb receiver send` sends it.
    """
    from pmcb_client.receiver import Opened, Outbox, queue_answer, receiver_folder

    folder = receiver_folder(settings.home, choose(settings, "receiver"))
    opened, outbox = Opened.load(folder, task), Outbox(folder / OUTBOX)
    parcel = queue_answer(outbox, opened, source, now_ms=_now_ms())
    emit(
        settings,
        parcel_document(parcel),
        f"Queued {parcel.size:,} sealed bytes, which {', '.join(parcel.readers)} can open.",
        "`pmcb receiver send` sends them, now or when you are on line.",
    )


@group.command()
@click.pass_obj
def send(settings: Settings) -> None:
    """Send what waits in the outbox; repeat it after any interruption.

    Exit code 3 when something still waits because the content store or the ledger do not answer.
    """
    from pmcb_client.receiver import Outbox, receiver_folder

    identity = choose(settings, "receiver")
    outbox = Outbox(receiver_folder(settings.home, identity) / OUTBOX)
    total = sum(size for parcel in outbox.pending() for _, size in outbox.unsent(parcel))
    with progress("Uploading", total) as advance:
        sent = run(_round(settings, identity, outbox, advance))
    emit(settings, sent_document(sent), *sent_shown(sent))
    if sent.is_unavailable:
        click.get_current_context().exit(UNAVAILABLE)


@group.command()
@click.pass_obj
def serve(settings: Settings) -> None:
    """Send whatever waits in the outbox, now and later, until Ctrl-C.

    It may be killed and started again at any point.
    """
    from pmcb_client.errors import NetworkFileError
    from pmcb_client.receiver import Outbox, Sent, keep_sending, receiver_folder

    identity = choose(settings, "receiver")
    outbox = Outbox(receiver_folder(settings.home, identity) / OUTBOX)
    emit(settings, {"uid": identity.uid}, f"Sending the answers of {identity.uid}.")
    told = ""

    async def one_round() -> "Sent":
        nonlocal told
        try:
            sent = await _round(settings, identity, outbox)
        except NetworkFileError as error:  # being written just now, or mended soon
            sent = Sent(waiting=tuple(outbox.pending()), problem=error)
        if sent.submitted or sent.refused or sent.passed or str(sent.problem) != told:
            emit(settings, sent_document(sent), *sent_shown(sent))
        told = str(sent.problem)
        return sent

    run_until_stopped(keep_sending(outbox, one_round))


@group.command()
@click.pass_obj
def status(settings: Settings) -> None:
    """Show the tasks you joined: slots, answers, verdicts, payments."""
    from pmcb_client.receiver import Outbox, my_claims, receiver_folder

    async def work() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        async with acting(settings, "receiver") as me:
            outbox = Outbox(receiver_folder(settings.home, me.identity) / OUTBOX)
            return await my_claims(me.contract), [parcel_document(one) for one in outbox.all()]

    claims, parcels = run(work())
    document = {"claims": claims, "outbox": parcels}
    emit(settings, document, claims_table(claims, parcels) if claims else "You joined no task.")


@group.command()
@task_argument
@click.pass_obj
def withdraw(settings: Settings, task: str) -> None:
    """Give back your slot of TASK; no other subtask of it opens to you by that."""
    from pmcb_client.receiver import withdraw as leave

    async def work() -> None:
        async with acting(settings, "receiver") as me:
            with _noting(settings, me.identity, "withdraw", task):
                await leave(me.contract, task)

    run(work())
    emit(settings, {"task": task, "held": False}, f"You hold no slot of task {task}.")


async def _round(
    settings: Settings,
    identity: "WalletIdentity",
    outbox: "Outbox",
    advance: Callable[[int], object] = lambda _: None,
) -> "Sent":
    """One round with a way to ledger and store of its own: either may have moved since."""
    from pmcb_client.content import ContentClient, ContentUnavailable
    from pmcb_client.errors import LedgerError
    from pmcb_client.receiver import Opened, Refusal, Sent, note_refusal, receiver_folder
    from pmcb_client.receiver import send as send_all

    folder = receiver_folder(settings.home, identity)
    try:
        async with (
            acting(settings, "receiver") as me,
            ContentClient(me.network, me.identity) as store,
        ):
            sent = await send_all(outbox, store, me.contract, me.identity, advance=advance)
    except (LedgerError, ContentUnavailable) as error:
        left = tuple(outbox.pending())
        return Sent(waiting=left, problem=error if left or outbox.to_pass() else None)
    for parcel in sent.refused:
        note_refusal(folder, Refusal(_now_ms(), "submit", parcel.task, parcel.code))
    waiting = {parcel.task for parcel in sent.waiting}
    for parcel in outbox.all():  # of earlier rounds, too, that were killed before they came here
        if parcel.task not in waiting:
            Opened.forget(folder, parcel.task)
    return sent


@contextmanager
def _noting(settings: Settings, identity: "WalletIdentity", act: str, task: str) -> Iterator[None]:
    """What is refused meanwhile goes into the receiver's own record, which `pmcb me` shows."""
    from pmcb_client.errors import Refused
    from pmcb_client.receiver import Refusal, note_refusal, receiver_folder

    try:
        yield
    except Refused as refused:
        refusal = Refusal(_now_ms(), act, task, refused.code)
        note_refusal(receiver_folder(settings.home, identity), refusal)
        raise


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
