# SPDX-License-Identifier: Apache-2.0
"""``pmcb verifier serve``: the verification server.

Heavy libraries are imported inside the command: ``pmcb --help`` imports this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pmcb_client.commands.acting import acting, run_until_stopped
from pmcb_client.terminal import emit

from ._handling import handling

if TYPE_CHECKING:
    from pmcb_client.cli import Settings


@click.command()
@click.pass_obj
def serve(settings: Settings) -> None:
    """Judge what is submitted for your tasks until Ctrl-C.

    Answers are opened, checked and, where a question has one truth for all, compared; each finding
    is on disk before the ledger hears of it. Killed and started again it goes on.
    """
    from pmcb_services.common import log_to_stderr

    log_to_stderr()
    run_until_stopped(_serve(settings))


async def _serve(settings: Settings) -> None:
    from pmcb_client.inbox import Inbox, follow
    from pmcb_services.verification import EVENTS, Findings, Verifying

    async with acting(settings, "verifier") as me:
        owner = f"{me.identity.msp_id}.{me.identity.enrollment_id}"
        folder = settings.home / "verifier" / owner
        inbox = Inbox(folder / "inbox.sqlite3")
        verifying = handling(Verifying, settings, me, inbox, Findings(folder))
        emit(settings, {"uid": me.identity.uid}, f"{me.identity.uid} judges what is submitted.")
        await follow(me.channel, me.network.chaincode, inbox, EVENTS, verifying.handle)
