# SPDX-License-Identifier: Apache-2.0
"""What can go wrong with a network, one tree.

::

    NetworkError
    |-- FolderUnusable     the folder cannot be made, read or written, or is not ours
    |-- FolderInUse        another process has it open
    |-- PortBusy           somebody else listens on a port of this network
    |-- StorageFailed      the disk refused a write; nothing was half written
    |-- LedgerDamaged      blocks, index and state do not fit together
    |-- StartFailed        the server process ended or did not answer in time
    |-- WrongKind          embedded was meant and Fabric is there, or the other way round
    |-- TopologyError      a topology file that says something impossible
    |-- BinariesMissing    Fabric's programs are not here, or of another version
    |-- ArchiveRefused     an archive of programs is not the one that is meant, or unfit
    |-- FetchFailed        something could not be downloaded
    |-- AwaitsOthers       the operator of another host has to do something first
    |-- BundleRefused      what came from another host is no bundle, or of another network
    |-- ContractRefused    a contract that cannot be deployed as it was asked for
    |-- NotRunning         a process is needed, or was to be ended, that does not run
    |-- NodeFailed         a node of a Fabric network ended, or was not ready in time
    `-- FabricRefused      one of Fabric's programs said no
"""


class NetworkError(Exception):
    """Root of this package's errors.

    `exit_code` is what a command exits with (2 bad input, 3 unavailable); `next_step` says what
    the reader can do, or is empty.
    """

    exit_code = 3

    def __init__(self, message: str, *, next_step: str = "") -> None:
        super().__init__(message)
        self.next_step = next_step


class FolderUnusable(NetworkError):
    """The network's folder cannot be made, read or written by this user."""

    exit_code = 2


class FolderInUse(NetworkError):
    """Another process serves this folder; a ledger has one writer."""


class PortBusy(NetworkError):
    """Somebody listens on a port that this network needs; the message names it."""


class StorageFailed(NetworkError):
    """The disk refused a write. What was acknowledged before stands; nothing is half written."""


class LedgerDamaged(NetworkError):
    """Blocks, index and state contradict each other; the message names the first place."""


class StartFailed(NetworkError):
    """The server process ended early or did not become ready before its deadline."""


class WrongKind(NetworkError):
    """A command for one kind of network, where the other is."""

    exit_code = 2


class TopologyError(NetworkError):
    """A topology that cannot be read, or says something impossible; names file and line."""

    exit_code = 2


class BinariesMissing(NetworkError):
    """A program of Fabric was not found, or is of another version than is needed."""

    exit_code = 2


class ArchiveRefused(NetworkError):
    """An archive of Fabric's programs that is not the one that is meant, is none, or is unfit."""

    exit_code = 2


class FetchFailed(NetworkError):
    """Something on the web could not be reached, was not there, or broke off."""


class AwaitsOthers(NetworkError):
    """Everything was done that this host can do alone; the next step says who has to go on."""


class BundleRefused(NetworkError):
    """An organisation's bundle that is damaged, of another network, or contradicts another one."""

    exit_code = 2


class ContractRefused(NetworkError):
    """A contract that cannot be deployed as it was asked for; nothing was changed."""

    exit_code = 2


class NotRunning(NetworkError):
    """A process is needed, or was to be ended, that does not run."""


class NodeFailed(NetworkError):
    """A node's process ended early or did not become ready before its deadline."""


class FabricRefused(NetworkError):
    """One of Fabric's programs ended with an error; the message holds its last words."""
