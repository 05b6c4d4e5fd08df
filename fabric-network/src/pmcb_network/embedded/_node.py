# SPDX-License-Identifier: Apache-2.0
"""The embedded network: peers, orderer and CAs of the `dev` topology in one process."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from pmcb_network._files import locked, make_folder
from pmcb_network.errors import PortBusy

from . import _blocks, _deliver, _gateway, _ports
from ._assembled import Assembled
from ._authority import certificate_pem
from ._endorser import Endorser, Gatekeeper
from ._failures import Detail
from ._fronts import serve_ca, serve_peer
from ._identity import Directory
from ._material import REGISTRAR, load
from ._orderer import Orderer
from ._peers import Peers
from ._readers import Readers
from ._rpc import Slots
from ._rwset import ReadWriteSet, encode
from ._snapshot import MAX_KEY_BYTES
from ._state import Store
from ._validator import VALID, Ordered, Outcome, validate
from .chaincode import Dialled, Host, InProcess, check_address

if TYPE_CHECKING:
    from pmcb_chaincode.bridge import Contract

CHANNEL = "pmcb"
ORGS = ("HospitalAMSP", "HospitalBMSP")
EXECUTE_TIMEOUT_S = 10.0
_MSP_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def _wall_clock() -> int:
    return time.time_ns() // 1_000_000


class EmbeddedNetwork:
    """One process that speaks Fabric's protocols on loopback. It is not a blockchain.

    ::

        async with EmbeddedNetwork(folder) as network:
            async with connect_network(network.network_file, identity) as gateway: ...

    Opening an existing folder resumes its ledger, identities and ports.

    Args:
        folder: holds everything; made if missing, readable by its owner only.
        contract: runs in this process; by default PMCB's own, governed by `orgs`.
        chaincode: `host:port` of a chaincode server of this machine to dial instead (the stream is
            plain TCP); the name under which clients call it is still that of `contract`, by
            default `pmcb`.
        orgs: MSP ids; each has a peer, a gateway and a CA. More than half must endorse.
        clock: milliseconds UTC; proposals are measured by it, and identities expire by it.
        time_window_s: how far a proposal's time may lie from the clock.
        one_per_block: every transaction gets a block of its own.
        endorse_delay_s: seconds between a peer's taking its snapshot and its running the contract.
        heights_apart: all peers but the first stay one block behind.
        queue_limit: transactions that may wait for a block; above it clients are told so.
        concurrency: calls that one gateway serves at once, waiting ones and streams included, and
            as many that deliver blocks; above it clients are told so.
        ports: the first of the ports to use; by default free ones, the same at every start.

    Raises:
        ValueError: `orgs` are not distinct MSP ids.
        BadAddress: `chaincode` is not `host:port` on this machine.

    Raises (on entering):
        FolderUnusable, FolderInUse, PortBusy: nothing was started.
    """

    def __init__(
        self,
        folder: Path,
        *,
        contract: "Contract | None" = None,
        chaincode: str | None = None,
        orgs: Sequence[str] = ORGS,
        clock: Callable[[], int] | None = None,
        time_window_s: float = 120,
        one_per_block: bool = False,
        endorse_delay_s: float = 0.0,
        heights_apart: bool = False,
        queue_limit: int = 5000,
        concurrency: int = 5000,
        ports: int | None = None,
    ) -> None:
        if not orgs or len(set(orgs)) != len(orgs) or not all(map(_MSP_ID.fullmatch, orgs)):
            raise ValueError("orgs are distinct MSP ids of letters, digits, '.', '_' and '-'")
        if chaincode is not None:
            check_address(chaincode)
        self._folder = folder
        self._contract = contract
        self._chaincode = chaincode
        self._orgs = tuple(orgs)
        self._clock = clock or _wall_clock
        self._time_window_s = time_window_s
        self._one_per_block = one_per_block
        self._endorse_delay_s = endorse_delay_s
        self._heights_apart = heights_apart
        self._queue_limit = queue_limit
        self._concurrency = concurrency
        self._port_base = ports
        self._name = contract.name if contract is not None else "pmcb"
        self._assembled = Assembled()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            make_folder(self._folder)
            stack.enter_context(locked(self._folder / "lock"))
            names = _ports.names_of(self._orgs)
            chosen = _ports.choose(self._folder, names, self._port_base)
            self._material = load(self._folder, self._orgs, clock=self._clock)
            self._store = Store(self._folder / "ledger")
            stack.callback(self._store.close)
            self._orderer = Orderer(
                self._store,
                queue_limit=self._queue_limit,
                one_per_block=self._one_per_block,
                keep_lagging=self._heights_apart,
            )
            stack.push_async_callback(self._orderer.close)
            if self._store.height == 0:
                await self._orderer.write(*_blocks.genesis(CHANNEL, self._clock()))
            self._ports = await self._serve(stack, names, *chosen)
            stack.callback(self._orderer.hang_up)  # first: streams would use up the fronts' grace
            self._stack = stack.pop_all()
        return self

    async def _serve(
        self, stack: AsyncExitStack, names: Sequence[str], ports: dict[str, int], free: bool
    ) -> dict[str, int]:
        """Opens all fronts; freely picked ports that somebody else took meanwhile are changed."""
        self._hosts = [self._host() for _ in self._orgs]
        for host in self._hosts:
            stack.push_async_callback(host.close)
            await host.start()
        while True:
            async with AsyncExitStack() as fronts:
                try:
                    await self._open_fronts(fronts, ports)
                except PortBusy:
                    if not free:
                        raise
                    ports, _ = _ports.choose(self._folder, names, None)
                    continue
                stack.push_async_exit(fronts.pop_all())
            _ports.keep(self._folder, ports)
            self._orderer.start()
            return ports

    def _host(self) -> Host:
        if self._chaincode is not None:
            return Dialled(self._chaincode, self._name)
        contract = self._contract
        if contract is None:
            from pmcb_chaincode.contract import Governance, Pmcb

            contract = self._contract = Pmcb(Governance.of(self._orgs))
        return InProcess(contract, f"{self._name}:embedded")

    async def _open_fronts(self, stack: AsyncExitStack, ports: Mapping[str, int]) -> None:
        material = self._material
        directory = Directory({org.msp_id: org.ca.certificate for org in material.organizations})
        # CAs first: what they revoked, no gateway may take for a moment.
        self._cas = {
            org.msp_id: await serve_ca(
                stack, org, material.tls, ports[f"ca.{org.msp_id}"], directory, self._clock
            )
            for org in material.organizations
        }
        endorsers = [
            Endorser(
                org.msp_id,
                certificate_pem(org.peer.certificate),
                org.peer.key,
                host,
                timeout_s=EXECUTE_TIMEOUT_S,
                delay_s=self._endorse_delay_s,
            )
            for org, host in zip(material.organizations, self._hosts, strict=True)
        ]
        peers = Peers(
            endorsers,
            Gatekeeper(directory, self._clock, time_window_s=self._time_window_s),
            channel=CHANNEL,
            chaincode=self._name,
            current=lambda: self._store.current,
            lagging=lambda: self._orderer.lagging,
        )
        readers = Readers(directory, channel=CHANNEL, clock=self._clock)
        deliver = _deliver.Deliver(
            self._orderer, readers, clock=self._clock, time_window_s=self._time_window_s
        )
        addresses = tuple((org, f"localhost:{ports[f'gateway.{org}']}") for org in self._orgs)
        for org in material.organizations:
            gateway = _gateway.Gateway(
                peers,
                self._orderer,
                directory,
                readers,
                self._assembled,
                own=Detail(dict(addresses)[org.msp_id], org.msp_id, addresses=addresses),
                chaincode=self._name,
                clock=self._clock,
                queue_limit=self._queue_limit,
            )
            services = (
                _gateway.handlers(gateway, Slots(_gateway.SERVICE, self._concurrency)),
                _deliver.handlers(deliver, Slots(_deliver.SERVICE, self._concurrency)),
            )
            await serve_peer(stack, services, material.tls, ports[f"gateway.{org.msp_id}"])

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    @property
    def network_file(self) -> dict[str, Any]:
        """What clients read as `network.json`; no secret is in it."""
        return {
            "version": 1,
            "kind": "embedded",
            "channel": CHANNEL,
            "chaincode": self._name,
            "orgs": [
                {
                    "msp": org.msp_id,
                    "gateway": f"localhost:{self._ports[f'gateway.{org.msp_id}']}",
                    "msp_ca": certificate_pem(org.ca.certificate).decode(),
                    "crl": self._cas[org.msp_id].revocation_list,
                    "tls_ca": self._material.tls.ca_pem.decode(),
                    "ca_url": f"https://localhost:{self._ports[f'ca.{org.msp_id}']}",
                    "ca_name": f"ca-{org.msp_id}",
                }
                for org in self._material.organizations
            ],
        }

    @property
    def registrars(self) -> dict[str, tuple[str, str]]:
        """Each organisation's registrar: id and secret, to enrol with as often as needed."""
        return {
            org.msp_id: (REGISTRAR, org.registrar_secret) for org in self._material.organizations
        }

    @property
    def height(self) -> int:
        """Number of blocks, the first (which names the channel) included."""
        return self._store.height

    async def seed(self, values: Mapping[str, bytes]) -> None:
        """Writes values into the state, in a block of their own, past contract and endorsement.

        For tests, before transactions run: nothing else may be in flight.

        Raises:
            ValueError: a key that the ledger does not take.
        """
        if not all(0 < len(key.encode()) <= MAX_KEY_BYTES for key in values):
            raise ValueError(f"a key has 1 to {MAX_KEY_BYTES} bytes")
        rw = ReadWriteSet(writes=tuple(sorted(values.items())))
        raw = _blocks.note(CHANNEL, encode(self._name, rw), self._clock())
        message = Ordered(raw, "", VALID, rw)
        last = _blocks.last_block(self._store.current)
        outcome: Outcome = validate([message], self._store.current, self._store.height)
        await self._orderer.write(*_blocks.build(last, [message], outcome))

    def verify(self) -> int:
        """Checks every block, the index and the state against each other; returns the height.

        Raises:
            LedgerDamaged: names the first contradiction.
        """
        return _blocks.verify(self._store.current, self._name)
