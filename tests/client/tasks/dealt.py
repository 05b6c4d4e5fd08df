# SPDX-License-Identifier: Apache-2.0
"""What holders make of the shares that they were dealt."""

import json

from tests.client.tasks.office import HIGH
from tests.scenarios.site import identity_of

from pmcb_client.sealing import Blob, Context, Kind, Place, Share, combine, unwrap_for


async def shares(office, task, people):
    """The shares of these people by slot, each with the hash that was dealt, and the deal."""
    found, deal = {}, {}
    for one in people:
        sealed = await office.sealed(task, HIGH, one)
        context = Context("share", task, HIGH, one.uid, sealed["slot"])
        raw = unwrap_for(identity_of(one), bytes.fromhex(sealed["share"]["share"]), context)
        found[sealed["slot"]] = (Share.decode(raw), sealed["share"]["share_hash"])
        deal = sealed["deal"]
    return found, deal


async def opened(office, task, people):
    """The secret, opened with the shares of these people."""
    found, deal = await shares(office, task, people)
    key = combine(task, HIGH, deal, found)
    async with office.store(people[0]) as store:
        blob = Blob.parse(await store.get(deal["blob_hash"]))
    content = blob.open(key, kind=Kind.SECRET, place=Place(task, HIGH, level=2))
    return json.loads(content)["secrets"]
