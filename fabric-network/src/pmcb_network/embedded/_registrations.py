# SPDX-License-Identifier: Apache-2.0
"""Who may enrol at one organisation's CA: ids, attributes and digests of secrets, in SQLite."""

import hashlib
import hmac
import json
import secrets
import sqlite3
from dataclasses import dataclass

_TABLE = """
create table if not exists identities (
    id text primary key, type text not null,
    attributes text not null, digest text not null, enrollments_left integer not null
) strict
"""
COST = 1 << 14  # of a guess at a secret that a person may have chosen
UNLIMITED = -1
REVOKED = -2


@dataclass(frozen=True, slots=True)
class Attribute:
    """A named text; `in_certificate` when every enrolment certificate is to carry it."""

    name: str
    value: str
    in_certificate: bool


@dataclass(frozen=True, slots=True)
class Registration:
    """One id with what its certificates say; `enrollments_left` may be `UNLIMITED` or `REVOKED`."""

    id: str
    type: str
    attributes: tuple[Attribute, ...]
    digest: str
    enrollments_left: int


class AlreadyRegistered(Exception):
    """The id is taken."""


class Registrations:
    """Who may enrol."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._db.execute(_TABLE)

    def add(self, registration: Registration) -> None:
        """Raises `AlreadyRegistered` if the id is taken."""
        attributes = [
            [attribute.name, attribute.value, attribute.in_certificate]
            for attribute in registration.attributes
        ]
        try:
            self._db.execute(
                "insert into identities values (?, ?, ?, ?, ?)",
                (
                    registration.id,
                    registration.type,
                    json.dumps(attributes),
                    registration.digest,
                    registration.enrollments_left,
                ),
            )
        except sqlite3.IntegrityError:
            raise AlreadyRegistered(registration.id) from None

    def find(self, name: str) -> Registration | None:
        """The registration, or `None`."""
        row = self._db.execute("select * from identities where id = ?", (name,)).fetchone()
        if row is None:
            return None
        attributes = tuple(Attribute(*item) for item in json.loads(row[2]))
        return Registration(row[0], row[1], attributes, row[3], row[4])

    def use_enrollment(self, name: str) -> bool:
        """Takes one of the id's enrolments; `False` if none is left."""
        done = self._db.execute(
            "update identities set enrollments_left = max(enrollments_left - 1, ?)"
            " where id = ? and enrollments_left not in (0, ?)",
            (UNLIMITED, name, REVOKED),
        )
        return done.rowcount == 1

    def revoke(self, name: str) -> None:
        """Nobody enrols under this id again."""
        self._db.execute("update identities set enrollments_left = ? where id = ?", (REVOKED, name))


def digest_random(secret: str) -> str:
    """The digest of a secret of 128 random bits or more: nothing to guess, so a fast hash."""
    return "sha256$" + hashlib.sha256(secret.encode()).hexdigest()


def digest_chosen(secret: str) -> str:
    """The digest of a secret that a person may have chosen: slow to try."""
    salt = secrets.token_bytes(16)
    return f"scrypt${salt.hex()}${_scrypt(secret, salt)}"


def matches(secret: str, digest: str) -> bool:
    """Whether the digest is the secret's; takes some 30 ms for a chosen one."""
    kind, *parts = digest.split("$")
    if kind == "sha256":
        return hmac.compare_digest(digest_random(secret), digest)
    salt, wanted = parts
    return hmac.compare_digest(_scrypt(secret, bytes.fromhex(salt)), wanted)


def _scrypt(secret: str, salt: bytes) -> str:
    return hashlib.scrypt(secret.encode(), salt=salt, n=COST, r=8, p=1).hex()
