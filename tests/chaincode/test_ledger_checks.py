# SPDX-License-Identifier: Apache-2.0
"""What ``ctx.ledger`` refuses before the peer hears of it, said by the error's sentence."""

import inspect

import pytest

from pmcb_chaincode.bridge import ContractError
from pmcb_chaincode.bridge._ledger import Ledger
from pmcb_chaincode.bridge._protos import (
    ChaincodeAdditionalParams,
    StateMetadata,
    StateMetadataResult,
)

KEYS = {
    "get": lambda ledger, key: ledger.get(key),
    "get_many": lambda ledger, key: ledger.get_many(["k", key]),
    "get_private": lambda ledger, key: ledger.get_private("c", key),
    "get_private_hash": lambda ledger, key: ledger.get_private_hash("c", key),
    "get_policy": lambda ledger, key: ledger.get_policy(key),
    "history": lambda ledger, key: ledger.history(key),
    "put": lambda ledger, key: ledger.put(key, b"v"),
    "put_private": lambda ledger, key: ledger.put_private("c", key, b"v"),
    "delete": lambda ledger, key: ledger.delete(key),
    "delete_private": lambda ledger, key: ledger.delete_private("c", key),
    "purge_private": lambda ledger, key: ledger.purge_private("c", key),
    "set_policy": lambda ledger, key: ledger.set_policy(key, b"p"),
}
COLLECTIONS = {
    "get_private": lambda ledger: ledger.get_private("", "k"),
    "get_private_hash": lambda ledger: ledger.get_private_hash("", "k"),
    "put_private": lambda ledger: ledger.put_private("", "k", b"v"),
    "delete_private": lambda ledger: ledger.delete_private("", "k"),
    "purge_private": lambda ledger: ledger.purge_private("", "k"),
}
VALUES = {
    "put": lambda ledger: ledger.put("k", b""),
    "put_private": lambda ledger: ledger.put_private("c", "k", b""),
    "set_policy": lambda ledger: ledger.set_policy("k", b""),
}
WRITES = {
    "put": lambda ledger: ledger.put("k", b"v"),
    "put_private": lambda ledger: ledger.put_private("c", "k", b"v"),
    "delete": lambda ledger: ledger.delete("k"),
    "delete_private": lambda ledger: ledger.delete_private("c", "k"),
    "purge_private": lambda ledger: ledger.purge_private("c", "k"),
    "set_policy": lambda ledger: ledger.set_policy("k", b"p"),
}
READ_ONLY = {
    "page": lambda ledger: ledger.page("", "", size=1),
    "range": lambda ledger: ledger.range(coll="c"),
    "by_prefix": lambda ledger: ledger.by_prefix("T", coll="c"),
}


def ledger_of(*, may_write):
    """A ledger whose peer must hear nothing."""

    async def call(kind, payload):
        raise AssertionError

    return Ledger(call, ChaincodeAdditionalParams(), may_write=may_write)


async def run(method, ledger, *args):
    """Call a method, asynchronous or not."""
    made = method(ledger, *args)
    if inspect.isawaitable(made):
        await made


async def sent(ledger):
    """Whether a ledger would send anything at the end: its peer raises."""
    try:
        await ledger.finish()
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize("name", KEYS)
async def test_empty_key_is_refused(name):
    """It would be another call, or no key at all."""
    ledger = ledger_of(may_write=True)
    with pytest.raises(ValueError, match="a key must not be empty"):
        await run(KEYS[name], ledger, "")
    assert not await sent(ledger)


@pytest.mark.parametrize("name", KEYS)
async def test_key_without_utf8_is_refused(name):
    """A lone surrogate has no bytes."""
    ledger = ledger_of(may_write=True)
    with pytest.raises(ValueError, match=r"^a key holds a lone surrogate$"):
        await run(KEYS[name], ledger, "k\ud800")
    assert not await sent(ledger)


@pytest.mark.parametrize("name", COLLECTIONS)
async def test_collection_without_a_name_is_refused(name):
    """It would be the public state."""
    ledger = ledger_of(may_write=True)
    with pytest.raises(ValueError, match="a collection has a name"):
        await run(COLLECTIONS[name], ledger)
    assert not await sent(ledger)


@pytest.mark.parametrize("name", VALUES)
async def test_empty_value_is_refused(name):
    """It could not be told from an absent one."""
    ledger = ledger_of(may_write=True)
    with pytest.raises(ValueError, match="an empty value cannot be told"):
        await run(VALUES[name], ledger)
    assert not await sent(ledger)


@pytest.mark.parametrize("name", WRITES)
async def test_query_writes_nothing(name):
    """A function that is marked as one only reads; a transaction may write the same."""
    ledger = ledger_of(may_write=False)
    with pytest.raises(ContractError, match="a query may not write"):
        await run(WRITES[name], ledger)
    assert not await sent(ledger)
    ledger = ledger_of(may_write=True)
    await run(WRITES[name], ledger)
    assert await sent(ledger)


@pytest.mark.parametrize("name", READ_ONLY)
async def test_what_ends_writing_is_for_queries_only(name):
    """Pages and collections' ranges: afterwards a peer refuses to write."""
    with pytest.raises(ContractError, match="only a query may"):
        await run(READ_ONLY[name], ledger_of(may_write=True))
    made = READ_ONLY[name](ledger_of(may_write=False))
    with pytest.raises(AssertionError):  # a query's call goes out
        await (made if inspect.isawaitable(made) else anext(made))


async def test_empty_policy_reads_as_none():
    """Validators pass over an entry without a value; so does the contract."""

    async def call(kind, payload):
        entries = [StateMetadata(metakey="VALIDATION_PARAMETER")]
        return StateMetadataResult(entries=entries).SerializeToString()

    ledger = Ledger(call, ChaincodeAdditionalParams(), may_write=False)
    assert await ledger.get_policy("k") is None
