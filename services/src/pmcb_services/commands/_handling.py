# SPDX-License-Identifier: Apache-2.0
"""From an identity that acts to the service that deals with events for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pmcb_client.cli import Settings
    from pmcb_client.commands.acting import Acting
    from pmcb_client.inbox import Inbox
    from pmcb_services.common import SubtaskHandler

    Handler = TypeVar("Handler", bound=SubtaskHandler[Any, Any])


def handling(
    kind: type[Handler], settings: Settings, me: Acting, inbox: Inbox, kept: object
) -> Handler:
    """Reads wallet and network.json anew each time: keys are renewed, and the store may move."""
    from pmcb_client.content import ContentClient
    from pmcb_client.network_file import load
    from pmcb_client.wallet import Wallet

    wallet = Wallet(settings.home / "wallet")
    return kind(
        me.contract,
        inbox,
        kept,
        identity=lambda: wallet.get(me.identity.label),
        store=lambda identity: ContentClient(load(settings.home / "network.json"), identity),
    )
