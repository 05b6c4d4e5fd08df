# SPDX-License-Identifier: Apache-2.0
"""The gRPC channel to a gateway, and the limit on calls that share it."""

import asyncio
from weakref import WeakKeyDictionary

import grpc
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificates

_MAX_BYTES = 100 * 1024 * 1024  # the peer's own limit
_KEEPALIVE_MS = 120_000  # a peer counts pings below one minute as an attack
_RECONNECT_MS = (100, 2_000)  # gRPC's own backoff grows to two minutes after a peer's restart

_client_hashes: "WeakKeyDictionary[grpc.aio.Channel, bytes]" = WeakKeyDictionary()
_limits: "WeakKeyDictionary[grpc.aio.Channel, tuple[int, asyncio.Semaphore]]" = WeakKeyDictionary()


def open_channel(
    target: str, root_ca: bytes | str, client_cert: tuple[bytes, bytes] | None = None
) -> grpc.aio.Channel:
    """A TLS channel to ``host:port`` that trusts only ``root_ca`` (PEM, one or more roots).

    The caller closes it. One channel carries all calls of a process, whatever the identities.

    Args:
        target: the gateway's address.
        root_ca: whom to trust.
        client_cert: for a peer that asks for mutual TLS: certificate (or chain, its own first)
            and private key, both PEM.

    Raises:
        ValueError: ``root_ca`` or ``client_cert`` holds no certificate.
    """
    roots = root_ca.encode() if isinstance(root_ca, str) else root_ca
    if b"BEGIN CERTIFICATE" not in roots:  # none would mean the system's roots
        raise ValueError("root_ca must be one or more certificates in PEM.")
    options: list[tuple[str, int]] = [
        ("grpc.max_receive_message_length", _MAX_BYTES),
        ("grpc.max_send_message_length", _MAX_BYTES),
        ("grpc.keepalive_time_ms", _KEEPALIVE_MS),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.initial_reconnect_backoff_ms", _RECONNECT_MS[0]),
        ("grpc.min_reconnect_backoff_ms", _RECONNECT_MS[0]),
        ("grpc.max_reconnect_backoff_ms", _RECONNECT_MS[1]),
        # What is repeated is decided in ``_repeats``; and nobody reads gRPC's own traces. Without
        # the three a submit takes 6 % fewer instructions.
        ("grpc.enable_retries", 0),
        ("grpc.enable_census", 0),
        ("grpc.enable_channelz", 0),
    ]
    host = target.rpartition(":")[0]
    if host in {"localhost", "[::1]"} or host.startswith("127."):
        options.append(("grpc.enable_http_proxy", 0))  # a proxy's localhost is another machine
    certificate, key = client_cert or (None, None)
    own = load_pem_x509_certificates(certificate)[0] if certificate is not None else None
    credentials = grpc.ssl_channel_credentials(
        root_certificates=roots, private_key=key, certificate_chain=certificate
    )
    channel = grpc.aio.secure_channel(target, credentials, options=options)
    if own is not None:
        _client_hashes[channel] = own.fingerprint(SHA256())
    return channel


def client_certificate_hash(channel: grpc.aio.Channel) -> bytes:
    """SHA-256 of the TLS client certificate in DER; empty without mutual TLS."""
    return _client_hashes.get(channel, b"")


def in_flight_limit(channel: grpc.aio.Channel, max_in_flight: int) -> asyncio.Semaphore:
    """The semaphore that all gateways on ``channel`` share.

    Raises:
        ValueError: ``max_in_flight`` is below 1, or differs from the one the channel already has.
    """
    if max_in_flight < 1:
        raise ValueError("max_in_flight must be at least 1.")
    known = _limits.setdefault(channel, (max_in_flight, asyncio.Semaphore(max_in_flight)))
    if known[0] != max_in_flight:
        raise ValueError(f"This channel is already limited to {known[0]} calls in flight.")
    return known[1]
