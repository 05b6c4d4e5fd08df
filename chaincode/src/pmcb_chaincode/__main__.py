# SPDX-License-Identifier: Apache-2.0
"""``python -m pmcb_chaincode serve``: the contract as a chaincode server, set up by environment.

``CHAINCODE_ID`` and ``CHAINCODE_SERVER_ADDRESS`` are required; the former begins with the label
of this very code and governance, which ``python -m pmcb_chaincode label`` prints: who approved a
package approved that code. ``CHAINCODE_TLS_KEY``, ``CHAINCODE_TLS_CERT`` and
``CHAINCODE_CLIENT_CA_CERT`` name PEM files. ``PMCB_CC_OPERATIONS`` is a loopback address for
/healthz and /metrics, ``PMCB_CC_AUDIT`` a folder for the refusal log. ``--governance FILE``
replaces the packaged governance.
"""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from pmcb_chaincode._label import package_label
from pmcb_chaincode._log_lines import LogLines
from pmcb_chaincode.bridge import ServerConfigError, ServerTls, loop_factory, serve
from pmcb_chaincode.contract import Governance, GovernanceError, Pmcb


def read_tls(environment: Mapping[str, str]) -> ServerTls | None:
    """The TLS files that the environment names, None without any.

    Raises:
        ServerConfigError: only some are set, or one is unreadable.
    """
    names = ("CHAINCODE_TLS_KEY", "CHAINCODE_TLS_CERT", "CHAINCODE_CLIENT_CA_CERT")
    key, certificate, client_ca = (environment.get(name) for name in names)
    if not (key or certificate or client_ca):
        return None
    if not (key and certificate):
        raise ServerConfigError(f"set both {names[0]} and {names[1]}, or no TLS variable")
    try:
        return ServerTls(
            key=Path(key).read_bytes(),
            certificate=Path(certificate).read_bytes(),
            client_ca=Path(client_ca).read_bytes() if client_ca else None,
        )
    except OSError as error:
        raise ServerConfigError(f"cannot read {error.filename}: {error.strerror}") from error


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal, or print the label; 2 when the settings are wrong."""
    parser = argparse.ArgumentParser(prog="python -m pmcb_chaincode", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name, run, text in (
        ("serve", _serve, "serve the contract to the peers that dial"),
        ("label", _print_label, "print the label that the contract's package must have"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--governance", type=Path, help="governance.json to use")
        command.set_defaults(run=run)
    options = parser.parse_args(arguments)
    try:
        options.run(Governance.load(options.governance))
    except (ServerConfigError, GovernanceError) as error:
        sys.stderr.write(f"Error: {error}.\n")
        return 2
    return 0


def _serve(governance: Governance) -> None:
    audit = os.environ.get("PMCB_CC_AUDIT")
    serving_until_signal = serve(
        Pmcb(governance),
        package_id=_package_id(package_label(governance)),
        address=_required("CHAINCODE_SERVER_ADDRESS"),
        tls=read_tls(os.environ),
        operations=os.environ.get("PMCB_CC_OPERATIONS", ""),
        audit=Path(audit) if audit else None,
    )
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serving_until_signal)


def _print_label(governance: Governance) -> None:
    sys.stdout.write(f"{package_label(governance)}\n")


def _package_id(label: str) -> str:
    """The package id to serve, which must be of this code.

    Raises:
        ServerConfigError: its label is of other code, or of another governance.
    """
    package_id = _required("CHAINCODE_ID")
    named = package_id.partition(":")[0]
    if named != label:
        raise ServerConfigError(
            f"CHAINCODE_ID names the package {named}, and this code under this governance is "
            f"{label}: serve it with the code and the governance that were approved, or approve "
            f"a package with the label {label}"
        )
    return package_id


def _log_to_stderr() -> None:
    """Whatever the interpreter itself would print about a contract's objects goes the same way."""
    handler = logging.StreamHandler()
    handler.setFormatter(LogLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.captureWarnings(True)
    sys.unraisablehook = _log_unraisable


def _log_unraisable(unraisable: "sys.UnraisableHookArgs") -> None:
    logging.getLogger("python").error("unraisable", exc_info=unraisable.exc_value)


def _required(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise ServerConfigError(f"set {name}")
    return value


if __name__ == "__main__":
    _log_to_stderr()
    sys.exit(main())
