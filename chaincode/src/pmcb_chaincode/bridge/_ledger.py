# SPDX-License-Identifier: Apache-2.0
"""Ledger calls of one transaction: each one message to the peer and one answer."""

from collections.abc import AsyncIterator, Sequence

from ._invocation import Response, invoke
from ._keys import check_utf8, prefix_range
from ._policies import read_policy
from ._protos import (
    ChaincodeAdditionalParams,
    ChaincodeMessage,
    GetHistoryForKey,
    GetState,
    GetStateByRange,
    GetStateMultiple,
    GetStateMultipleResult,
    QueryMetadata,
)
from ._queries import KV, Modification, Page, Queries, read_kv, read_modification, read_page
from ._replies import Call, read_reply
from ._writes import WriteBuffer
from .errors import ContractError, PeerError

# An open start would reach the composite keys, which begin with U+0000.
_FIRST_SIMPLE_KEY = "\x01"


class Ledger:
    """The state as committed before this transaction; writes are kept until it ends.

    Reads never see the transaction's own writes: that is how peers simulate. ``coll`` is the name
    of a private data collection: its values go to that collection's members only, the channel
    sees their hashes. A private value comes to the contract as transient data, never as an
    argument, which every member of the channel could read.

    Every call may raise ``PeerError``: the peer answered ERROR, as it does when the caller may
    not read the collection. A bad key, value or name raises ``ValueError`` before the peer hears
    of it.
    """

    def __init__(self, call: Call, offers: ChaincodeAdditionalParams, *, may_write: bool) -> None:
        self._call = call
        self._offers = offers
        self._may_write = may_write
        self._queries = Queries(call)
        self._writes = WriteBuffer()

    async def get(self, key: str) -> bytes | None:
        """The value under a key, ``None`` when absent."""
        return await self._get(key, "")

    async def get_private(self, coll: str, key: str) -> bytes | None:
        """The value under a key of a collection, ``None`` when absent."""
        _check_coll(coll)
        return await self._get(key, coll)

    async def get_many(self, keys: Sequence[str], coll: str = "") -> list[bytes | None]:
        """The values under several keys, in their order, in as few messages as the peer allows."""
        for key in keys:
            _check_key(key)
        if not self._offers.use_get_multiple_keys:
            return [await self._get(key, coll) for key in keys]
        size = self._offers.max_size_get_multiple_keys or max(len(keys), 1)
        values: list[bytes | None] = []
        for start in range(0, len(keys), size):
            asked = keys[start : start + size]
            answer = await self._call(
                ChaincodeMessage.GET_STATE_MULTIPLE,
                GetStateMultiple(keys=asked, collection=coll).SerializeToString(),
            )
            found = read_reply(GetStateMultipleResult, answer).values
            if len(found) != len(asked):
                raise PeerError("the peer answered another number of values than was asked for")
            values += [value or None for value in found]
        return values

    async def get_private_hash(self, coll: str, key: str) -> bytes | None:
        """SHA-256 of the private value under a key (32 bytes), ``None`` when absent.

        Every peer of the channel knows it, also one that holds no private data of the collection.
        """
        _check_coll(coll)
        _check_key(key)
        body = GetState(key=key, collection=coll).SerializeToString()
        return await self._call(ChaincodeMessage.GET_PRIVATE_DATA_HASH, body) or None

    async def get_policy(self, key: str) -> bytes | None:
        """The key's own endorsement policy, a ``SignaturePolicyEnvelope``; ``None`` without one."""
        _check_key(key)
        return await read_policy(self._call, key)

    def put(self, key: str, value: bytes) -> None:
        """Write a value when the transaction ends well.

        Raises:
            ValueError: an empty key or value; an empty value could not be told from an absent one.
            ContractError: the function is a query.
        """
        self._check_write(key)
        _check_value(value)
        self._writes.put(key, value)

    def put_private(self, coll: str, key: str, value: bytes) -> None:
        """Write a value into a collection when the transaction ends well."""
        _check_coll(coll)
        self._check_write(key)
        _check_value(value)
        self._writes.put(key, value, coll)

    def delete(self, key: str) -> None:
        """Delete a key when the transaction ends well; its policy goes with it."""
        self._check_write(key)
        self._writes.delete(key)

    def delete_private(self, coll: str, key: str) -> None:
        """Delete a key of a collection; members' peers keep what it held until that expires."""
        _check_coll(coll)
        self._check_write(key)
        self._writes.delete(key, coll)

    def purge_private(self, coll: str, key: str) -> None:
        """Delete a key of a collection and, on every member's peer, all that it ever held."""
        _check_coll(coll)
        self._check_write(key)
        self._writes.purge(key, coll)

    def set_policy(self, key: str, policy: bytes) -> None:
        """Say whose endorsement the key's later writes need: ``endorsed_by("Org1MSP")``.

        It stands in place of the chaincode's policy, for this key, from the next block on. A key
        that the transaction neither finds nor writes gets none: peers drop it.

        Args:
            key: a public key.
            policy: a serialised ``SignaturePolicyEnvelope``.
        """
        self._check_write(key)
        _check_value(policy)
        self._writes.set_policy(key, policy)

    def range(self, start: str = "", end: str = "", coll: str = "") -> AsyncIterator[KV]:
        """Keys from ``start`` (inclusive) to ``end`` (exclusive), "" = open, in byte order.

        The range is checked again at commit, so whoever adds a key to it meanwhile makes this
        transaction conflict. A collection's range is not.

        Raises:
            TooManyRows: the peer's query limit was reached, so the end of the range is unknown.
            ContractError: a collection's range in a function that is no query; peers refuse
                writes after it.
        """
        return self._range(start or _FIRST_SIMPLE_KEY, end, coll)

    def by_prefix(self, record_type: str, *attributes: str, coll: str = "") -> AsyncIterator[KV]:
        """All composite keys that begin with these parts; raises as ``range`` does."""
        return self._range(*prefix_range(record_type, *attributes), coll)

    async def page(self, start: str, end: str, *, size: int, bookmark: str = "") -> Page:
        """At most ``size`` keys of a range, from ``bookmark`` where one is given.

        Raises:
            ContractError: the function is no query; peers refuse writes after paging.
        """
        if self._may_write:
            raise ContractError("only a query may page: a peer refuses to write after it")
        if size < 1:
            raise ValueError("a page holds at least one row")
        metadata = QueryMetadata(pageSize=size, bookmark=bookmark).SerializeToString()
        body = GetStateByRange(
            startKey=start or _FIRST_SIMPLE_KEY, endKey=end, metadata=metadata
        ).SerializeToString()
        return read_page(await self._call(ChaincodeMessage.GET_STATE_BY_RANGE, body))

    def history(self, key: str) -> AsyncIterator[Modification]:
        """What committed transactions made of a public key, the newest first.

        It is not checked again at commit, so nothing that is written should depend on it.

        Raises:
            TooManyRows: the peer's query limit was reached, so the beginning is unknown.
        """
        _check_key(key)
        body = GetHistoryForKey(key=key).SerializeToString()
        return self._queries.rows(ChaincodeMessage.GET_HISTORY_FOR_KEY, body, read_modification)

    async def invoke(self, name: str, args: Sequence[str | bytes], channel: str = "") -> Response:
        """Run a function of another chaincode in this transaction, as the same caller.

        On this channel (``channel`` = "") its reads and writes become part of this transaction,
        also of a query that somebody submits; on another one it only reads. Whoever goes on after
        a ``Response`` of 400 and above must know that other chaincodes may have written before
        they refused. Events of a called chaincode are dropped.

        Args:
            name: the chaincode's name.
            args: the function's name, then its arguments.
            channel: another channel that this peer has joined.

        Raises:
            PeerError: there is no such chaincode, it ended without an answer, or the caller may
                not call it.
        """
        return await invoke(self._call, name, args, channel)

    async def finish(self) -> None:
        """Close abandoned queries and send the buffered writes; a transaction's last calls."""
        await self._queries.close()
        for kind, payload in self._writes.messages(self._offers):
            await self._call(kind, payload)

    async def _get(self, key: str, coll: str) -> bytes | None:
        _check_key(key)
        payload = GetState(key=key, collection=coll).SerializeToString()
        return await self._call(ChaincodeMessage.GET_STATE, payload) or None

    def _range(self, start: str, end: str, coll: str) -> AsyncIterator[KV]:
        if coll and self._may_write:
            raise ContractError(
                "only a query may read a collection's range: a peer refuses to write after it"
            )
        body = GetStateByRange(startKey=start, endKey=end, collection=coll).SerializeToString()
        return self._queries.rows(ChaincodeMessage.GET_STATE_BY_RANGE, body, read_kv)

    def _check_write(self, key: str) -> None:
        _check_key(key)
        if not self._may_write:
            raise ContractError("a query may not write")


def _check_key(key: str) -> None:
    if not key:
        raise ValueError("a key must not be empty")
    check_utf8(key)


def _check_value(value: bytes) -> None:
    if not value:
        raise ValueError("an empty value cannot be told from an absent one")


def _check_coll(coll: str) -> None:
    if not coll:
        raise ValueError("a collection has a name; without one the public state is meant")
