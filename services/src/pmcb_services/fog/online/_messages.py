# SPDX-License-Identifier: Apache-2.0
"""What fog workers and gateway say to each other, as requests over NATS.

======================  =============  ==========================
subject                 request        reply
======================  =============  ==========================
``fog.rpc.register``    `Register`     `Registered` or `Refused`
``fog.rpc.claim``       `Claim`        `Claimed` or `Refused`
``fog.rpc.beat``        `Beat`         `Beaten` or `Refused`
``fog.rpc.commit``      `Commit`       `Committed` or `Refused`
======================  =============  ==========================

On the wire a message is one line of JSON, ``{"type": "Claim", ...}``, and after its line feed the
bytes of ``payload`` or ``result`` as they are: 8 MiB of them and the line fit into `MAX_BYTES`,
which the broker must allow (``max_payload``).

Offers travel in the stream `STREAM`, under `offers`(server), as an `Offer`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from pmcb_services.fog.errors import InvalidInput

from ._order import MAX_PAYLOAD_BYTES, OnUnknown, Outcome

__all__ = [
    "MAX_BYTES",
    "MAX_PAYLOAD_BYTES",
    "RPC",
    "STREAM",
    "Beat",
    "Beaten",
    "Claim",
    "Claimed",
    "Commit",
    "Committed",
    "Message",
    "Offer",
    "Refused",
    "Register",
    "Registered",
    "decode",
    "encode",
    "offers",
]

STREAM = "FOG"
RPC = "fog.rpc."
MAX_BYTES = MAX_PAYLOAD_BYTES + 2**16
SERVER_ID = "[a-z0-9-]{1,32}"


def offers(server: str) -> str:
    """The subject under which a server's orders are offered.

    >>> offers("ward-1")
    'fog.orders.ward-1'
    """
    return f"fog.orders.{server}"


@dataclass(frozen=True)
class Offer:
    """An order waits for a server; nothing else of it is told before it is claimed."""

    order: str
    epoch: int


@dataclass(frozen=True, kw_only=True)
class Register:
    """A fog worker begins to serve a server; one that served it before is fenced.

    Attributes:
        server: its id, ``[a-z0-9-]{1,32}``.
        token: of this process, random; the same again gets the same answer.
        kinds: of orders that it has handlers for; empty for all.
        speed_mips: [MIPS]; bandwidth: [MB/s]; memory: [MB]; storage: [GB].
        busy_w, idle_w: [W]; None: by the law of the model, see `watts`.
        sleep_w: [W]; None: it never sleeps.
        sleep_after_s, wake_s: idle seconds before it sleeps, and to wake it.
    """

    server: str
    token: str
    kinds: tuple[str, ...]
    speed_mips: float
    bandwidth: float | None = None
    memory: float | None = None
    storage: float | None = None
    busy_w: float | None = None
    idle_w: float | None = None
    sleep_w: float | None = None
    sleep_after_s: float = 0.0
    wake_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Registered:
    """Served from now on by whoever asked.

    Attributes:
        incarnation: of the server; goes with every claim and beat.
        lease_s: seconds that a claim or a beat holds, counted from when it was sent.
        beat_s: seconds between beats.
    """

    incarnation: int
    lease_s: float
    beat_s: float


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A fog worker wants to begin an order that it was offered.

    Attributes:
        token: of this claim, random; where the reply was lost the same again gets it again.
    """

    order: str
    epoch: int
    server: str
    incarnation: int
    token: str


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """The order is the worker's for ``lease_s`` from when it asked.

    Attributes:
        kind: names the handler.
        subject, command: what it is about, as in a device and what it is to do.
        predicted_s: seconds that it is to take.
        deadline_ms: milliseconds UTC; 0 for none.
        attempt: 1 for the first start.
        on_unknown: ``hold``: note the intent before the effect.
        payload: as it was submitted.
    """

    order: str
    epoch: int
    kind: str
    subject: str
    command: str
    predicted_s: float
    deadline_ms: int
    attempt: int
    on_unknown: OnUnknown
    payload: bytes


@dataclass(frozen=True, kw_only=True)
class Beat:
    """A fog worker lives, and runs these orders, each with its epoch."""

    server: str
    incarnation: int
    orders: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class Beaten:
    """Which of them are not its own any more: end them; the leases of the others are renewed."""

    lost: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class Commit:
    """An order is over.

    Attributes:
        outcome: ``done``, ``failed``, or ``unknown``: it began and nobody knows how it ended.
        digest: SHA-256 of the result, hex.
        result: bytes for the submitter; of a failure, a code.
    """

    order: str
    epoch: int
    server: str
    incarnation: int
    outcome: Outcome
    digest: str
    result: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Committed:
    """The state that stands now."""

    state: str


@dataclass(frozen=True, kw_only=True)
class Refused:
    """No, and it is final.

    ``code`` is one of `pmcb_services.fog.errors`. ``STALE_EPOCH``: the order, or the whole server,
    is somebody else's; ``UNAVAILABLE`` alone is worth another try.
    """

    code: str
    message: str


Message = (
    Offer | Register | Registered | Claim | Claimed | Beat | Beaten | Commit | Committed | Refused
)
M = TypeVar("M")

_KINDS = {kind.__name__: TypeAdapter(kind) for kind in Message.__args__}
_BYTES = {"Claimed": "payload", "Commit": "result"}


def encode(message: Message) -> bytes:
    r"""A message as it travels.

    >>> encode(Offer("o1", 2))
    b'{"type":"Offer","order":"o1","epoch":2}\n'
    """
    name = type(message).__name__
    document = {"type": name, **asdict(message)}
    body: bytes = document.pop(_BYTES[name]) if name in _BYTES else b""
    return json.dumps(document, separators=(",", ":")).encode() + b"\n" + body


def decode(data: bytes, *kinds: type[M]) -> M:
    """The message that travelled, of one of these kinds.

    Raises:
        InvalidInput: it is none of them; says which part is wrong, and none of its values.
    """
    line, _, body = data.partition(b"\n")
    try:
        document: dict[str, Any] = json.loads(line)
        name = document.pop("type")
        if name not in {kind.__name__ for kind in kinds}:
            raise InvalidInput("A message of another type is due.", field="type")
        if name in _BYTES:
            document[_BYTES[name]] = body
        found: M = _KINDS[name].validate_python(document)
    except ValidationError as error:
        place = error.errors(include_input=False, include_url=False)[0]["loc"]
        field = str(place[0]) if place else ""
        raise InvalidInput(f"'{field}' is missing or malformed.", field=field) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InvalidInput("The message cannot be read.") from None
    return found
